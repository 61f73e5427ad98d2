/** One namespace has many endpoint sets of several Services; the others do not wait for them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayObjects, hostOf, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import type { EndpointSlice, KubernetesObject, Service, TlsRoute } from '../../model/objects.ts';
import { key } from '../../model/test-key.ts';
import { DEFAULT_ENGINE_CONFIG } from '../config.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE } from '../resources/resource.ts';
import { Engine } from './engine.ts';

const ROUTES = 200;
/** Slices of a flush until others have what is new: far fewer than one for each of the sets. */
const FEW = 40;

function objectOf<K extends KubernetesObject['kind']>(kind: K): Extract<KubernetesObject, { kind: K }> {
  const found = tenantObjects(0).find((object) => object.kind === kind);
  assert.ok(found !== undefined);
  return found as Extract<KubernetesObject, { kind: K }>;
}

function service(name: string): Service {
  const like = objectOf('Service');
  return { ...like, meta: { ...like.meta, namespace: 'crowd', name } };
}

function slice(service: string, address: string): EndpointSlice {
  const like = objectOf('EndpointSlice');
  const endpoint = { addresses: [address], ready: true, serving: true, terminating: false };
  const meta = { ...like.meta, namespace: 'crowd', name: `${service}-1` };
  return { ...like, meta, serviceName: service, endpoints: [endpoint] };
}

/** A route of two Services, with an endpoint set of its own. */
function route(index: number): TlsRoute {
  const like = objectOf('TLSRoute');
  const backendRefs = ['a', 'b'].map((name) => ({
    group: '',
    kind: 'Service',
    namespace: undefined,
    name,
    port: 6443,
    weight: 1,
  }));
  return {
    ...like,
    meta: { ...like.meta, namespace: 'crowd', name: `r${index}` },
    hostnames: [`crowd-${hostOf(index)}`],
    rules: [{ name: undefined, backendRefs }],
  };
}

const ROUTES_OF_CROWD = Array.from({ length: ROUTES }, (_, index) => route(index));

function engineWith(...objects: readonly KubernetesObject[]): Engine {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  const crowd = [service('a'), service('b'), slice('a', '100.65.1.1'), slice('b', '100.65.1.2')];
  engine.apply(upserts([...gatewayObjects(), ...tenantObjects(1), ...crowd, ...objects]));
  return engine;
}

/** Flushes in the shortest slices there are, and counts them until it holds. */
function slicesUntil(engine: Engine, holds: () => boolean): number {
  for (let slices = 1; slices < 10 * ROUTES; slices += 1) {
    const isDone = engine.flush(() => true);
    if (holds()) return slices;
    assert.ok(!isDone, 'settled without it');
  }
  return assert.fail('never settled');
}

function clusterOf(engine: Engine, index: number) {
  return engine.resources.get(CLUSTER_TYPE, `0.0.0.0:443/${hostOf(index)}`);
}

function endpointsOf(engine: Engine, set: string) {
  return engine.resources.get(ENDPOINT_TYPE, set)?.version;
}

test('an endpoint of many sets that changes holds up no new host of another namespace', () => {
  const engine = engineWith(...ROUTES_OF_CROWD);
  engine.takeEvents(upserts([slice('a', '100.65.1.3'), ...tenantObjects(2)]));
  assert.ok(slicesUntil(engine, () => clusterOf(engine, 2) !== undefined) < FEW);
});

test('nor the statuses of others, nor a new host that comes in between', () => {
  const engine = engineWith(...ROUTES_OF_CROWD);
  const { rounds } = engine;
  engine.takeEvents(upserts([slice('a', '100.65.1.3')]));
  assert.ok(slicesUntil(engine, () => engine.rounds > rounds) < FEW);
  engine.takeEvents(upserts(tenantObjects(2)));
  assert.ok(slicesUntil(engine, () => clusterOf(engine, 2) !== undefined) < FEW);
});

test('nor endpoints of another namespace that change', () => {
  const engine = engineWith(...ROUTES_OF_CROWD);
  const before = endpointsOf(engine, 'tenant-1/cluster-1/6443');
  assert.ok(before !== undefined);
  engine.takeEvents(upserts([slice('a', '100.65.1.3'), ...tenantObjects(1, '100.65.9.9')]));
  const isChanged = (): boolean => endpointsOf(engine, 'tenant-1/cluster-1/6443') !== before;
  assert.ok(slicesUntil(engine, isChanged) < FEW);
});

test('nor do many new sets, for a host that comes after them', () => {
  const engine = engineWith();
  engine.takeEvents(upserts(ROUTES_OF_CROWD));
  const isServed = (index: number): boolean =>
    engine.resources.get(CLUSTER_TYPE, `0.0.0.0:443/crowd-${hostOf(index)}`) !== undefined;
  slicesUntil(engine, () => engine.route(key(`TLSRoute/crowd/r${ROUTES - 1}`)) !== undefined);
  engine.flush(() => true);
  engine.takeEvents(upserts(tenantObjects(2)));
  assert.ok(slicesUntil(engine, () => clusterOf(engine, 2) !== undefined) < FEW);
  engine.flush();
  assert.ok(ROUTES_OF_CROWD.every((_, index) => isServed(index)));
});

test('what many sets share is resolved anew when it changes, and all of them have it', () => {
  const engine = engineWith(...ROUTES_OF_CROWD);
  const versions = (): (string | undefined)[] =>
    ROUTES_OF_CROWD.map(({ meta }) => endpointsOf(engine, `TLSRoute/crowd/${meta.name}`));
  const before = versions();
  engine.takeEvents(upserts([slice('a', '100.65.1.3')]));
  engine.flush(() => true);
  engine.takeEvents(upserts([slice('b', '100.65.1.4')]));
  engine.flush();
  const after = versions();
  assert.ok(after.every((version, index) => version !== undefined && version !== before[index]));
  const anew = engineWith(...ROUTES_OF_CROWD, slice('a', '100.65.1.3'), slice('b', '100.65.1.4'));
  assert.deepEqual(
    after,
    ROUTES_OF_CROWD.map(({ meta }) => endpointsOf(anew, `TLSRoute/crowd/${meta.name}`)),
  );
});
