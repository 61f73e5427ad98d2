/** What the harness does, over real gRPC: it sets a state through the adapter and looks at what the xDS stream says. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, test } from 'node:test';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { Cluster, type DeltaDiscoveryResponse } from '../../src/proto/index.ts';
import { ADS_SERVICE } from '../../src/xds/service.ts';
import { startAdapter } from './adapter.ts';
import { ADAPTER_SERVICE } from './adapter-service.ts';

const ROUTES = 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration';
const cleanUps: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start() {
  const loopback = { host: '127.0.0.1', port: 0 };
  const adapter = await startAdapter(loopback, loopback);
  cleanUps.push(() => adapter.stop());
  const connect = (port: number): Client => {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    cleanUps.push(() => client.close());
    return client;
  };
  const caller = connect(adapter.adapterPort);
  const call = (method: string, request: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const definition = ADAPTER_SERVICE[method];
      assert.ok(definition);
      const { path, requestSerialize, responseDeserialize } = definition;
      caller.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) =>
        error === null ? resolve(answer) : reject(error),
      );
    });
  const { path, requestSerialize, responseDeserialize } = ADS_SERVICE.DeltaAggregatedResources;
  const stream = connect(adapter.xdsPort).makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  stream.on('error', () => {});
  cleanUps.push(() => stream.cancel());
  const next = async (): Promise<DeltaDiscoveryResponse> => {
    const [response] = (await once(stream, 'data')) as [DeltaDiscoveryResponse];
    return response;
  };
  return { call, stream, next };
}

function state(version: string, typeUrl: string, ...names: string[]): object {
  const resources = names.map((name) => ({ type_url: typeUrl, value: Cluster.encode({ name }) }));
  return { node: 'test-id', version, resources };
}

function change(version: string, typeUrl: string, resourceName: string): object {
  return { node: 'test-id', version, typeUrl, resourceName };
}

test('a state is served under its version, whatever its type', async () => {
  const { call, stream, next } = await start();
  assert.deepEqual(await call('SetState', state('7', ROUTES, 'a', 'b')), { success: true });
  stream.write({ type_url: ROUTES, resource_names_subscribe: ['b'] });
  const { system_version_info, type_url, resources = [] } = await next();
  assert.deepEqual({ system_version_info, type_url }, { system_version_info: '7', type_url: ROUTES });
  assert.deepEqual(
    resources.map(({ name, resource }) => [name, Buffer.from(resource?.value ?? []).toString()]),
    [['b', '\n\x01b']],
  );
});

test('an update, a removal and an addition each tell only of their resource', async () => {
  const { call, stream, next } = await start();
  await call('SetState', state('1', ROUTES, 'a', 'b'));
  stream.write({ type_url: ROUTES, resource_names_subscribe: ['a', 'b'] });
  assert.equal((await next()).resources?.length, 2);
  const told = async (method: string, version: string) => {
    const [{ system_version_info, resources = [], removed_resources = [] }] = await Promise.all([
      next(),
      call(method, change(version, ROUTES, 'a')),
    ]);
    return [system_version_info, resources.map(({ name }) => name), removed_resources];
  };
  assert.deepEqual(await told('UpdateResource', '2'), ['2', ['a'], []]);
  assert.deepEqual(await told('RemoveResource', '3'), ['3', [], ['a']]);
  assert.deepEqual(await told('AddResource', '4'), ['4', ['a'], []]);
});

test('a new state takes the place of all that was, also at the same version', async () => {
  const { call, stream, next } = await start();
  await call('SetState', state('1', ROUTES, 'a'));
  stream.write({ type_url: ROUTES });
  assert.equal((await next()).resources?.length, 1);
  const [added] = await Promise.all([next(), call('SetState', state('1', ROUTES, 'b'))]);
  assert.deepEqual(
    added.resources?.map(({ name }) => name),
    ['b'],
  );
  assert.deepEqual((await next()).removed_resources, ['a']);
  const [cleared] = await Promise.all([next(), call('ClearState', { node: 'test-id' })]);
  assert.deepEqual(cleared.removed_resources, ['b']);
});

test('a change that cannot be made is refused', async () => {
  const { call } = await start();
  await call('SetState', state('1', ROUTES, 'a'));
  const refusal = (code: status) => (error: ServiceError) => error.code === code;
  await assert.rejects(call('AddResource', change('2', ROUTES, 'a')), refusal(status.ALREADY_EXISTS));
  await assert.rejects(call('UpdateResource', change('2', ROUTES, 'z')), refusal(status.NOT_FOUND));
  await assert.rejects(call('RemoveResource', change('2', ROUTES, 'z')), refusal(status.NOT_FOUND));
});

test('an address that is taken is refused, and leaves nothing listening', async () => {
  const any = { host: '127.0.0.1', port: 0 };
  const first = await startAdapter(any, any);
  cleanUps.push(() => first.stop());
  await assert.rejects(startAdapter(any, { host: '127.0.0.1', port: first.adapterPort }), /EADDRINUSE/);
});
