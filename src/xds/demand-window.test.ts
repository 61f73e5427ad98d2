import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLUSTER_TYPE, ENDPOINT_TYPE, FORM_ENDING, LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import type { DemandWindowOptions } from './demand-window.ts';
import type { AdsStream } from './stream.ts';
import { DEFAULT_STREAM_LIMITS } from './stream-limits.ts';
import { responses, setUp } from './test-stream.ts';
import { type TestView, versionOf } from './test-view.ts';

const WINDOW = { fewClusters: 2, clustersPerResponse: 2, unknownNames: 3 };
const HOSTS = ['a', 'b', 'c', 'd', 'e', 'f'];

function putHosts(view: TestView, hosts: readonly string[] = HOSTS, text = '1'): void {
  view.put(CLUSTER_TYPE, Object.fromEntries(hosts.map((host) => [host, text])));
}

/** Six hosts, a listener, and a stream that has asked for nothing yet. */
function prepared(window: typeof WINDOW | undefined = WINDOW, stage: 'synced' | 'ready' = 'ready') {
  const made = setUp(DEFAULT_STREAM_LIMITS, stage, window);
  putHosts(made.view);
  made.view.putListener('l', '1');
  return made;
}

/** As Envoy starts: it asks for listeners once it has been told of clusters. Returns what it was sent. */
function start(stream: AdsStream): string[] {
  stream.request({ type_url: CLUSTER_TYPE });
  const first = one(stream);
  stream.request({ type_url: LISTENER_TYPE });
  return [first, one(stream)];
}

/** The next response, acknowledged. */
function one(stream: AdsStream): string {
  return responses(stream, true, 1)[0] ?? 'nothing';
}

function demand(stream: AdsStream, ...names: string[]): void {
  stream.request({ type_url: CLUSTER_TYPE, resource_names_subscribe: names });
}

/** As Envoy comes back. Versions of listeners as they were sent. */
function comeBack(
  stream: AdsStream,
  clusters: readonly string[],
  listener: string,
  names: string[] = [],
): void {
  stream.request({
    type_url: CLUSTER_TYPE,
    resource_names_subscribe: ['*', ...names],
    initial_resource_versions: Object.fromEntries(clusters.map((name) => [name, versionOf('1')])),
  });
  stream.request({ type_url: LISTENER_TYPE, initial_resource_versions: { l: listener } });
}

describe('the demand window of an Envoy that starts', () => {
  it('sends the listener first, the clusters a few at a time, and at the end the listener as it is for others', () => {
    const { stream } = prepared();
    assert.deepEqual(start(stream), ['cds', 'lds +l.open']);
    assert.deepEqual(responses(stream), ['cds +a +b', 'cds +c +d', 'cds +e +f', 'lds +l.closed']);
    assert.equal(stream.window.end?.reason, 'complete');
    assert.ok(stream.hasBeenCurrent);
  });

  it('sends the listener while clusters are still being computed, and to nobody else', () => {
    const { view, stream } = prepared(WINDOW, 'synced');
    assert.deepEqual(start(stream), ['cds', 'lds +l.open']);
    demand(stream, 'z');
    assert.deepEqual(responses(stream), ['cds +a +b', 'cds +c +d', 'cds +e +f']);
    const [without, back] = [setUp(DEFAULT_STREAM_LIMITS, 'synced'), prepared(WINDOW, 'synced')];
    without.view.putListener('l', '1');
    without.stream.request({ type_url: CLUSTER_TYPE });
    without.stream.request({ type_url: LISTENER_TYPE });
    comeBack(back.stream, HOSTS, 'old');
    for (const other of [without, back]) {
      assert.ok(!responses(other.stream).some((sent) => sent.startsWith('lds')));
      other.view.setReady();
      assert.ok(responses(other.stream).includes('lds +l'));
    }
    putHosts(view, ['z']);
    view.setReady();
    assert.deepEqual(responses(stream), ['cds +z', 'lds +l.closed']);
  });

  it('answers for other types behind all that there is to tell', () => {
    const { stream } = prepared();
    start(stream);
    stream.request({ type_url: 'other' });
    assert.deepEqual(responses(stream, false), ['cds +a +b']);
    stream.request({ type_url: CLUSTER_TYPE, response_nonce: '3' });
    assert.deepEqual(responses(stream), ['cds +c +d', 'cds +e +f', 'lds +l.closed', 'other']);
  });

  it('has one response under way of what nobody asked for', () => {
    const { stream } = prepared();
    start(stream);
    assert.deepEqual(responses(stream, false), ['cds +a +b']);
  });

  it('what is asked for goes at once, ahead of everything, and once', () => {
    const { stream } = prepared();
    start(stream);
    assert.deepEqual(responses(stream, false), ['cds +a +b']);
    demand(stream, 'e');
    demand(stream, 'd', 'f');
    assert.deepEqual(responses(stream, false), ['cds +e +d +f']);
    const second = prepared().stream;
    start(second);
    demand(second, 'e');
    assert.deepEqual(responses(second), ['cds +e', 'cds +a +b', 'cds +c +d', 'cds +f', 'lds +l.closed']);
    assert.equal(second.window.end?.demanded, 1);
  });

  it('endpoints go with what was asked for, before more clusters', () => {
    const { view, stream } = prepared();
    view.put(ENDPOINT_TYPE, { a: '1', e: '1' });
    start(stream);
    demand(stream, 'e');
    assert.equal(one(stream), 'cds +e');
    stream.request({ type_url: ENDPOINT_TYPE, resource_names_subscribe: ['e'] });
    assert.deepEqual(responses(stream, true, 2), ['eds +e', 'cds +a +b']);
  });

  it('an endpoint set that went before Envoy asked for it is answered, with its cluster under way', () => {
    const { view, stream } = prepared();
    view.put(ENDPOINT_TYPE, { a: '1' });
    start(stream);
    assert.deepEqual(responses(stream, false), ['cds +a +b']);
    view.put(ENDPOINT_TYPE, { a: undefined });
    stream.request({ type_url: ENDPOINT_TYPE, resource_names_subscribe: ['a'] });
    assert.deepEqual(responses(stream, false), ['eds -a']);
  });

  it('names that come while what was asked for is under way share the next response', () => {
    const { stream } = prepared();
    start(stream);
    demand(stream, 'c');
    const first = stream.next();
    demand(stream, 'd');
    assert.deepEqual(responses(stream, false), ['cds +d'], 'one of the others might be under way instead');
    demand(stream, 'e');
    demand(stream, 'f');
    assert.deepEqual(responses(stream, false), []);
    stream.request({ type_url: CLUSTER_TYPE, response_nonce: first?.nonce ?? '' });
    assert.deepEqual(responses(stream, false), ['cds +e +f']);
  });

  it('clusters of one endpoint set go together, however many they are', () => {
    const { view, stream } = setUp(DEFAULT_STREAM_LIMITS, 'ready', WINDOW);
    for (const [index, host] of [...HOSTS, 'g', 'h'].entries())
      view.put(CLUSTER_TYPE, { [host]: '1' }, [index % 2 === 0 ? 'even' : `odd-${index}`]);
    view.putListener('l', '1');
    assert.deepEqual(start(stream), ['cds', 'lds +l.open']);
    assert.deepEqual(responses(stream, true, 2), ['cds +a +c +e +g', 'cds +b +d']);
  });

  it('the end waits for endpoints that are under way', () => {
    const { view, stream } = prepared();
    view.put(ENDPOINT_TYPE, { a: '1' });
    start(stream);
    stream.request({ type_url: ENDPOINT_TYPE, resource_names_subscribe: ['a'] });
    const eds = stream.next();
    assert.deepEqual(responses(stream), ['cds +a +b', 'cds +c +d', 'cds +e +f']);
    stream.request({ type_url: ENDPOINT_TYPE, response_nonce: eds?.nonce ?? '' });
    assert.deepEqual(responses(stream), ['lds +l.closed']);
  });

  it('a cluster that a chain of its own names goes before the listener', () => {
    const { view, stream } = prepared();
    view.putListener('l', '2', ['e']);
    stream.request({ type_url: CLUSTER_TYPE });
    stream.request({ type_url: LISTENER_TYPE });
    assert.deepEqual(responses(stream, false), ['cds +e'], 'the listener waits for the answer');
    stream.request({ type_url: CLUSTER_TYPE, response_nonce: '1' });
    assert.equal(one(stream), 'lds +l.open');
  });

  it('a listener that comes to name a cluster while it is open goes behind that', () => {
    const { view, stream } = prepared();
    start(stream);
    putHosts(view, ['g']);
    view.putListener('l', '2', ['g']);
    assert.deepEqual(responses(stream, true, 3), ['cds +g', 'lds +l.open', 'cds +a +b']);
  });

  it('a name of no host is answered at once with the others, and told when it comes, ahead of everything', () => {
    const { view, stream } = prepared();
    start(stream);
    demand(stream, 'x');
    assert.equal(one(stream), 'cds +a +b -x');
    putHosts(view, ['x']);
    assert.equal(one(stream), 'cds +x');
    assert.equal(stream.window.unknownCount, 0);
    putHosts(view, ['x'], '2');
    assert.deepEqual(responses(stream), ['cds +c +d', 'cds +e +f', 'cds +x', 'lds +l.closed'], 'in its turn');
  });

  it('ends early when as many names were of no host as there are hosts', () => {
    const { stream } = prepared();
    start(stream);
    demand(stream, 'u', 'v');
    assert.equal(one(stream), 'cds +a +b -u -v');
    demand(stream, 'w', 'x', 'y');
    assert.ok(stream.window.isOpen);
    demand(stream, 'z');
    assert.deepEqual(responses(stream), ['cds +c +d +e +f', 'lds +l.closed', 'cds -w -x -y -z']);
    assert.equal(stream.window.end?.reason, 'unknown names');
    assert.equal(stream.window.end?.unknown, 6);
  });

  it('ends though somebody changes without end', () => {
    const { view, stream } = prepared();
    start(stream);
    const sent: string[] = [];
    for (let change = 2; stream.window.isOpen; change += 1) {
      putHosts(view, HOSTS, String(change));
      sent.push(one(stream));
      assert.ok(sent.length < 10, sent.join('\n'));
    }
    assert.equal(stream.window.end?.reason, 'complete');
  });

  it('a listener that changes later keeps its form; one that goes and comes is as for others', () => {
    const { view, stream } = prepared();
    start(stream);
    responses(stream);
    view.putListener('l', '2');
    assert.deepEqual(responses(stream), ['lds +l.closed']);
    view.put(LISTENER_TYPE, { l: undefined });
    assert.deepEqual(responses(stream), ['lds -l']);
    view.putListener('l', '3');
    assert.deepEqual(responses(stream), ['lds +l']);
  });

  it('a listener that goes while it is open is taken away at once', () => {
    const { view, stream } = prepared();
    view.putListener('m', '1');
    start(stream);
    view.put(LISTENER_TYPE, { m: undefined });
    assert.equal(one(stream), 'lds -m');
  });

  it('before all is computed: what is asked for and not there is not answered, and goes first when it comes', () => {
    const { view, stream } = prepared(WINDOW, 'synced');
    start(stream);
    demand(stream, 'x');
    assert.deepEqual(responses(stream), ['cds +a +b', 'cds +c +d', 'cds +e +f']);
    putHosts(view, ['g', 'x']);
    assert.deepEqual(responses(stream), ['cds +x', 'cds +g']);
    view.setReady();
    assert.deepEqual(responses(stream), ['lds +l.closed']);
  });

  it('a rejected cluster does not keep it open', () => {
    const { stream } = prepared();
    start(stream);
    const first = stream.next();
    stream.request({
      type_url: CLUSTER_TYPE,
      response_nonce: first?.nonce ?? '',
      error_detail: { code: 3, message: 'cluster a is wrong' },
    });
    assert.deepEqual(responses(stream), ['cds +b', 'cds +c +d', 'cds +e +f', 'lds +l.closed']);
  });
});

describe('many names that are of no host', () => {
  function flooded(window: DemandWindowOptions) {
    const { view, stream } = setUp(DEFAULT_STREAM_LIMITS, 'ready', window);
    putHosts(view, ['l/a', 'l/b', 'l/c', 'l/d', 'l/*.w', 'm/e']);
    view.putListener('l', '1');
    start(stream);
    demand(stream, 'l/x', 'l/y');
    return { view, stream };
  }
  const NAMED = { ...WINDOW, unknownNames: 100, namedFrom: 2 };
  const REST = ['cds +l/c +l/d', 'cds +l/*.w +m/e', 'lds +l.closed'];

  it('have the listener name the exact hosts that are waited for', () => {
    const { stream } = flooded(NAMED);
    const listener = stream.next();
    assert.deepEqual(
      listener?.batch.resources.map(({ version }) => version),
      [`${versionOf('1')}:a,b,c,d${FORM_ENDING.named}`],
    );
    stream.request({ type_url: LISTENER_TYPE, response_nonce: listener?.nonce ?? '' });
    assert.deepEqual(responses(stream), ['cds +l/a +l/b -l/x -l/y', ...REST]);
  });

  it('and each version of it that comes before the end', () => {
    const { view, stream } = flooded(NAMED);
    assert.equal(one(stream), 'lds +l.named');
    view.putListener('l', '2');
    assert.equal(one(stream), 'lds +l.named');
  });

  it('unless there are too many hosts for that', () => {
    const { stream } = flooded({ ...NAMED, namedClusters: 5 });
    assert.deepEqual(responses(stream), ['cds +l/a +l/b -l/x -l/y', ...REST]);
  });

  it('an Envoy that comes back with such a listener is still in its window', () => {
    const { stream } = prepared();
    comeBack(stream, ['a', 'b'], versionOf('1') + FORM_ENDING.named);
    assert.ok(stream.window.isOpen);
    assert.equal(responses(stream).at(-1), 'lds +l.closed');
  });
});

describe('no demand window', () => {
  it('for few hosts', () => {
    const { view, stream } = setUp(DEFAULT_STREAM_LIMITS, 'ready', WINDOW);
    putHosts(view, ['a', 'b']);
    view.putListener('l', '1');
    stream.request({ type_url: CLUSTER_TYPE });
    stream.request({ type_url: LISTENER_TYPE });
    assert.deepEqual(responses(stream), ['cds +a +b', 'lds +l']);
    assert.equal(stream.window.end, undefined);
  });

  it('where listeners have no forms for it', () => {
    const { view, stream } = setUp(DEFAULT_STREAM_LIMITS, 'ready', WINDOW);
    putHosts(view);
    view.put(LISTENER_TYPE, { l: '1' });
    stream.request({ type_url: CLUSTER_TYPE });
    stream.request({ type_url: LISTENER_TYPE });
    assert.deepEqual(responses(stream), ['cds +a +b +c +d +e +f', 'lds +l']);
  });

  it('where it is switched off', () => {
    const { stream } = setUp();
    assert.equal(stream.window.isOpen, false);
    stream.request({ type_url: CLUSTER_TYPE });
    assert.equal(stream.window.isOpen, false);
  });

  it('for a client that names what it wants', () => {
    const { stream } = prepared();
    demand(stream, 'a');
    assert.deepEqual(responses(stream), ['cds +a']);
  });

  it('for an Envoy that comes back', () => {
    const { stream } = prepared();
    comeBack(stream, ['a', 'b'], versionOf('0'));
    assert.deepEqual(responses(stream), ['cds +c +d +e +f', 'lds +l']);
  });
});

describe('an Envoy that comes back after its window', () => {
  it('is told nothing where nothing has changed', () => {
    const { stream } = prepared();
    comeBack(stream, HOSTS, versionOf('1') + FORM_ENDING.closed);
    assert.deepEqual(responses(stream), ['lds', 'cds']);
    assert.ok(stream.isAcknowledged(LISTENER_TYPE, 'l', versionOf('1')));
  });

  it('keeps the form of its listener when that has changed', () => {
    const { stream } = prepared();
    comeBack(stream, HOSTS, versionOf('0') + FORM_ENDING.closed);
    assert.deepEqual(responses(stream), ['lds +l.closed', 'cds']);
  });
});

describe('an Envoy that comes back in the middle of its window', () => {
  for (const options of [WINDOW, undefined]) {
    it(`is told the rest, and then its listener${options ? '' : ', also where the window is switched off'}`, () => {
      const { stream } = prepared(options);
      comeBack(stream, ['a', 'b'], versionOf('1') + FORM_ENDING.open, ['b', 'e', 'x']);
      assert.ok(stream.window.isOpen);
      const sent = responses(stream);
      assert.deepEqual(
        sent,
        ['cds +e', 'lds', 'cds +c +d -x', 'cds +f', 'lds +l.closed'].slice(0, sent.length),
      );
      assert.equal(sent.at(-1), 'lds +l.closed');
    });
  }

  it('is told its listener at once where it has all the rest', () => {
    const { stream } = prepared();
    comeBack(stream, HOSTS, versionOf('1') + FORM_ENDING.open);
    assert.deepEqual(responses(stream), ['lds +l.closed', 'cds']);
  });
});
