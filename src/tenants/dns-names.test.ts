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
    groupOf: (user) => user.split('/')[0] ?? '',
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

  it('keeps no address of a family that was answered, whatever becomes of the other', async () => {
    const { resolver, clock, names } = setUp();
    resolver.v6 = 'ESERVFAIL';
    for (let index = 1; index <= 3; index += 1) {
      resolver.v4 = at(`10.0.0.${index}`, 1);
      if (index === 1) names.need('a', ['cp.example.com']);
      else clock.advance(60_000);
      await settle();
      assert.deepEqual(names.answerOf('cp.example.com').addresses, [`10.0.0.${index}`]);
    }
  });

  it('does not wait for those of another group whose servers do not answer', async () => {
    const { resolver, names } = setUp();
    const resolve4 = resolver.resolve4 as (name: string) => Promise<RecordWithTtl[]>;
    const never = new Promise<RecordWithTtl[]>(() => {});
    const asked: string[] = [];
    resolver.resolve4 = ((name: string) => {
      asked.push(name);
      return name.startsWith('hangs') ? never : resolve4(name);
    }) as typeof resolver.resolve4;
    resolver.v4 = at('10.0.0.1');
    const hanging = Array.from({ length: 100 }, (_, index) => `hangs-${index}.example.com`);
    names.need('stranger/a', [...hanging, 'cp.example.com']);
    names.need('shop/a', ['cp.example.com']);
    await settle();
    assert.deepEqual(names.answerOf('cp.example.com').addresses, ['10.0.0.1']);
    assert.equal(asked.length, 9);
    assert.equal(asked.at(-1), 'cp.example.com');
  });

  it('is asked for once, however often it comes and goes while it waits', async () => {
    const { resolver, clock, names } = setUp();
    const waiting: (() => void)[] = [];
    const resolve4 = resolver.resolve4;
    resolver.resolve4 = async () => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return await resolve4();
    };
    resolver.v4 = at('10.0.0.1');
    names.need(
      'a',
      Array.from({ length: 40 }, (_, index) => `other-${index}.example.com`),
    );
    for (let index = 0; index < 50; index += 1) {
      names.need('b', ['cp.example.com']);
      names.need('b', []);
    }
    names.need('b', ['cp.example.com']);
    names.need('a', []);
    while (waiting.length > 0) {
      for (const each of waiting.splice(0)) each();
      await settle();
    }
    const before = resolver.questions;
    clock.advance(60_000);
    await settle();
    assert.equal(waiting.length, 1);
    for (const each of waiting.splice(0)) each();
    await settle();
    assert.equal(resolver.questions, before + 1);
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
