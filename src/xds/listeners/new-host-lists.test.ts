import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import fc from 'fast-check';
import { NewHosts } from '../../snapshot/hosts/new-hosts.ts';
import {
  CLUSTER_TYPE,
  type EncodedResource,
  EXTENSION_TYPE,
  LISTENER_TYPE,
} from '../../snapshot/resources/resource.ts';
import { AdsStream } from '../stream.ts';
import { DEFAULT_STREAM_LIMITS } from '../stream-limits.ts';
import type { StreamResponse } from '../stream-messages.ts';
import { TestView, versionOf } from '../test-view.ts';
import { ListenerPace } from './listener-pace.ts';

// Answers take no time, so lists have no pauses.
before(() => mock.method(performance, 'now', () => 0));
after(() => mock.restoreAll());

/** A binding with a wildcard over all hosts, and a client that has its listener. */
class Place {
  readonly view = new TestView();
  readonly log = new NewHosts();
  readonly hosts = new Set<string>();
  most = 500;
  otherChanges = 0;
  stream: AdsStream;

  constructor(pace?: ListenerPace) {
    this.view.setReady();
    this.stream = this.connect(pace);
    this.publish();
  }

  connect(pace?: ListenerPace): AdsStream {
    const stream = new AdsStream(this.view, DEFAULT_STREAM_LIMITS, pace);
    this.view.onChange((change) => stream.snapshotChanged(change));
    return stream;
  }

  /** Of all hosts as they are: a listener says by its version which ones it names. */
  publish(): void {
    const names = [...this.hosts].sort().join();
    const { log, most, otherChanges } = this;
    this.view.putListener('l', names);
    const listener = this.view.get(LISTENER_TYPE, 'l') as EncodedResource;
    const list = (clusters: Iterable<string>): EncodedResource => {
      const text = [...clusters].sort().join();
      const version = versionOf(text);
      return { typeUrl: EXTENSION_TYPE, name: 'new', version, bytes: Buffer.from(text) };
    };
    const { demand: _, ...plain } = listener;
    this.view.stage(LISTENER_TYPE, 'l', {
      ...plain,
      version: `${plain.version} ${log.count} ${otherChanges}`,
      newHosts: { log, count: log.count, otherChanges, most, list },
    });
    this.view.publish();
  }

  add(host: string, owner = host): void {
    this.hosts.add(host);
    this.log.add(host);
    this.view.put(CLUSTER_TYPE, { [host]: '1' }, undefined, owner);
    this.publish();
  }

  remove(host: string): void {
    this.hosts.delete(host);
    this.view.put(CLUSTER_TYPE, { [host]: undefined });
    this.publish();
  }
}

function subscribe(stream: AdsStream): void {
  for (const type of [CLUSTER_TYPE, LISTENER_TYPE]) stream.request({ type_url: type });
  stream.request({ type_url: EXTENSION_TYPE, resource_names_subscribe: ['new'] });
}

const SHORT = { [CLUSTER_TYPE]: 'cds', [EXTENSION_TYPE]: 'ecds', [LISTENER_TYPE]: 'lds' } as Record<
  string,
  string
>;

function lineOf({ typeUrl, batch }: StreamResponse): string {
  const contents = batch.resources.map(({ name, bytes }) =>
    typeUrl === EXTENSION_TYPE ? `[${Buffer.from(bytes).toString()}]` : `+${name}`,
  );
  return [SHORT[typeUrl], ...contents, ...batch.removed.map((name) => `-${name}`)].join(' ');
}

function acknowledge(stream: AdsStream, { typeUrl, nonce }: StreamResponse): void {
  stream.request({ type_url: typeUrl, response_nonce: nonce });
}

/** What is sent, a line each, and acknowledged. */
function play(stream: AdsStream): string[] {
  const lines: string[] = [];
  for (let response = stream.next(); response !== undefined; response = stream.next()) {
    lines.push(lineOf(response));
    acknowledge(stream, response);
  }
  return lines;
}

/** A pace at which listeners go while `isOpen`. */
function gate(): { pace: ListenerPace; open(isOpen: boolean): void } {
  let isOpen = true;
  const pace = new ListenerPace({ burstBytes: 1e9, bytesPerSecond: 1e9 });
  pace.takeBytes = () => (isOpen ? 0 : 1_000);
  return { pace, open: (open) => (isOpen = open) };
}

function setUp() {
  const { pace, open } = gate();
  const place = new Place(pace);
  subscribe(place.stream);
  play(place.stream);
  open(false);
  return { place, open, stream: place.stream };
}

describe('the list of new hosts of one Envoy', () => {
  it('has a host once its cluster is acknowledged, and until a listener with it is', () => {
    const { place, open, stream } = setUp();
    place.add('a');
    const cluster = stream.next();
    assert.equal(cluster && lineOf(cluster), 'cds +a');
    assert.equal(stream.next(), undefined, 'not acknowledged');
    if (cluster) acknowledge(stream, cluster);
    assert.equal(stream.newHosts.serves('l', 'a'), false);
    assert.deepEqual(play(stream), ['ecds [a]']);
    assert.deepEqual([stream.newHosts.serves('l', 'a'), stream.newHosts.serves('l', 'b')], [true, false]);
    open(true);
    const listener = stream.next();
    assert.equal(listener && lineOf(listener), 'lds +l');
    assert.equal(stream.next(), undefined);
    if (listener) acknowledge(stream, listener);
    assert.deepEqual(play(stream), ['ecds []']);
    assert.ok(stream.isCurrent);
  });

  it('loses a host before its cluster goes', () => {
    const { place, stream } = setUp();
    place.add('a');
    place.add('b');
    play(stream);
    place.remove('a');
    assert.deepEqual(play(stream), ['ecds [b]', 'cds -a']);
  });

  it('also while the list before is not answered', () => {
    const { place, stream } = setUp();
    place.add('a');
    const cluster = stream.next();
    if (cluster) acknowledge(stream, cluster);
    const list = stream.next();
    assert.equal(list && lineOf(list), 'ecds [a]');
    place.remove('a');
    assert.equal(stream.next(), undefined);
    if (list) acknowledge(stream, list);
    assert.deepEqual(play(stream), ['ecds []', 'cds -a']);
  });

  it('keeps a host whose listener was rejected', () => {
    const { place, open, stream } = setUp();
    place.add('a');
    assert.deepEqual(play(stream), ['cds +a', 'ecds [a]']);
    open(true);
    const listener = stream.next();
    assert.equal(listener?.typeUrl, LISTENER_TYPE);
    const error_detail = { code: 3, message: 'l: no' };
    stream.request({ type_url: LISTENER_TYPE, response_nonce: listener?.nonce ?? '', error_detail });
    assert.deepEqual(play(stream), []);
    place.add('b');
    assert.deepEqual(play(stream), ['cds +b', 'ecds [a,b]', 'lds +l', 'ecds []']);
  });

  it('of an Envoy that comes back with the present listener begins anew, and of another one stays until it has it', () => {
    const { place } = setUp();
    place.add('a');
    const { version = '' } = place.view.get(LISTENER_TYPE, 'l') ?? {};
    const back = (listener: string): AdsStream => {
      const stream = place.connect();
      const has = (type_url: string, versions: Record<string, string>) => ({
        type_url,
        initial_resource_versions: versions,
      });
      stream.request(has(CLUSTER_TYPE, { a: versionOf('1') }));
      stream.request({
        ...has(EXTENSION_TYPE, { new: versionOf('a') }),
        resource_names_subscribe: ['new'],
      });
      assert.deepEqual(play(stream), ['cds'], 'not known yet which listener it has');
      stream.request(has(LISTENER_TYPE, { l: listener }));
      return stream;
    };
    assert.deepEqual(play(back(version)), ['ecds []', 'lds']);
    assert.deepEqual(play(back('other')), ['lds +l', 'ecds []']);
  });

  it('has room for others, whatever one owner has', () => {
    const { place, stream } = setUp();
    place.most = 10;
    place.publish();
    for (let index = 0; index < 20; index += 1) place.add(`a${index}`, 'greedy');
    for (let index = 0; index < 20; index += 1) place.add(`b${index}`, 'second');
    place.add('c', 'third');
    const [list = ''] = play(stream).filter((line) => line.startsWith('ecds'));
    const counts = ['a', 'b', 'c'].map((owner) => list.match(new RegExp(`\\b${owner}`, 'g'))?.length ?? 0);
    assert.deepEqual(counts, [5, 3, 1]);
  });

  it('every host is in the listener, on the list or waits for one of them, and nothing points at nothing', () => {
    const step = fc.record({
      kind: fc.constantFrom('add', 'remove', 'send', 'answer', 'open', 'other'),
      host: fc.constantFrom('a', 'b', 'c', 'd'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { place, open, stream } = setUp();
        const pending: StreamResponse[] = [];
        const client = { clusters: new Set<string>(), list: [] as string[], named: [] as string[] };
        const namedAt = new Map<EncodedResource, string[]>();
        const note = (): void => {
          const listener = place.view.get(LISTENER_TYPE, 'l');
          if (listener && !namedAt.has(listener)) namedAt.set(listener, [...place.hosts]);
        };
        const send = (): boolean => {
          const response = stream.next();
          if (response === undefined) return false;
          const { typeUrl, batch } = response;
          for (const resource of batch.resources) {
            if (typeUrl === CLUSTER_TYPE) client.clusters.add(resource.name);
            if (typeUrl === LISTENER_TYPE) client.named = namedAt.get(resource) ?? [];
            if (typeUrl === EXTENSION_TYPE)
              client.list = Buffer.from(resource.bytes).toString().split(',').filter(Boolean);
          }
          if (typeUrl === CLUSTER_TYPE) for (const name of batch.removed) client.clusters.delete(name);
          for (const name of client.list) assert.ok(client.clusters.has(name), `${name} is listed in vain`);
          pending.push(response);
          return true;
        };
        const answer = (): void => {
          const response = pending.shift();
          if (response) acknowledge(stream, response);
        };
        note();
        for (const { kind, host } of steps) {
          if (kind === 'add' && !place.hosts.has(host)) place.add(host);
          if (kind === 'remove' && place.hosts.has(host)) place.remove(host);
          if (kind === 'other') {
            place.otherChanges += 1;
            place.publish();
          }
          note();
          if (kind === 'send') send();
          if (kind === 'answer') answer();
          if (kind === 'open') open(host === 'a');
        }
        open(false);
        const settle = (): void => {
          while (send() || pending.length > 0) answer();
        };
        settle();
        for (const host of place.hosts)
          assert.ok(client.named.includes(host) || client.list.includes(host), `${host} is the wildcard's`);
        open(true);
        settle();
        assert.deepEqual([client.list, client.named.sort()], [[], [...place.hosts].sort()]);
        assert.ok(stream.isCurrent);
      }),
      { numRuns: 200 },
    );
  });
});
