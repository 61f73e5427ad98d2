/** Settings of hosts, from the annotations of their routes to the bytes of their clusters: nobody gets another's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { gatewayObjects, hostOf, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import { POLICY_ANNOTATIONS } from '../../model/annotations.ts';
import type { KubernetesObject } from '../../model/objects.ts';
import { Cluster, Listener, type MessageType, Resource } from '../../proto/index.ts';
import { decodeObject } from '../../watchers/objects/decode.ts';
import { DEFAULT_ENGINE_CONFIG } from '../config.ts';
import { Engine } from './engine.ts';

type Annotations = Readonly<Record<string, string>>;

const HOSTS = 12;

/** The objects of a tenant; the route comes through the decoder, as from any source, and with annotations. */
function tenant(index: number, annotations: Annotations): readonly KubernetesObject[] {
  return tenantObjects(index, `10.0.0.${index + 1}`).map((object) => {
    if (object.kind !== 'TLSRoute') return object;
    const { kind, meta, parentRefs, hostnames, rules } = object;
    const decoded = decodeObject({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind,
      metadata: { ...meta, annotations },
      spec: { parentRefs, hostnames, rules },
    });
    assert.ok(decoded.type === 'object', JSON.stringify(decoded));
    return decoded.object;
  });
}

/** What Envoy reads in the resources of a type, by name. */
function messages<T>(engine: Engine, { typeUrl, decode }: MessageType<unknown, T>): Map<string, T> {
  const found = new Map<string, T>();
  for (const { name, bytes } of engine.resources.all(typeUrl)) {
    const { resource } = Resource.decode(bytes);
    assert.ok(resource?.value instanceof Uint8Array);
    found.set(name, decode(resource.value));
  }
  return found;
}

function engineWith(policies: readonly Annotations[], config = DEFAULT_ENGINE_CONFIG): Engine {
  const engine = new Engine(config);
  engine.apply(upserts([...gatewayObjects(), ...policies.flatMap((policy, index) => tenant(index, policy))]));
  return engine;
}

/** Seconds, as the tests here write them. */
const seconds = fc.integer({ min: 1, max: 59 });

const annotations: fc.Arbitrary<Annotations> = fc.record(
  {
    'sluice.dev/max-connections': fc.constantFrom('1', '7', '500', '9999'),
    'sluice.dev/stats': fc.constantFrom('true', 'false'),
    'sluice.dev/connect-timeout': seconds.map((count) => `${count}s`),
    'sluice.dev/idle-timeout': seconds.map((count) => `${count}m`),
    'sluice.dev/close-on-delete': fc.constantFrom('true', 'false'),
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** The chains that the annotations give the host. */
function expectedChains(index: number, policy: Annotations): string[] {
  const idle = policy['sluice.dev/idle-timeout'];
  const name = idle === undefined ? '' : ` idle ${Number(idle.slice(0, -1)) * 60_000}ms`;
  if (policy['sluice.dev/close-on-delete'] === 'true') {
    const { namespace, name: route } = tenantObjects(index)[0]?.meta ?? assert.fail();
    return [`${hostOf(index)}${name} of TLSRoute/${namespace}/${route} to ${namespace}/${route}/6443`];
  }
  return name === '' ? [] : [`${hostOf(index)}${name}`, `${hostOf(index)}${name} once`];
}

/** What each annotation sets in a cluster, worked out from the annotations alone. */
function expectedCluster(policy: Annotations) {
  const connections = Number(policy['sluice.dev/max-connections'] ?? 10_000);
  return {
    connectSeconds: Number((policy['sluice.dev/connect-timeout'] ?? '5s').slice(0, -1)),
    limits: [connections, connections],
    hasStats: policy['sluice.dev/stats'] === 'true',
  };
}

test('in a world of many routes each host has its own settings and nobody else has them, also after changes', () => {
  fc.assert(
    fc.property(
      fc.array(annotations, { minLength: 1, maxLength: HOSTS }),
      fc.array(fc.tuple(fc.nat(HOSTS - 1), annotations), { maxLength: HOSTS }),
      (start, changes) => {
        const policies = [...start];
        const engine = engineWith(policies);
        const check = () => {
          const clusters = messages(engine, Cluster);
          assert.equal(clusters.size, policies.length);
          for (const [index, policy] of policies.entries()) {
            const cluster = clusters.get(`0.0.0.0:443/${hostOf(index)}`);
            const [limits] = cluster?.circuit_breakers?.thresholds ?? [];
            const found = {
              connectSeconds: Number(cluster?.connect_timeout?.seconds),
              limits: [limits?.max_connections?.value, limits?.max_pending_requests?.value],
              hasStats: cluster?.stats_matcher?.reject_all !== true,
            };
            assert.deepEqual(found, expectedCluster(policy), hostOf(index));
          }
          const [listener] = messages(engine, Listener).values();
          const own = new Set((listener?.filter_chains ?? []).map(({ name }) => name));
          for (const [index, policy] of policies.entries()) {
            const mine = [...own].filter((name) => name?.startsWith(hostOf(index)));
            assert.deepEqual(mine, expectedChains(index, policy));
          }
        };
        check();
        for (const [index, policy] of changes) {
          const at = index % policies.length;
          policies[at] = policy;
          engine.apply(upserts(tenant(at, policy)));
        }
        check();
      },
    ),
    { numRuns: 60 },
  );
});

test('every annotation of the table sets something for its host, and nothing for another', () => {
  for (const [field, { name, example }] of Object.entries(POLICY_ANNOTATIONS)) {
    const [bare, first, second] = [
      [{}, {}],
      [{ [name]: String(parse(example)) }, {}],
      [{}, { [name]: String(parse(example)) }],
    ].map((policies) => engineWith(policies));
    assert.ok(bare && first && second);
    const bytesOf = (engine: Engine, index: number): string => {
      const cluster = engine.resources.get(Cluster.typeUrl, `0.0.0.0:443/${hostOf(index)}`);
      const [listener] = messages(engine, Listener).values();
      const chains = (listener?.filter_chains ?? []).filter((chain) => chain.name?.startsWith(hostOf(index)));
      return JSON.stringify([cluster?.version, chains]);
    };
    assert.notEqual(bytesOf(first, 0), bytesOf(bare, 0), `${field} is translated`);
    assert.equal(bytesOf(first, 1), bytesOf(bare, 1), `${field} of one host is no other's`);
    assert.notEqual(bytesOf(second, 1), bytesOf(bare, 1), `${field} is translated`);
    assert.equal(bytesOf(second, 0), bytesOf(bare, 0), `${field} of one host is no other's`);
  }
});
