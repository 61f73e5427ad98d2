import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import { AdsStream } from './stream.ts';
import { DEFAULT_STREAM_LIMITS } from './stream-limits.ts';
import type { StreamResponse } from './stream-messages.ts';
import { StreamRefusal } from './stream-refusal.ts';
import { responses, setUp, subscribeLikeEnvoy } from './test-stream.ts';
import { TestView, versionOf } from './test-view.ts';

describe('one ADS stream', () => {
  it('tells clusters, then endpoints, then listeners', () => {
    const { view, stream } = setUp();
    view.put(LISTENER_TYPE, { l: '1' });
    view.put(ENDPOINT_TYPE, { e: '1' });
    view.put(CLUSTER_TYPE, { c: '1' });
    subscribeLikeEnvoy(stream, ['e']);
    assert.deepEqual(responses(stream), ['cds +c', 'eds +e', 'lds +l']);
  });

  it('until all is computed, tells what is there and takes nothing away: an Envoy from before has it all', () => {
    const { view, stream } = setUp(DEFAULT_STREAM_LIMITS, 'synced');
    view.put(CLUSTER_TYPE, { a: '1', b: '2' });
    stream.request({
      type_url: CLUSTER_TYPE,
      initial_resource_versions: {
        a: versionOf('1'),
        b: versionOf('1'),
        late: versionOf('1'),
        gone: versionOf('1'),
      },
    });
    stream.request({ type_url: LISTENER_TYPE, initial_resource_versions: { l: versionOf('1') } });
    assert.deepEqual(responses(stream), ['cds +b']);
    view.put(CLUSTER_TYPE, { late: '1' });
    assert.deepEqual(responses(stream), []);
    assert.ok(!stream.isCurrent);
    view.put(LISTENER_TYPE, { l: '2' });
    view.setReady();
    assert.deepEqual(responses(stream), ['lds +l', 'cds -gone']);
    assert.ok(stream.isCurrent);
  });

  it('until all is computed, an Envoy that starts is not told that there is nothing', () => {
    const { view, stream } = setUp(DEFAULT_STREAM_LIMITS, 'synced');
    subscribeLikeEnvoy(stream, []);
    assert.deepEqual(responses(stream), []);
    view.setReady();
    assert.deepEqual(responses(stream), ['lds', 'cds']);
  });

  it('takes listeners away first, clusters last', () => {
    const { view, stream } = setUp();
    for (const type of [CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE]) view.put(type, { x: '1' });
    subscribeLikeEnvoy(stream, ['x']);
    responses(stream);
    for (const type of [CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE]) view.put(type, { x: undefined });
    assert.deepEqual(responses(stream), ['lds -x', 'eds -x', 'cds -x']);
  });

  it('tells what is new before it takes away what it replaces', () => {
    const { view, stream } = setUp();
    view.put(CLUSTER_TYPE, { old: '1' });
    subscribeLikeEnvoy(stream, []);
    responses(stream);
    view.put(CLUSTER_TYPE, { old: undefined, new: '1' });
    view.put(LISTENER_TYPE, { l: '1' });
    assert.deepEqual(responses(stream), ['cds +new', 'lds +l', 'cds -old']);
  });

  it('sends the endpoints of a changed cluster again, right behind it, though unchanged', () => {
    const { view, stream } = setUp();
    view.put(ENDPOINT_TYPE, { e: '1', other: '1' });
    view.put(CLUSTER_TYPE, { c: '1' }, ['e']);
    subscribeLikeEnvoy(stream, ['e', 'other']);
    responses(stream);
    view.put(CLUSTER_TYPE, { c: '2' }, ['e']);
    assert.deepEqual(responses(stream), ['cds +c', 'eds +e']);
  });

  it('... but not endpoints that Envoy has not asked for: it asks for those itself', () => {
    const { view, stream } = setUp();
    view.put(ENDPOINT_TYPE, { e: '1' });
    view.put(CLUSTER_TYPE, { c: '1' }, ['e']);
    subscribeLikeEnvoy(stream, ['unrelated']);
    assert.deepEqual(responses(stream), ['cds +c', 'lds', 'eds -unrelated']);
  });

  it('... also where Envoy asks for them only after the cluster, and says that it has them: it waits for them', () => {
    const { view, stream } = setUp();
    view.put(ENDPOINT_TYPE, { e: '1', other: '1' });
    view.put(CLUSTER_TYPE, { c: '2' }, ['e']);
    stream.request({ type_url: CLUSTER_TYPE, initial_resource_versions: { c: versionOf('1') } });
    assert.deepEqual(responses(stream), ['cds +c']);
    stream.request({
      type_url: ENDPOINT_TYPE,
      resource_names_subscribe: ['e', 'other'],
      initial_resource_versions: { e: versionOf('1'), other: versionOf('1') },
    });
    assert.deepEqual(responses(stream), ['eds +e']);
  });

  it('tries a listener that was rejected again when another one has gone', () => {
    const { view, stream } = setUp();
    view.put(LISTENER_TYPE, { first: '1', second: '1' });
    stream.request({ type_url: LISTENER_TYPE });
    const { nonce = '' } = stream.next() ?? {};
    stream.request({
      type_url: LISTENER_TYPE,
      response_nonce: nonce,
      error_detail: { code: 13, message: 'second: has duplicate address as existing listener' },
    });
    assert.deepEqual(responses(stream), ['lds +first']);
    view.put(LISTENER_TYPE, { first: undefined });
    assert.deepEqual(responses(stream), ['lds -first', 'lds +second']);
  });

  it('does not wait for the ACK of clusters before it sends endpoints', () => {
    const { view, stream } = setUp();
    view.put(CLUSTER_TYPE, { c: '1' }, ['e']);
    view.put(ENDPOINT_TYPE, { e: '1' });
    subscribeLikeEnvoy(stream, ['e']);
    assert.deepEqual(responses(stream, false), ['cds +c', 'eds +e', 'lds']);
  });

  it('a type that the snapshot does not have is answered as empty, and harms nothing', () => {
    const { view, stream } = setUp();
    view.put(CLUSTER_TYPE, { c: '1' });
    stream.request({ type_url: 'type.googleapis.com/nonsense', resource_names_subscribe: ['x'] });
    stream.request({ type_url: CLUSTER_TYPE });
    assert.deepEqual(responses(stream), ['cds +c', 'type.googleapis.com/nonsense -x']);
  });

  it('a type that the snapshot does not have is answered behind what is taken away: the answer ends what there is', () => {
    const { view, stream } = setUp();
    view.put(CLUSTER_TYPE, { a: '1' });
    subscribeLikeEnvoy(stream, []);
    responses(stream);
    view.put(CLUSTER_TYPE, { a: undefined });
    stream.request({ type_url: 'type.googleapis.com/example.End' });
    assert.deepEqual(responses(stream), ['cds -a', 'type.googleapis.com/example.End']);
  });

  it('names every response with a nonce of its own', () => {
    const { view, stream } = setUp({ ...DEFAULT_STREAM_LIMITS, resourcesPerResponse: 1 });
    view.put(CLUSTER_TYPE, { a: '1', b: '1', c: '1' });
    stream.request({ type_url: CLUSTER_TYPE });
    const nonces = new Set<string>();
    for (let response = stream.next(); response !== undefined; response = stream.next())
      nonces.add(response.nonce);
    assert.equal(nonces.size, 3);
  });

  it('a nonce of another type acknowledges nothing', () => {
    const { view, stream } = setUp();
    view.put(CLUSTER_TYPE, { c: '1' });
    subscribeLikeEnvoy(stream, []);
    const response = stream.next();
    const outcome = stream.request({ type_url: LISTENER_TYPE, response_nonce: response?.nonce ?? '' });
    assert.deepEqual(outcome, {});
    assert.equal(stream.isCurrent, false);
  });

  it('is current when everything is acknowledged', () => {
    const { view, stream } = setUp();
    view.put(CLUSTER_TYPE, { c: '1' });
    subscribeLikeEnvoy(stream, []);
    assert.equal(stream.isCurrent, false);
    responses(stream);
    assert.equal(stream.isCurrent, true);
    view.put(CLUSTER_TYPE, { c: '2' });
    assert.equal(stream.isCurrent, false);
  });
});

describe('a client that does not play by the rules', () => {
  const refusal = (code: string) => (error: unknown) => error instanceof StreamRefusal && error.code === code;

  it('without a type is refused', () => {
    assert.throws(() => setUp().stream.request({}), refusal('SLUICE_XDS_NO_TYPE'));
  });

  it('with a million names is refused', () => {
    const { stream } = setUp({ ...DEFAULT_STREAM_LIMITS, subscribedNames: 1_000 });
    const names = (from: number) => Array.from({ length: 600 }, (_, index) => `n${from + index}`);
    stream.request({ type_url: CLUSTER_TYPE, resource_names_subscribe: names(0) });
    assert.throws(
      () => stream.request({ type_url: ENDPOINT_TYPE, resource_names_subscribe: names(600) }),
      refusal('SLUICE_XDS_TOO_MANY_NAMES'),
    );
  });

  it('with versions of a million names that nobody else knows is refused', () => {
    const { stream } = setUp({ ...DEFAULT_STREAM_LIMITS, subscribedNames: 1_000 });
    const versions = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, 'v']));
    stream.request({ type_url: CLUSTER_TYPE, initial_resource_versions: versions(600) });
    assert.throws(
      () => stream.request({ type_url: LISTENER_TYPE, initial_resource_versions: versions(600) }),
      refusal('SLUICE_XDS_TOO_MANY_NAMES'),
    );
  });

  it('that asks for one name after the other and leaves it, and reads no answer, is refused', () => {
    const { stream } = setUp({ ...DEFAULT_STREAM_LIMITS, subscribedNames: 1_000 });
    stream.request({ type_url: CLUSTER_TYPE });
    const forever = () => {
      for (let index = 0; index <= 1_000; index += 1) {
        stream.request({ type_url: CLUSTER_TYPE, resource_names_subscribe: [`n${index}`] });
        stream.request({ type_url: CLUSTER_TYPE, resource_names_unsubscribe: [`n${index}`] });
      }
    };
    assert.throws(forever, refusal('SLUICE_XDS_TOO_MANY_NAMES'));
  });

  it('leaves nothing of its names in what all streams share', () => {
    const { view, stream } = setUp();
    view.put(CLUSTER_TYPE, { a: '1' });
    const names = Array.from({ length: 1_000 }, (_, index) => `n${index}`);
    stream.request({
      type_url: CLUSTER_TYPE,
      resource_names_subscribe: names,
      initial_resource_versions: Object.fromEntries(names.map((name) => [name, 'v'])),
    });
    stream.request({ type_url: 'type.googleapis.com/nonsense', resource_names_subscribe: names });
    responses(stream);
    assert.equal(view.slots(CLUSTER_TYPE).size, 1);
    assert.equal(view.slots('type.googleapis.com/nonsense').size, 0);
  });

  it('with a hundred types is refused', () => {
    const { stream } = setUp();
    const all = () => {
      for (let type = 0; type < 100; type += 1) stream.request({ type_url: `t${type}` });
    };
    assert.throws(all, refusal('SLUICE_XDS_TOO_MANY_TYPES'));
  });
});

/** What an Envoy would hold, were it to do no more than what the responses say. */
class ModelEnvoy {
  readonly held = new Map<string, Map<string, string>>();
  readonly wanted = new Set<string>();

  receive({ typeUrl, batch }: StreamResponse): void {
    const resources = this.held.get(typeUrl) ?? new Map<string, string>();
    this.held.set(typeUrl, resources);
    for (const { name, version } of batch.resources) resources.set(name, version);
    for (const name of batch.removed) resources.delete(name);
  }

  versions(typeUrl: string): Record<string, string> {
    return Object.fromEntries(this.held.get(typeUrl) ?? []);
  }
}

const NAMES = ['a', 'b', 'c', 'd'];
const TYPES = [CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE];

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      type: fc.constantFrom(...TYPES),
      name: fc.constantFrom(...NAMES),
      text: fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('send' as const), responses: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('want' as const, 'leave' as const),
      name: fc.constantFrom(...NAMES),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const) }) },
);

describe('the delta streams, replayed', () => {
  it('give a model Envoy the snapshot, whatever happens in between', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const view = new TestView();
        view.setReady();
        const envoy = new ModelEnvoy();
        let stream = connect();
        view.onChange((change) => stream.snapshotChanged(change));

        function connect(): AdsStream {
          const fresh = new AdsStream(view, { ...DEFAULT_STREAM_LIMITS, resourcesPerResponse: 2 });
          for (const type_url of [CLUSTER_TYPE, LISTENER_TYPE])
            fresh.request({ type_url, initial_resource_versions: envoy.versions(type_url) });
          const held = envoy.held.get(ENDPOINT_TYPE);
          for (const name of held?.keys() ?? []) if (!envoy.wanted.has(name)) held?.delete(name);
          if (envoy.wanted.size > 0)
            fresh.request({
              type_url: ENDPOINT_TYPE,
              resource_names_subscribe: [...envoy.wanted],
              initial_resource_versions: envoy.versions(ENDPOINT_TYPE),
            });
          return fresh;
        }
        function send(limit: number): void {
          for (let sent = 0; sent < limit; sent += 1) {
            const response = stream.next();
            if (response === undefined) return;
            envoy.receive(response);
            stream.request({ type_url: response.typeUrl, response_nonce: response.nonce });
          }
        }
        for (const each of steps) {
          if (each.do === 'put') view.put(each.type, { [each.name]: each.text });
          else if (each.do === 'send') send(each.responses);
          else if (each.do === 'reconnect') stream = connect();
          else if (each.do === 'want') {
            if (envoy.wanted.has(each.name)) continue;
            envoy.wanted.add(each.name);
            stream.request({ type_url: ENDPOINT_TYPE, resource_names_subscribe: [each.name] });
          } else if (envoy.wanted.delete(each.name)) {
            stream.request({ type_url: ENDPOINT_TYPE, resource_names_unsubscribe: [each.name] });
            envoy.held.get(ENDPOINT_TYPE)?.delete(each.name);
          }
        }
        send(Number.POSITIVE_INFINITY);
        assert.equal(stream.isCurrent, true);
        for (const type of [CLUSTER_TYPE, LISTENER_TYPE]) {
          const expected = Object.fromEntries(
            [...view.all(type)].map(({ name, version }) => [name, version]),
          );
          assert.deepEqual(sorted(envoy.versions(type)), sorted(expected));
        }
        const wanted = [...envoy.wanted].flatMap((name) => {
          const version = view.get(ENDPOINT_TYPE, name)?.version;
          return version === undefined ? [] : [[name, version] as const];
        });
        assert.deepEqual(sorted(envoy.versions(ENDPOINT_TYPE)), sorted(Object.fromEntries(wanted)));
      }),
      { numRuns: Number(process.env['SLUICE_PROPERTY_RUNS'] ?? 300) },
    );
  });
});

function sorted(record: Record<string, string>): [string, string][] {
  return Object.entries(record).sort();
}
