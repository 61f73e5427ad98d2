import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayObjects, hostOf, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import { refOf } from '../../model/events.ts';
import { objectKey } from '../../model/key.ts';
import type { KubernetesObject, TlsRoute } from '../../model/objects.ts';
import { key } from '../../model/test-key.ts';
import { DEFAULT_ENGINE_CONFIG } from '../config.ts';
import { CLUSTER_TYPE } from '../resources/resource.ts';
import { World } from '../world/world.ts';
import { BurstOrder } from './burst-order.ts';
import { Engine } from './engine.ts';

function route(index: number, hostnames: readonly string[], created = '2026-01-01T00:00:00Z'): TlsRoute {
  const found = tenantObjects(index).find((object) => object.kind === 'TLSRoute');
  assert.ok(found);
  return { ...found, hostnames, meta: { ...found.meta, creationTimestamp: created } };
}

test('routes that share a host, have a wildcard or no hostname come first', () => {
  const world = new World();
  const routes = [
    route(0, ['alone.example.com']),
    route(1, ['shared.example.com']),
    route(2, ['*.example.com']),
    route(3, []),
    route(4, ['Shared.example.com', 'other.example.com']),
    route(5, ['alone2.example.com', 'alone2.example.com']),
  ];
  for (const object of routes) world.applyEvent({ type: 'upsert', object });
  const keys = routes.map((object) => objectKey(refOf(object)));
  const queue = new Set([...keys, key('TLSRoute/gone/gone')]);
  const order = new BurstOrder(queue, world);
  const at = (index: number): string => keys[index] ?? '';
  assert.deepEqual([...queue], [at(1), at(2), at(3), at(4), 'TLSRoute/gone/gone', at(0), at(5)]);
  assert.ok(order.isWaiting('alone.example.com') && !order.isWaiting('shared.example.com'));
  assert.deepEqual(
    keys.filter((each) => order.evaluated(each)),
    [at(0), at(5)],
  );
  assert.ok(!order.isWaiting('alone.example.com'));
});

test('routes that no listener has to know of come last', () => {
  const world = new World();
  const twice = route(0, ['several.example.com']).rules.map((rule) => ({
    ...rule,
    backendRefs: [...rule.backendRefs, ...rule.backendRefs],
  }));
  const annotated = (index: number, name: string): TlsRoute => {
    const made = route(index, [`${index}.example.com`]);
    return { ...made, meta: { ...made.meta, annotations: { [name]: '1' } } };
  };
  const routes = [
    route(0, ['plain.example.com']),
    { ...route(1, ['several.example.com']), rules: twice },
    annotated(2, 'sluice.dev/idle-timeout'),
    annotated(3, 'sluice.dev/close-on-delete'),
    annotated(4, 'sluice.dev/max-connections'),
  ];
  for (const object of routes) world.applyEvent({ type: 'upsert', object });
  const keys = routes.map((object) => objectKey(refOf(object)));
  const queue = new Set(keys);
  const order = new BurstOrder(queue, world);
  assert.deepEqual(
    [...queue],
    [1, 2, 3, 0, 4].map((index) => keys[index]),
  );
  const isRestPlain = [...queue].map((each) => order.evaluated(each) && order.isRestPlain);
  assert.deepEqual(isRestPlain, [false, false, true, true, true]);
});

test('a burst of routes is published while it is evaluated, and never with a winner that is none in the end', () => {
  const ROUTES = 5_000;
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  const objects: KubernetesObject[] = [];
  for (let index = 0; index < ROUTES; index += 1) objects.push(...tenantObjects(index));
  // Each of these wants a host of another one, and is older: a wrong order would show them for a moment.
  for (let index = 0; index < 100; index += 1)
    objects.push(route(ROUTES + index, [hostOf(index)], '2020-01-01T00:00:00Z'));
  engine.apply(upserts(objects));
  engine.resources.setReady();
  const clusters = new Map<string, Set<string>>();
  let publications = 0;
  engine.resources.onChange(({ upserts: changed }) => {
    if (changed.length > 0) publications += 1;
    for (const { typeUrl, name, version } of changed) {
      if (typeUrl !== CLUSTER_TYPE) continue;
      clusters.set(name, (clusters.get(name) ?? new Set()).add(version));
    }
  });
  // The Gateway that they all wait for.
  engine.apply(upserts(gatewayObjects()));
  assert.equal(clusters.size, ROUTES);
  assert.ok(publications >= 4, `${publications} publications`);
  for (const [name, versions] of clusters) assert.equal(versions.size, 1, name);
});

/** Which routes each cluster was published for, in turn: told by the route that stands in its bytes. */
function publishedRoutes(engine: Engine, host: string): string[] {
  const published: string[] = [];
  engine.resources.onChange(({ upserts: changed }) => {
    for (const { typeUrl, name, bytes } of changed) {
      if (typeUrl !== CLUSTER_TYPE || !name.endsWith(`/${host}`)) continue;
      published.push(
        /cluster-\d+/.exec(Buffer.from(bytes).toString('latin1').split('sluice').at(-1) ?? '')?.[0] ?? '',
      );
    }
  });
  return published;
}

test('a rival that comes, or is marked again, in the middle of a burst is waited for', () => {
  const ROUTES = 3_000;
  for (let pauseAt = 100; pauseAt < ROUTES; pauseAt += 250) {
    const engine = new Engine(DEFAULT_ENGINE_CONFIG);
    const objects: KubernetesObject[] = [];
    for (let index = 0; index < ROUTES; index += 1) objects.push(...tenantObjects(index));
    engine.apply(upserts(objects));
    engine.resources.setReady();
    const host = hostOf(ROUTES / 2);
    const published = publishedRoutes(engine, host);
    engine.takeEvents(upserts(gatewayObjects()));
    let asked = 0;
    engine.flush(() => {
      asked += 1;
      return asked > pauseAt;
    });
    const before = published.length;
    // Older than the one that has the same host, or waits for it in the middle of the queue.
    engine.apply(upserts([route(ROUTES, [host], '2020-01-01T00:00:00Z')]));
    assert.equal(published.length, before + 1, `paused at ${pauseAt}: ${published.join(', ')}`);
  }
});

test('a host that a route without hostnames takes from its listener waits for the route that names it', () => {
  const ROUTES = 2_000;
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  const objects: KubernetesObject[] = [];
  for (let index = 0; index < ROUTES; index += 1) objects.push(...tenantObjects(index));
  engine.apply(upserts([...objects, route(ROUTES, [])]));
  engine.resources.setReady();
  const host = hostOf(ROUTES - 1);
  const published = publishedRoutes(engine, host);
  const gateway = gatewayObjects().map((object) =>
    object.kind === 'Gateway'
      ? {
          ...object,
          listeners: object.listeners.flatMap((each) => [each, { ...each, name: 'own', hostname: host }]),
        }
      : object,
  );
  engine.apply(upserts(gateway));
  assert.equal(published.length, 1, published.join(', '));
});

test('rounds end, and others are served, however fast somebody changes what is his', () => {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  const objects: KubernetesObject[] = [...gatewayObjects()];
  for (let index = 0; index < 50; index += 1) objects.push(...tenantObjects(index));
  engine.apply(upserts(objects));
  engine.resources.setReady();
  let changes = 0;
  const changeAll = (): boolean => {
    changes += 1;
    const hosts = [`changed-${changes % 2}.example.com`];
    engine.takeEvents(upserts(Array.from({ length: 40 }, (_, index) => route(index, hosts))));
    return true;
  };
  changeAll();
  const [, , slice] = tenantObjects(45, '100.66.0.9');
  assert.equal(slice?.kind, 'EndpointSlice');
  engine.takeEvents(upserts([slice]));
  const published: string[] = [];
  engine.resources.onChange((change) => published.push(...change.upserts.map(({ name }) => name)));
  for (let slices = 0; slices < 200 && engine.rounds < 3; slices += 1) engine.flush(changeAll);
  assert.ok(engine.rounds >= 3);
  assert.ok(published.some((name) => name.includes(slice.serviceName)));
});
