/** Listeners of the first flush are published before the clusters that no listener knows of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayObjects, hostOf, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import type { KubernetesObject, TlsRoute } from '../../model/objects.ts';
import { DEFAULT_ENGINE_CONFIG } from '../config.ts';
import { CLUSTER_TYPE, LISTENER_TYPE } from '../resources/resource.ts';
import { Engine } from './engine.ts';

const ROUTES = 1_500;
const LAST = ROUTES - 1;

type Change = Partial<Omit<TlsRoute, 'meta' | 'kind'>> & {
  readonly annotations?: TlsRoute['meta']['annotations'];
};

/** All tenants, some of whose routes are changed, by index. */
function tenants(changes: Readonly<Record<number, Change>> = {}): KubernetesObject[] {
  return Array.from({ length: ROUTES }, (_, index) => tenantObjects(index)).flatMap((objects, index) =>
    objects.map((object) => {
      if (object.kind !== 'TLSRoute') return object;
      const { annotations = {}, ...rest } = changes[index] ?? {};
      return { ...object, ...rest, meta: { ...object.meta, annotations } };
    }),
  );
}

/** What the first flush publishes of listeners, each with how many clusters there are by then. */
function firstFlush(objects: readonly KubernetesObject[], pause?: (engine: Engine) => void) {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  const listeners: { version: string; clusters: number }[] = [];
  engine.resources.onChange(({ upserts: changed }) => {
    for (const { typeUrl, version } of changed)
      if (typeUrl === LISTENER_TYPE)
        listeners.push({ version, clusters: engine.resources.slots(CLUSTER_TYPE).size });
  });
  engine.takeEvents(upserts(objects));
  while (!engine.flush(() => pause !== undefined)) pause?.(engine);
  return { engine, listeners };
}

function special(): Readonly<Record<number, Change>> {
  const [route] = tenantObjects(LAST - 1).filter((object) => object.kind === 'TLSRoute');
  const [rule] = route?.rules ?? [];
  assert.ok(rule);
  const [backend] = rule.backendRefs;
  assert.ok(backend);
  return {
    [LAST]: { hostnames: ['*.wild.stage.example.com'] },
    [LAST - 1]: { rules: [{ ...rule, backendRefs: [backend, backend] }] },
    [LAST - 2]: { annotations: { 'sluice.dev/idle-timeout': '1h' } },
    [LAST - 3]: { hostnames: ['under.wild.stage.example.com'] },
    // Of one host the older route is the last.
    [LAST - 4]: { hostnames: [hostOf(0)] },
  };
}

test('a listener is published once, before nearly all clusters, with all that it has to know', () => {
  const { engine, listeners } = firstFlush([...gatewayObjects(), ...tenants(special())]);
  assert.equal(listeners.length, 1);
  assert.ok((listeners[0]?.clusters ?? 0) < 20, `${listeners[0]?.clusters} clusters`);
  // The same as if it were made when all is known.
  const rebuilt = new Engine(DEFAULT_ENGINE_CONFIG);
  rebuilt.resources.setReady();
  rebuilt.apply(upserts([...gatewayObjects(), ...tenants(special())]));
  assert.deepEqual(
    [...rebuilt.resources.all(LISTENER_TYPE)].map(({ version }) => version),
    [...engine.resources.all(LISTENER_TYPE)].map(({ version }) => version),
  );
  assert.equal(listeners[0]?.version, [...engine.resources.all(LISTENER_TYPE)][0]?.version);
});

test('where a Gateway gives each host a chain of its own, it waits for all of them', () => {
  const objects = gatewayObjects().map((object) =>
    object.kind === 'Gateway'
      ? { ...object, meta: { ...object.meta, annotations: { 'sluice.dev/close-on-delete': 'true' } } }
      : object,
  );
  const { listeners } = firstFlush([...objects, ...tenants()]);
  assert.deepEqual(
    listeners.map(({ clusters }) => clusters),
    [ROUTES],
  );
});

test('once all was computed, a listener changes with the last of what changes it', () => {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  engine.apply(upserts(tenants(special())));
  engine.resources.setReady();
  const seen: number[] = [];
  engine.resources.onChange(({ upserts: changed }) => {
    if (changed.some(({ typeUrl }) => typeUrl === LISTENER_TYPE))
      seen.push(engine.resources.slots(CLUSTER_TYPE).size);
  });
  engine.apply(upserts(gatewayObjects()));
  assert.deepEqual(seen, [ROUTES - 1]);
});

test('a cluster that is waited for is the next', () => {
  const host = hostOf(LAST);
  let demandedAt: number | undefined;
  const published: number[] = [];
  const { listeners } = firstFlush([...gatewayObjects(), ...tenants()], (engine) => {
    const count = engine.resources.slots(CLUSTER_TYPE).size;
    if (engine.resources.get(CLUSTER_TYPE, `0.0.0.0:443/${host}`) !== undefined) published.push(count);
    else if (engine.resources.slots(LISTENER_TYPE).size > 0 && demandedAt === undefined) {
      demandedAt = count;
      engine.demand([`0.0.0.0:443/${host}`, '0.0.0.0:443/no.such.host', '*']);
    }
  });
  assert.equal(listeners.length, 1);
  assert.ok(demandedAt !== undefined);
  assert.ok((published[0] ?? ROUTES) <= demandedAt + 2, `${published[0]}, asked for at ${demandedAt}`);
});
