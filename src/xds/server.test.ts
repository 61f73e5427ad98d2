/** The real server on a free port, with a real gRPC client. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { connect, createServer } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { type ServiceError, status } from '@grpc/grpc-js';
import { DeltaDiscoveryRequest } from '../proto/index.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import { AdsServer } from './server.ts';
import { ADS_SERVICE } from './service.ts';
import { DEFAULT_STREAM_LIMITS } from './stream-limits.ts';
import { cleanUp, cleanUps, healthOf, NODE, open, recorder, serve } from './test-client.ts';
import { TestView, versionOf } from './test-view.ts';

afterEach(cleanUp);

describe('the ADS server', () => {
  it('sends what is subscribed to, and then what changes', async () => {
    const { view, port } = await serve();
    view.put(CLUSTER_TYPE, { a: '1' });
    view.setReady();
    const { stream } = open(port);
    stream.send({ node: NODE, type_url: CLUSTER_TYPE });
    const first = await stream.next();
    assert.equal(first.type_url, CLUSTER_TYPE);
    assert.equal(first.resources?.[0]?.name, 'a');
    assert.equal(first.resources?.[0]?.version, view.get(CLUSTER_TYPE, 'a')?.version);
    assert.equal(Buffer.from(first.resources?.[0]?.resource?.value ?? []).toString(), '1');
    view.put(CLUSTER_TYPE, { b: '1' });
    assert.deepEqual(await stream.names(), ['+b']);
    view.put(CLUSTER_TYPE, { a: undefined });
    assert.deepEqual(await stream.names(), ['-a']);
  });

  it('says nothing before the snapshot is synced', async () => {
    const { view, port } = await serve();
    const { stream } = open(port);
    stream.send({ node: NODE, type_url: CLUSTER_TYPE });
    view.put(CLUSTER_TYPE, { a: '1' });
    // Answered on another connection: what was due on the first one has been looked at by then.
    const health = await healthOf(port);
    assert.equal(health, 'NOT_SERVING');
    assert.equal(stream.pending, 0);
    view.setReady();
    assert.deepEqual(await stream.names(), ['+a']);
    assert.equal(await healthOf(port), 'SERVING');
  });

  it('what was saved is for Envoys that have nothing, until it is confirmed', async () => {
    const { view, port } = await serve({ demandWindow: undefined });
    const [{ stream: back }, { stream: fresh }] = [open(port), open(port)];
    // Before anything is known.
    back.send({ node: NODE, type_url: CLUSTER_TYPE, initial_resource_versions: { a: 'newer' } });
    fresh.send({ node: NODE, type_url: CLUSTER_TYPE });
    await healthOf(port);
    view.setProvisional();
    view.put(CLUSTER_TYPE, { a: '1' });
    view.setSynced();
    assert.deepEqual(await fresh.names(), ['+a']);
    assert.equal(back.pending, 0);
    view.put(CLUSTER_TYPE, { a: '2' });
    view.setConfirmed();
    const resent = await back.next();
    assert.equal(resent.resources?.[0]?.version, versionOf('2'));
  });

  it('tells which clusters connections wait for, while not all are there', async () => {
    const demanded: string[] = [];
    const { view, port } = await serve({ events: { onDemand: (names) => void demanded.push(...names) } });
    view.put(CLUSTER_TYPE, { a: '1' });
    view.setSynced();
    const { stream } = open(port);
    stream.send({ node: NODE, type_url: CLUSTER_TYPE });
    await stream.next();
    const demand = (...names: string[]) =>
      stream.send({ type_url: CLUSTER_TYPE, resource_names_subscribe: names });
    demand('a', 'b', 'c');
    assert.deepEqual(await stream.names(), ['+a']);
    view.setReady();
    demand('d');
    const removed = [...(await stream.names()), ...(await stream.names())];
    assert.deepEqual(
      [removed.sort(), demanded],
      [
        ['-b', '-c', '-d'],
        ['b', 'c'],
      ],
    );
  });

  it('Envoys that come back with all that they have: what each one asks for is answered in order', {
    timeout: 60_000,
  }, async () => {
    const { view, port } = await serve();
    const names = Array.from({ length: 3_000 }, (_, index) => `cluster-${index}`);
    view.put(CLUSTER_TYPE, Object.fromEntries(names.map((name) => [name, '1'])));
    view.setReady();
    const initial_resource_versions = Object.fromEntries(names.map((name) => [name, versionOf('1')]));
    const streams = Array.from({ length: 5 }, () => open(port).stream);
    for (const stream of streams) {
      stream.send({
        node: NODE,
        type_url: CLUSTER_TYPE,
        initial_resource_versions: { ...initial_resource_versions, gone: versionOf('1') },
      });
      // Small, and behind it all the same: as the first request it would subscribe to one name alone.
      stream.send({ type_url: CLUSTER_TYPE, resource_names_subscribe: ['cluster-7'] });
    }
    for (const stream of streams) {
      assert.deepEqual([...(await stream.names()), ...(await stream.names())].sort(), [
        '+cluster-7',
        '-gone',
      ]);
    }
  });

  it('tells who is connected, what is acknowledged, and who has left', async () => {
    const { events, until } = recorder();
    const { view, port, server } = await serve({ events });
    view.put(CLUSTER_TYPE, { a: '1' });
    view.setReady();
    const { stream } = open(port);
    stream.send({ node: NODE, type_url: CLUSTER_TYPE });
    const { nonce = '' } = await stream.next();
    assert.equal(server.nodes()[0]?.stream.isCurrent, false);
    stream.send({ type_url: CLUSTER_TYPE, response_nonce: nonce });
    await until('ack gw-1 Cluster 1');
    const [node] = server.nodes();
    assert.equal(node?.id, 'gw-1');
    assert.equal(node?.version, '1.40.0');
    assert.equal(node?.stream.isCurrent, true);
    stream.call.end();
    await until('disconnect gw-1');
    assert.equal(server.nodes().length, 0);
  });

  it('counts an Envoy that once had everything, listeners included, as serving while it takes what is new', async () => {
    const { events, until } = recorder();
    const { view, port, server } = await serve({ events });
    view.put(CLUSTER_TYPE, { a: '1' });
    view.setReady();
    const { stream } = open(port);
    stream.send({ node: NODE, type_url: CLUSTER_TYPE });
    stream.send({ type_url: CLUSTER_TYPE, response_nonce: (await stream.next()).nonce ?? '' });
    await until('ack gw-1 Cluster 1');
    assert.equal(server.nodes()[0]?.hasBeenCurrent, false);
    stream.send({ type_url: LISTENER_TYPE });
    stream.send({ type_url: LISTENER_TYPE, response_nonce: (await stream.next()).nonce ?? '' });
    await until('ack gw-1 Listener 0');
    assert.deepEqual([server.nodes()[0]?.hasBeenCurrent, server.isBehind], [true, false]);
    view.put(CLUSTER_TYPE, { a: '2' });
    assert.deepEqual([server.nodes()[0]?.stream.isCurrent, server.isBehind], [false, true]);
    assert.equal(server.nodes()[0]?.hasBeenCurrent, true);
  });

  it('holds back what an Envoy rejects, sends it the rest, and tries again later', async () => {
    const { events, until, watch } = recorder();
    const { view, server, port } = await serve({ events, retryMs: { first: 1, most: 2 } });
    watch(server);
    view.put(CLUSTER_TYPE, { good: '1', bad: '1' });
    view.setReady();
    const { stream } = open(port);
    stream.send({ node: NODE, type_url: CLUSTER_TYPE });
    const { nonce = '' } = await stream.next();
    stream.send({
      type_url: CLUSTER_TYPE,
      response_nonce: nonce,
      error_detail: { code: 13, message: 'bad: is bad' },
    });
    await until('rejected gw-1 bad');
    const names = [...(await stream.names()), ...(await stream.names())].sort();
    assert.deepEqual(names, ['+bad', '+good']);
  });

  it('a rejection by one Envoy is nothing to the others', async () => {
    const { view, port } = await serve();
    view.put(CLUSTER_TYPE, { bad: '1' });
    view.setReady();
    const { stream: first } = open(port);
    first.send({ node: NODE, type_url: CLUSTER_TYPE });
    const { nonce = '' } = await first.next();
    first.send({ type_url: CLUSTER_TYPE, response_nonce: nonce, error_detail: { code: 13, message: 'bad' } });
    const { stream: second } = open(port);
    second.send({ node: { id: 'gw-2' }, type_url: CLUSTER_TYPE });
    assert.deepEqual(await second.names(), ['+bad']);
  });

  it('an Envoy that comes back gets the difference only, from any replica', async () => {
    const replicas = [await serve(), await serve()];
    for (const { view } of replicas) {
      view.put(CLUSTER_TYPE, { kept: '1', changed: '1', gone: '1' });
      view.setReady();
    }
    const [one, other] = replicas as [(typeof replicas)[0], (typeof replicas)[0]];
    const { stream } = open(one.port);
    stream.send({ node: NODE, type_url: CLUSTER_TYPE });
    const versions = Object.fromEntries(
      (await stream.next()).resources?.map(({ name = '', version = '' }) => [name, version]) ?? [],
    );
    other.view.put(CLUSTER_TYPE, { changed: '2', gone: undefined });
    const { stream: again } = open(other.port);
    again.send({ node: NODE, type_url: CLUSTER_TYPE, initial_resource_versions: versions });
    assert.deepEqual([...(await again.names()), ...(await again.names())], ['+changed', '-gone']);
  });

  it('20,000 resources go in chunks, while the client takes its time', async () => {
    const { view, port } = await serve({ limits: { ...DEFAULT_STREAM_LIMITS, resourcesPerResponse: 500 } });
    view.put(
      CLUSTER_TYPE,
      Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`c${index}`, 'x'.repeat(400)])),
    );
    view.setReady();
    const { stream } = open(port);
    stream.call.pause();
    stream.send({ node: NODE, type_url: CLUSTER_TYPE });
    // A second client is served while the first one reads nothing.
    const { stream: other } = open(port);
    other.send({ node: NODE, type_url: LISTENER_TYPE });
    assert.deepEqual(await other.names(), []);
    stream.call.resume();
    const seen = new Set<string>();
    while (seen.size < 20_000) for (const name of await stream.names()) seen.add(name);
    assert.equal(seen.size, 20_000);
  });

  it('a change reaches a client that reads slowly once, in its newest form', async () => {
    const { view, port } = await serve();
    view.put(CLUSTER_TYPE, { a: '0' });
    view.setReady();
    const { stream } = open(port);
    stream.send({ node: NODE, type_url: CLUSTER_TYPE });
    await stream.next();
    // All of them in one turn of the event loop: the stream is looked at once, after it.
    for (let round = 1; round <= 100; round += 1) view.put(CLUSTER_TYPE, { a: String(round) });
    const { resources = [] } = await stream.next();
    assert.equal(Buffer.from(resources[0]?.resource?.value ?? []).toString(), '100');
  });

  it('ends its streams when it closes, so that Envoys connect to another replica', async () => {
    const { view, port, server } = await serve();
    view.setReady();
    const { stream } = open(port);
    stream.send({ node: NODE, type_url: CLUSTER_TYPE });
    await stream.next();
    await server.close(10_000);
    const { code, details } = await stream.ended.promise;
    assert.equal(code, status.UNAVAILABLE);
    assert.match(details, /shutting down/);
    const probe = connect(port, '127.0.0.1');
    const [error] = await once(probe, 'error');
    assert.equal((error as NodeJS.ErrnoException).code, 'ECONNREFUSED');
  });

  it('refuses an address that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    cleanUps.push(() => void taken.close());
    const { port } = taken.address() as { port: number };
    await assert.rejects(
      new AdsServer({ view: new TestView() }).listen({ host: '127.0.0.1', port }),
      /EADDRINUSE/,
    );
  });
});

describe('clients that do not play by the rules', () => {
  async function withWitness() {
    const { events, until, seen } = recorder();
    const { view, port } = await serve({
      events,
      limits: { ...DEFAULT_STREAM_LIMITS, subscribedNames: 1_000 },
    });
    view.put(CLUSTER_TYPE, { a: '1' });
    view.setReady();
    const { stream: witness } = open(port);
    witness.send({ node: { id: 'witness' }, type_url: CLUSTER_TYPE });
    await witness.next();
    const unharmed = async (): Promise<void> => {
      view.put(CLUSTER_TYPE, { [`change-${Math.random()}`]: '1' });
      assert.equal((await witness.names()).length, 1);
      assert.ok(!seen.includes('disconnect witness'));
    };
    return { port, unharmed, until };
  }

  it('too many names: RESOURCE_EXHAUSTED with a code', async () => {
    const { port, unharmed } = await withWitness();
    const { stream } = open(port);
    const names = Array.from({ length: 1_001 }, (_, index) => `n${index}`);
    stream.send({ node: NODE, type_url: ENDPOINT_TYPE, resource_names_subscribe: names });
    const { code, details } = await stream.ended.promise;
    assert.equal(code, status.RESOURCE_EXHAUSTED);
    assert.match(details, /^SLUICE_XDS_TOO_MANY_NAMES: /);
    await unharmed();
  });

  it('no type: INVALID_ARGUMENT with a code', async () => {
    const { port, unharmed } = await withWitness();
    const { stream } = open(port);
    stream.send({ node: NODE });
    const { code, details } = await stream.ended.promise;
    assert.equal(code, status.INVALID_ARGUMENT);
    assert.match(details, /^SLUICE_XDS_NO_TYPE: /);
    await unharmed();
  });

  it('an unknown type: an answer that there is nothing', async () => {
    const { port, unharmed } = await withWitness();
    const { stream } = open(port);
    stream.send({ node: NODE, type_url: 'type.googleapis.com/wrong', resource_names_subscribe: ['x'] });
    assert.deepEqual(await stream.names(), ['-x']);
    await unharmed();
  });

  it('state of the world: UNIMPLEMENTED, and what to do', async () => {
    const { port, unharmed } = await withWitness();
    const { client } = open(port);
    const { path, requestSerialize, responseDeserialize } = ADS_SERVICE.StreamAggregatedResources;
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    call.on('data', () => {});
    const [error] = (await once(call, 'error')) as [ServiceError];
    assert.equal(error.code, status.UNIMPLEMENTED);
    assert.match(error.details, /SLUICE_XDS_DELTA_ONLY.*DELTA_GRPC/);
    await unharmed();
  });

  it('bytes that are no protobuf: the stream ends, the others go on', async () => {
    const { port, unharmed } = await withWitness();
    const { client } = open(port);
    const call = client.makeBidiStreamRequest(
      ADS_SERVICE.DeltaAggregatedResources.path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
    );
    call.on('data', () => {});
    call.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x01, 0x02]));
    const [error] = (await once(call, 'error')) as [ServiceError];
    assert.equal(error.code, status.INVALID_ARGUMENT);
    assert.match(error.details, /^SLUICE_XDS_MALFORMED: /);
    await unharmed();
  });

  it('a frame larger than allowed: RESOURCE_EXHAUSTED', async () => {
    const { port, unharmed } = await withWitness();
    const { stream } = open(port);
    stream.send({ node: { id: 'x'.repeat(17 * 1024 * 1024) }, type_url: CLUSTER_TYPE });
    assert.equal((await stream.ended.promise).code, status.RESOURCE_EXHAUSTED);
    await unharmed();
  });

  it('bytes that are no HTTP/2: the connection ends, the others go on', async () => {
    const { port, unharmed } = await withWitness();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.end('GET / HTTP/1.1\r\n\r\n'.repeat(1_000));
    socket.resume();
    await once(socket, 'close');
    await unharmed();
  });

  it('a connection cut in the middle of a frame: the others go on', async () => {
    const { port, unharmed, until } = await withWitness();
    const session = http2.connect(`http://127.0.0.1:${port}`);
    session.on('error', () => {});
    const request = session.request({
      ':method': 'POST',
      ':path': ADS_SERVICE.DeltaAggregatedResources.path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    request.on('error', () => {});
    const message = DeltaDiscoveryRequest.encode({ node: { id: 'cut' }, type_url: CLUSTER_TYPE });
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    request.write(Buffer.concat([frame, message]));
    await until('connect cut ');
    request.write(frame.subarray(0, 3));
    session.destroy();
    await until('disconnect cut');
    await unharmed();
  });
});
