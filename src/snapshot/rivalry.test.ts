import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayObjects, hostOf, tenantObjects, upserts } from '../../test/harness/tenants.ts';
import type { KubernetesObject, TlsRoute } from '../model/objects.ts';
import { DEFAULT_ENGINE_CONFIG } from './config.ts';
import { Engine } from './engine.ts';
import { CLUSTER_TYPE } from './resource.ts';
import { orderByRivalry } from './rivalry.ts';
import { World } from './world.ts';

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
  for (const object of routes) world.take({ type: 'upsert', object });
  const keys = routes.map(({ meta }) => `TLSRoute/${meta.namespace}/${meta.name}`);
  const queue = new Set([...keys, 'TLSRoute/gone/gone']);
  const unrivalled = orderByRivalry(queue, world);
  const at = (index: number): string => keys[index] ?? '';
  assert.deepEqual([...unrivalled], [at(0), at(5)]);
  assert.deepEqual([...queue], [at(1), at(2), at(3), at(4), 'TLSRoute/gone/gone', at(0), at(5)]);
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
  engine.setReady();
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
