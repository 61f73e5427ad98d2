import assert from 'node:assert/strict';
import type { RecordWithTtl } from 'node:dns';
import { describe, it } from 'node:test';
import { ManualClock } from '../kubernetes-api/test-clock.ts';
import { DnsNames, type NameResolver } from './dns-names.ts';

type Answer = readonly RecordWithTtl[] | string;

/** Answers as the test says; an error by its code. */
class PlayedResolver {
  v4: Answer = 'ENOTFOUND';
  v6: Answer = 'ENODATA';
  questions = 0;

  resolve4 = async (): Promise<RecordWithTtl[]> => {
    this.questions += 1;
    return played(this.v4);
  };

  resolve6 = async (): Promise<RecordWithTtl[]> => played(this.v6);
}

function played(answer: Answer): RecordWithTtl[] {
  if (typeof answer === 'string') throw Object.assign(new Error(answer), { code: answer });
  return [...answer];
}

function setUp() {
  const resolver = new PlayedResolver();
  const clock = new ManualClock();
  const changes: string[][] = [];
  const names = new DnsNames({
    resolver: resolver as unknown as NameResolver,
    clock,
    random: () => 0,
    onChange: (users) => changes.push([...users].sort()),
  });
  return { resolver, clock, changes, names };
}

/** What is under way in microtasks. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const at = (address: string, ttl = 60): readonly RecordWithTtl[] => [{ address, ttl }];

describe('a DNS name', () => {
  it('is asked for once for all its users, and again when its answer expires', async () => {
    const { resolver, clock, changes, names } = setUp();
    resolver.v4 = at('10.0.0.1');
    names.need('a', ['cp.example.com']);
    names.need('b', ['cp.example.com']);
    await settle();
    assert.deepEqual(names.answerOf('cp.example.com').addresses, ['10.0.0.1']);
    assert.deepEqual(changes, [['a', 'b']]);
    resolver.v4 = at('10.0.0.2');
    clock.advance(59_999);
    await settle();
    assert.equal(resolver.questions, 1);
    clock.advance(1);
    await settle();
    assert.deepEqual(names.answerOf('cp.example.com').addresses, ['10.0.0.2']);
    assert.equal(changes.length, 2);
  });

  it('keeps its last addresses where the server fails or knows it no more, and says so', async () => {
    const { resolver, clock, names } = setUp();
    resolver.v4 = at('10.0.0.1', 1);
    names.need('a', ['cp.example.com']);
    await settle();
    for (const code of ['ESERVFAIL', 'ENOTFOUND']) {
      resolver.v4 = code;
      clock.advance(60_000);
      await settle();
      assert.deepEqual(names.answerOf('cp.example.com').addresses, ['10.0.0.1']);
      assert.match(names.answerOf('cp.example.com').failure ?? '', new RegExp(code));
    }
    assert.equal(names.failing, 1);
    resolver.v4 = at('10.0.0.3');
    clock.advance(60_000);
    await settle();
    assert.equal(names.answerOf('cp.example.com').failure, undefined);
    assert.equal(names.failing, 0);
  });

  it('loses no family because that one cannot be asked for', async () => {
    const { resolver, clock, names } = setUp();
    resolver.v4 = at('10.0.0.1', 1);
    resolver.v6 = at('fd00::1', 1);
    names.need('a', ['cp.example.com']);
    await settle();
    resolver.v6 = 'ETIMEOUT';
    clock.advance(60_000);
    await settle();
    assert.deepEqual(names.answerOf('cp.example.com').addresses, ['10.0.0.1', 'fd00::1']);
    resolver.v6 = 'ENODATA';
    clock.advance(60_000);
    await settle();
    assert.deepEqual(names.answerOf('cp.example.com').addresses, ['10.0.0.1']);
  });

  it('is asked for no more when nobody needs it', async () => {
    const { resolver, clock, names } = setUp();
    names.need('a', ['cp.example.com']);
    await settle();
    names.need('a', []);
    assert.equal(names.size, 0);
    clock.advance(600_000);
    await settle();
    assert.equal(resolver.questions, 1);
  });
});
