import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ObjectEvent, refOf } from '../../model/events.ts';
import type { Claim } from '../../model/gateway.ts';
import { objectKey } from '../../model/key.ts';
import type { KubernetesObject } from '../../model/objects.ts';
import { Cluster, Resource } from '../../proto/index.ts';
import { DEFAULT_ENGINE_CONFIG, type EngineConfig } from '../config.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, type ResourceView } from '../resources/resource.ts';
import { Engine } from './engine.ts';
import { arbitraryBatches } from './test-arbitrary-world.ts';

const RUNS = Number(process.env['SLUICE_PROPERTY_RUNS'] ?? 300);
const TYPES = [CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE];

function resourcesOf(view: ResourceView): Record<string, string> {
  const entries = TYPES.flatMap((type) =>
    [...view.all(type)].map(({ name, version }) => [`${type} ${name}`, version]),
  );
  return Object.fromEntries(entries.sort());
}

/** Everything that an engine says, in an order that does not depend on its history. */
function stateOf(engine: Engine): unknown {
  const gateways = [...engine.gateways()].sort((a, b) => (objectKey(a.ref) < objectKey(b.ref) ? -1 : 1));
  const routes = [...engine.routes()].sort((a, b) => (objectKey(a.ref) < objectKey(b.ref) ? -1 : 1));
  const sets = [...engine.listenerSets()].sort((a, b) => (objectKey(a.ref) < objectKey(b.ref) ? -1 : 1));
  return {
    resources: resourcesOf(engine.resources),
    gateways: gateways.map((gateway) => ({
      ...gateway,
      attached: gateway.listeners.map(({ name }) => engine.attachedRoutes(gateway, name)),
      attachedListenerSets: engine.attachedListenerSets(gateway),
    })),
    listenerSets: sets.map((set) => ({
      ...set,
      attached: set.listeners.map(({ name }) => engine.attachedRoutes(set, name)),
    })),
    namespaces: [...engine.namespaces()].sort((a, b) => (a.namespace < b.namespace ? -1 : 1)),
    routes: routes.map((route) => ({
      ...route,
      lost: engine.lostClaims(route),
      served: engine.servedClaims(route),
      status: engine.routeStatus(objectKey(route.ref)),
    })),
  };
}

function finalObjects(batches: readonly ObjectEvent[][]): KubernetesObject[] {
  const objects = new Map<string, KubernetesObject>();
  for (const event of batches.flat()) {
    if (event.type === 'upsert') objects.set(objectKey(refOf(event.object)), event.object);
    else objects.delete(objectKey(event.ref));
  }
  return [...objects.values()];
}

/** Addresses of a pool are history, which the statuses of Gateways tell to whoever starts anew. */
function withShownAddresses(objects: readonly KubernetesObject[], engine: Engine): KubernetesObject[] {
  return objects.map((object) => {
    if (object.kind !== 'Gateway') return object;
    const model = engine.gateway(object.meta.namespace, object.meta.name);
    return model === undefined ? object : { ...object, assignedAddresses: model.addresses };
  });
}

const POOL = { ...DEFAULT_ENGINE_CONFIG.gateway, addressPool: ['100.65.0.8/30'] };

/** Budgets that nearly every route of such a world is over. */
const TINY = {
  ...DEFAULT_ENGINE_CONFIG.gateway,
  namespaceBudget: { hosts: 3, wildcards: 1, chains: 1, pairs: 6, endpoints: 2, connections: 9 },
  hostsOfEndpointSet: 1,
};

const CONFIGS: Readonly<Record<string, EngineConfig>> = {
  index: DEFAULT_ENGINE_CONFIG,
  chain: { ...DEFAULT_ENGINE_CONFIG, sniMode: 'chain' },
  pool: { ...DEFAULT_ENGINE_CONFIG, gateway: POOL },
  budgets: { ...DEFAULT_ENGINE_CONFIG, gateway: TINY },
};

for (const [name, config] of Object.entries(CONFIGS)) {
  test(`${name}: after any sequence of events the engine equals a rebuild, in any order of objects`, () => {
    fc.assert(
      fc.property(arbitraryBatches, fc.boolean(), (batches, reversed) => {
        const engine = new Engine(config);
        for (const batch of batches) engine.apply(batch);
        const objects = withShownAddresses(finalObjects(batches), engine);
        if (reversed) objects.reverse();
        const rebuilt = new Engine(config);
        rebuilt.apply(objects.map((object) => ({ type: 'upsert', object })));
        assert.deepEqual(stateOf(engine), stateOf(rebuilt));
      }),
      { numRuns: RUNS },
    );
  });

  test(`${name}: the published changes, replayed, give the resources`, () => {
    fc.assert(
      fc.property(arbitraryBatches, (batches) => {
        const engine = new Engine(config);
        const replayed = new Map<string, string>();
        engine.resources.onChange(({ upserts, removals }) => {
          for (const { typeUrl, name, version } of upserts) replayed.set(`${typeUrl} ${name}`, version);
          for (const { typeUrl, name } of removals) assert.ok(replayed.delete(`${typeUrl} ${name}`), name);
        });
        for (const batch of batches) engine.apply(batch);
        assert.deepEqual(Object.fromEntries([...replayed].sort()), resourcesOf(engine.resources));
      }),
      { numRuns: RUNS },
    );
  });
}

test('a flush that pauses at every chance, with events in between, ends in the same state', () => {
  fc.assert(
    fc.property(arbitraryBatches, fc.constantFrom('index', 'budgets'), (batches, name) => {
      const config = CONFIGS[name] ?? DEFAULT_ENGINE_CONFIG;
      const engine = new Engine(config);
      for (const batch of batches) {
        engine.takeEvents(batch);
        engine.flush(() => true);
      }
      while (!engine.flush(() => true));
      const rebuilt = new Engine(config);
      rebuilt.apply(finalObjects(batches).map((object) => ({ type: 'upsert', object })));
      assert.deepEqual(stateOf(engine), stateOf(rebuilt));
    }),
    { numRuns: RUNS },
  );
});

test('events that change nothing publish nothing', () => {
  fc.assert(
    fc.property(arbitraryBatches, (batches) => {
      const engine = new Engine(DEFAULT_ENGINE_CONFIG);
      for (const batch of batches) engine.apply(batch);
      engine.resources.onChange(() => assert.fail('published a change'));
      engine.apply(structuredClone(finalObjects(batches)).map((object) => ({ type: 'upsert', object })));
    }),
    { numRuns: RUNS },
  );
});

test('every cluster points at an endpoint set that exists, and every set is pointed at', () => {
  fc.assert(
    fc.property(arbitraryBatches, (batches) => {
      const engine = new Engine(DEFAULT_ENGINE_CONFIG);
      for (const batch of batches) engine.apply(batch);
      const referenced = [...engine.resources.all(CLUSTER_TYPE)].flatMap(
        ({ references }) => references ?? [],
      );
      const names = [...engine.resources.all(ENDPOINT_TYPE)].map(({ name }) => name);
      assert.deepEqual([...new Set(referenced)].sort(), names.sort());
    }),
    { numRuns: RUNS },
  );
});

/** How many the cluster of a served host takes. */
function connectionsOf({ resources }: Engine, { binding, host }: Claim): number {
  const bytes = resources.get(CLUSTER_TYPE, `${binding.name}/${host}`)?.bytes;
  const value = bytes && Resource.decode(bytes).resource?.value;
  assert.ok(value instanceof Uint8Array);
  return Cluster.decode(value).circuit_breakers?.thresholds?.[0]?.max_connections?.value ?? assert.fail();
}

test('no namespace is served more than its budget, whatever comes', () => {
  fc.assert(
    fc.property(arbitraryBatches, (batches) => {
      const config = CONFIGS['budgets'] ?? DEFAULT_ENGINE_CONFIG;
      const engine = new Engine(config);
      for (const batch of batches) engine.apply(batch);
      for (const { namespace, budget, use } of engine.namespaces()) {
        const claims = [...engine.routes()]
          .filter(({ ref }) => ref.namespace === namespace)
          .flatMap((route) => engine.servedClaims(route));
        const wildcards = claims.filter(({ host }) => host.startsWith('*')).length;
        assert.ok(wildcards <= budget.wildcards);
        assert.ok(claims.length - wildcards <= budget.hosts);
        const connections = claims.map((claim) => connectionsOf(engine, claim)).reduce((a, b) => a + b, 0);
        assert.ok(connections <= Math.max(budget.connections, claims.length), `${connections} connections`);
        // Whoever asks for no more than that is refused nothing.
        const isWithin =
          use.hosts <= budget.hosts && use.wildcards <= budget.wildcards && use.chains <= budget.chains;
        const text = JSON.stringify(
          [...engine.routes()]
            .filter(({ ref }) => ref.namespace === namespace)
            .map(({ ref }) => engine.routeStatus(objectKey(ref))),
        );
        if (isWithin) assert.ok(!text.includes('OverBudget'), text);
      }
    }),
    { numRuns: RUNS },
  );
});
