import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayObjects, upserts } from '../../../test/harness/tenants.ts';
import { connectionLimit } from '../../gateway/budgets/admission.ts';
import type { NamespaceBudget } from '../../model/budget.ts';
import type { KubernetesObject, ObjectMeta } from '../../model/objects.ts';
import { key } from '../../model/test-key.ts';
import { Cluster, Resource, toJson } from '../../proto/index.ts';
import { DEFAULT_ENGINE_CONFIG } from '../config.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE } from '../resources/resource.ts';
import { Engine } from './engine.ts';

const BUDGET: NamespaceBudget = {
  hosts: 4,
  wildcards: 1,
  chains: 1,
  pairs: 64,
  endpoints: 32,
  connections: 1_000,
};

function engineWith(changes: Partial<NamespaceBudget> = {}, budgetAnnotations = true): Engine {
  const namespaceBudget = { ...BUDGET, ...changes };
  const defaults = { ...DEFAULT_ENGINE_CONFIG.gateway, hostsOfEndpointSet: 64 };
  const gateway = { ...defaults, namespaceBudget, budgetAnnotations };
  const engine = new Engine({ ...DEFAULT_ENGINE_CONFIG, gateway });
  engine.apply(upserts([...gatewayObjects(), ...service('red', 40), ...service('blue', 40)]));
  return engine;
}

function meta(namespace: string, name: string, more: Partial<ObjectMeta> = {}): ObjectMeta {
  const created = { creationTimestamp: '2026-01-01T00:00:00Z', labels: {}, annotations: {} };
  return { namespace, name, uid: name, generation: 1, ...created, ...more };
}

/** A Service `api` with so many endpoints. */
function service(namespace: string, endpoints: number): KubernetesObject[] {
  const ready = { ready: true, serving: true, terminating: false };
  return [
    {
      kind: 'Service',
      meta: meta(namespace, 'api'),
      type: 'ClusterIP',
      ports: [{ name: 'api', port: 6443, protocol: 'TCP' }],
      ipFamilies: ['IPv4'],
      publishNotReadyAddresses: false,
    },
    {
      kind: 'EndpointSlice',
      meta: meta(namespace, 'api-1'),
      serviceName: 'api',
      addressType: 'IPv4',
      endpoints: Array.from({ length: endpoints }, (_, index) => ({
        addresses: [`100.65.0.${index + 1}`],
        ...ready,
      })),
      ports: [{ name: 'api', port: 6443, protocol: 'TCP' }],
    },
  ];
}

interface RouteOptions {
  readonly created?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of the Service. */
  readonly target?: string;
}

function route(
  namespace: string,
  name: string,
  hosts: readonly string[],
  options: RouteOptions = {},
): KubernetesObject {
  const { created = '2026-01-01T00:00:00Z', annotations = {}, target = namespace } = options;
  const gateway = {
    group: 'gateway.networking.k8s.io',
    kind: 'Gateway',
    namespace: 'ingress',
    name: 'public',
  };
  return {
    kind: 'TLSRoute',
    meta: meta(namespace, name, { creationTimestamp: created, annotations }),
    parentRefs: [{ ...gateway, sectionName: undefined, port: undefined }],
    hostnames: hosts.map((host) => `${host}.stage.example.com`),
    rules: [
      {
        name: undefined,
        backendRefs: [{ group: '', kind: 'Service', namespace: target, name: 'api', port: 6443, weight: 1 }],
      },
    ],
  };
}

function namespace(name: string, annotations: Readonly<Record<string, string>>): KubernetesObject {
  return { kind: 'Namespace', meta: meta('', name, { annotations }) };
}

function served(engine: Engine): string[] {
  const short = (name: string): string => name.replace('0.0.0.0:443/', '').replace('.stage.example.com', '');
  return [...engine.resources.all(CLUSTER_TYPE)].map(({ name }) => short(name)).sort();
}

function endpoints(engine: Engine, set: string): number {
  const resource = engine.resources.get(ENDPOINT_TYPE, set);
  assert.ok(resource, set);
  const json = toJson(ENDPOINT_TYPE, Resource.decode(resource.bytes).resource?.value ?? new Uint8Array());
  const { endpoints: localities = [] } = json as { endpoints?: { lb_endpoints?: unknown[] }[] };
  return localities.reduce((sum, { lb_endpoints = [] }) => sum + lb_endpoints.length, 0);
}

/** Most connections of a served host. */
function connections(engine: Engine, host: string): number | undefined {
  const resource = engine.resources.get(CLUSTER_TYPE, `0.0.0.0:443/${host}.stage.example.com`);
  assert.ok(resource, host);
  const value = Resource.decode(resource.bytes).resource?.value;
  assert.ok(value instanceof Uint8Array);
  return Cluster.decode(value).circuit_breakers?.thresholds?.[0]?.max_connections?.value;
}

/** The endpoint set of a served host. */
function setOf(engine: Engine, host: string): string | undefined {
  return engine.resources.get(CLUSTER_TYPE, `0.0.0.0:443/${host}.stage.example.com`)?.references?.[0];
}

function conditionOf(engine: Engine, route: string, type: string): string {
  const conditions = engine.routeStatus(key(route))[0]?.conditions ?? [];
  const found = conditions.find((each) => each.type === type);
  return found === undefined ? 'absent' : `${found.status} ${found.reason} ${found.message}`;
}

test('the oldest routes keep their hosts, whenever they come, and the next is served when one goes', () => {
  const engine = engineWith();
  engine.apply(upserts([route('red', 'young', ['a', 'b', 'c'], { created: '2026-03-01T00:00:00Z' })]));
  assert.deepEqual(served(engine), ['a', 'b', 'c']);
  engine.takeStatusChanges();
  engine.apply(upserts([route('red', 'old', ['d', 'e'], { created: '2026-02-01T00:00:00Z' })]));
  assert.deepEqual(served(engine), ['a', 'b', 'd', 'e']);
  assert.ok(engine.takeStatusChanges().has(key('TLSRoute/red/young')));
  assert.match(
    conditionOf(engine, 'TLSRoute/red/young', 'PartiallyInvalid'),
    /^True OverBudget Dropped Rule.*\(hosts: 5 of 4\).*not served: c\.stage/,
  );
  engine.apply(upserts([route('red', 'new', ['f'], { created: '2026-04-01T00:00:00Z' })]));
  assert.match(conditionOf(engine, 'TLSRoute/red/new', 'Accepted'), /^False OverBudget .*hosts: 6 of 4/);
  engine.apply([{ type: 'delete', ref: { kind: 'TLSRoute', namespace: 'red', name: 'old' } }]);
  assert.deepEqual(served(engine), ['a', 'b', 'c', 'f']);
  assert.equal(conditionOf(engine, 'TLSRoute/red/young', 'PartiallyInvalid'), 'absent');
});

test('what is over the budget contends for nothing: the host is another namespace’s', () => {
  const engine = engineWith({ hosts: 1 });
  engine.apply(
    upserts([
      route('red', 'greedy', ['a', 'b'], { created: '2026-01-01T00:00:00Z' }),
      route('blue', 'modest', ['b'], { created: '2026-02-01T00:00:00Z' }),
    ]),
  );
  assert.deepEqual(served(engine), ['a', 'b']);
  assert.match(conditionOf(engine, 'TLSRoute/blue/modest', 'Accepted'), /^True Accepted/);
});

test('wildcards and hosts with a chain of their own have budgets of their own', () => {
  const engine = engineWith();
  const annotations = { 'sluice.dev/idle-timeout': '1m' };
  engine.apply(
    upserts([
      route('red', 'wild', ['*.a', '*.b', 'c']),
      route('red', 'chains', ['d', 'e'], { annotations, created: '2026-02-01T00:00:00Z' }),
    ]),
  );
  assert.deepEqual(served(engine), ['*.a', 'c', 'd']);
  assert.match(
    conditionOf(engine, 'TLSRoute/red/chains', 'PartiallyInvalid'),
    /hosts with a filter chain of their own: 2 of 1/,
  );
});

test('a chain for closing alone is left out, the host with it is not', () => {
  const engine = engineWith();
  const annotations = { 'sluice.dev/close-on-delete': 'true' };
  engine.apply(
    upserts([
      route('red', 'old', ['a', 'b'], { annotations }),
      route('red', 'idle', ['c'], {
        annotations: { ...annotations, 'sluice.dev/idle-timeout': '1m' },
        created: '2026-02-01T00:00:00Z',
      }),
    ]),
  );
  assert.deepEqual(served(engine), ['a', 'b']);
  assert.match(
    conditionOf(engine, 'TLSRoute/red/old', 'sluice.dev/PolicyAccepted'),
    /^False Limited .*close-on-delete is not followed.*chain of their own: 3 of 1\): b\.stage/,
  );
  assert.match(conditionOf(engine, 'TLSRoute/red/old', 'Accepted'), /^True/);
  assert.match(conditionOf(engine, 'TLSRoute/red/idle', 'Accepted'), /^False OverBudget/);
  engine.apply(upserts([namespace('red', { 'sluice.dev/budget-chains': '3' })]));
  assert.deepEqual(served(engine), ['a', 'b', 'c']);
  assert.equal(conditionOf(engine, 'TLSRoute/red/old', 'sluice.dev/PolicyAccepted'), 'absent');
});

test('a Namespace’s annotation sets the budget, nonsense and a flag against it change nothing', () => {
  const hosts = ['a', 'b', 'c', 'd', 'e', 'f'];
  const engine = engineWith();
  engine.apply(upserts([route('red', 'r', hosts)]));
  assert.equal(served(engine).length, 4);
  engine.apply(upserts([namespace('red', { 'sluice.dev/budget-hosts': '5' })]));
  assert.equal(served(engine).length, 5);
  for (const nonsense of ['0', '-1', '1.5', 'many', '', '99999999999']) {
    engine.apply(upserts([namespace('red', { 'sluice.dev/budget-hosts': nonsense })]));
    assert.equal(served(engine).length, 4, nonsense);
    assert.deepEqual(engine.budgetOf('red').invalid, ['sluice.dev/budget-hosts']);
  }
  engine.apply([{ type: 'delete', ref: { kind: 'Namespace', namespace: '', name: 'red' } }]);
  assert.equal(served(engine).length, 4);
  const deaf = engineWith({}, false);
  deaf.apply(upserts([namespace('red', { 'sluice.dev/budget-hosts': '5' }), route('red', 'r', hosts)]));
  assert.equal(served(deaf).length, 4);
});

test('with many hosts each uses fewer endpoints, and more again when they go', () => {
  const engine = engineWith();
  engine.apply(upserts([route('red', 'one', ['a'])]));
  assert.equal(endpoints(engine, 'red/api/6443'), 32);
  assert.match(
    conditionOf(engine, 'TLSRoute/red/one', 'sluice.dev/EndpointsAccepted'),
    /^False Limited .*32/,
  );
  engine.apply(upserts([route('red', 'more', ['b', 'c'])]));
  // 64 pairs for 3 hosts are 21, of which the power of two is 16.
  assert.equal(endpoints(engine, 'red/api/6443'), 16);
  engine.takeStatusChanges();
  engine.apply([{ type: 'delete', ref: { kind: 'TLSRoute', namespace: 'red', name: 'more' } }]);
  assert.equal(endpoints(engine, 'red/api/6443'), 32);
  assert.ok(engine.takeStatusChanges().has(key('TLSRoute/red/one')));
  engine.apply(upserts(service('red', 8)));
  assert.equal(endpoints(engine, 'red/api/6443'), 8);
  assert.equal(conditionOf(engine, 'TLSRoute/red/one', 'sluice.dev/EndpointsAccepted'), 'absent');
});

test('of a Service that two namespaces use, each uses as many endpoints as the one with fewest may', () => {
  const engine = engineWith();
  const from = [{ group: 'gateway.networking.k8s.io', kind: 'TLSRoute', namespace: 'blue' }];
  const to = [{ group: '', kind: 'Service', name: undefined }];
  const target = { target: 'red' };
  engine.apply(
    upserts([
      { kind: 'ReferenceGrant', meta: meta('red', 'blue'), from, to },
      route('red', 'own', ['a']),
      route('blue', 'many', ['x', 'y', 'z']),
    ]),
  );
  assert.equal(endpoints(engine, 'red/api/6443'), 32);
  engine.apply(upserts([route('blue', 'foreign', ['foreign'], target)]));
  assert.equal(endpoints(engine, 'red/api/6443'), 16);
  engine.apply([{ type: 'delete', ref: { kind: 'TLSRoute', namespace: 'blue', name: 'foreign' } }]);
  assert.equal(endpoints(engine, 'red/api/6443'), 32);
});

test('all hosts of a namespace together take no more connections than its budget, each its part', () => {
  const engine = engineWith();
  engine.apply(upserts([route('red', 'one', ['a'])]));
  assert.equal(connections(engine, 'a'), 1_000);
  const annotations = { 'sluice.dev/max-connections': '300' };
  engine.apply(upserts([route('red', 'modest', ['b'], { annotations })]));
  // 1,000 for 2 hosts are 500, of which the power of two is 256.
  assert.deepEqual([connections(engine, 'a'), connections(engine, 'b')], [256, 256]);
  assert.match(
    conditionOf(engine, 'TLSRoute/red/modest', 'sluice.dev/PolicyAccepted'),
    /^False Limited sluice\.dev\/max-connections beyond 256 is not followed, /,
  );
  assert.equal(conditionOf(engine, 'TLSRoute/red/one', 'sluice.dev/PolicyAccepted'), 'absent');
  engine.apply(upserts([namespace('red', { 'sluice.dev/budget-connections': '4000' })]));
  assert.deepEqual([connections(engine, 'a'), connections(engine, 'b')], [1_024, 300]);
  assert.equal(conditionOf(engine, 'TLSRoute/red/modest', 'sluice.dev/PolicyAccepted'), 'absent');
  engine.apply([{ type: 'delete', ref: { kind: 'TLSRoute', namespace: 'red', name: 'one' } }]);
  assert.equal(connections(engine, 'b'), 300);
});

test('many hosts of a namespace share no endpoint set: some do, those of a route always, and few move while it grows', () => {
  const engine = engineWith({ hosts: 1_000, pairs: 50_000 });
  const routes = Array.from({ length: 16 }, (_, index) => {
    const hosts = Array.from({ length: 16 }, (__, host) => `h${host}-${index}`);
    return route('red', `route-${index}`, hosts);
  });
  const setsOf = () => routes.map((_, index) => setOf(engine, `h0-${index}`));
  engine.apply(upserts(routes.slice(0, 4)));
  assert.deepEqual(new Set(setsOf().slice(0, 4)), new Set(['red/api/6443']));
  engine.apply(upserts(routes.slice(4, 8)));
  const half = setsOf().slice(0, 8);
  assert.deepEqual([...new Set(half)].sort(), ['red/api/6443', 'red/api/6443/1']);
  engine.apply(upserts(routes.slice(8)));
  const all = setsOf();
  assert.deepEqual(
    [...new Set(all)].sort(),
    ['', '/1', '/2', '/3'].map((shard) => `red/api/6443${shard}`),
  );
  for (const [index, set] of all.entries()) {
    const others = Array.from({ length: 16 }, (_, host) => setOf(engine, `h${host}-${index}`));
    assert.deepEqual(new Set(others), new Set([set]));
  }
  assert.ok(half.filter((set, index) => set !== all[index]).length < 8);
  const endpoints = [...engine.resources.all(ENDPOINT_TYPE)].map(({ name }) => name).sort();
  assert.deepEqual(endpoints, [...new Set(all)].sort());
});

test('connections are divided among so many hosts, and each further one has as many again', () => {
  const hosts = Array.from({ length: 100 }, (_, index) => `h${index}`);
  const engine = engineWith({ hosts: 100, connections: 10_000 });
  engine.apply(upserts([route('red', 'many', hosts)]));
  assert.equal(connections(engine, 'h0'), 256);
});

test('a host of a namespace with few uses what a host may, and the limit changes at a few numbers of hosts only', () => {
  const budget = { ...BUDGET, hosts: 1_000, connections: 10_000 };
  const limits = Array.from({ length: 1_000 }, (_, index) =>
    connectionLimit({ hosts: index + 1, wildcards: 0, chains: 0 }, budget, {
      maxConnectionsPerHost: 10_000,
      connectionShares: 1_000,
    }),
  );
  assert.equal(limits[0], 10_000);
  assert.deepEqual([limits[1], limits[9], limits[99], limits[999]], [4_096, 512, 64, 8]);
  assert.equal(new Set(limits).size, 11);
  for (const [index, limit] of limits.entries()) assert.ok(limit * (index + 1) <= 10_000);
});
