/** Endpoint sets that use some of a Service's endpoints are what a rebuild would make of them, and most are left alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayObjects, hostOf, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import type { ObjectEvent } from '../../model/events.ts';
import type { EndpointSlice, KubernetesObject, Service, TlsRoute } from '../../model/objects.ts';
import { DEFAULT_ENGINE_CONFIG } from '../config.ts';
import { ENDPOINT_TYPE } from '../resources/resource.ts';
import { Engine } from './engine.ts';

const ROUTES = 100;
const ENDPOINTS = 100;
/** Of a set of two Services: four of each. */
const LIMIT = 8;
const CONFIG = {
  ...DEFAULT_ENGINE_CONFIG,
  gateway: {
    ...DEFAULT_ENGINE_CONFIG.gateway,
    namespaceBudget: { ...DEFAULT_ENGINE_CONFIG.gateway.namespaceBudget, endpoints: LIMIT },
  },
};

function objectOf<K extends KubernetesObject['kind']>(kind: K): Extract<KubernetesObject, { kind: K }> {
  const found = tenantObjects(0).find((object) => object.kind === kind);
  assert.ok(found !== undefined);
  return found as Extract<KubernetesObject, { kind: K }>;
}

function service(name: string, over: Partial<Service> = {}): Service {
  const like = objectOf('Service');
  return { ...like, meta: { ...like.meta, namespace: 'crowd', name }, ...over };
}

/** All but one of the endpoints of a Service. */
function slice(service: string, without?: number): EndpointSlice {
  const like = objectOf('EndpointSlice');
  const indexes = Array.from({ length: ENDPOINTS }, (_, index) => index).filter((each) => each !== without);
  const meta = { ...like.meta, namespace: 'crowd', name: `${service}-1` };
  const endpoints = indexes.map((index) => ({
    addresses: [`100.65.${service.charCodeAt(0)}.${index + 1}`],
    ready: true,
    serving: true,
    terminating: false,
  }));
  return { ...like, meta, serviceName: service, endpoints };
}

function route(index: number, weight = 1): TlsRoute {
  const like = objectOf('TLSRoute');
  const backendRefs = ['a', 'b'].map((name) => ({
    group: '',
    kind: 'Service',
    namespace: undefined,
    name,
    port: 6443,
    weight,
  }));
  return {
    ...like,
    meta: { ...like.meta, namespace: 'crowd', name: `r${index}` },
    hostnames: [`crowd-${hostOf(index)}`],
    rules: [{ name: undefined, backendRefs }],
  };
}

const ALL: readonly KubernetesObject[] = [
  ...gatewayObjects(),
  ...['a', 'b'].flatMap((name) => [service(name), slice(name)]),
  ...Array.from({ length: ROUTES }, (_, index) => route(index)),
];

function engineOf(objects: readonly KubernetesObject[]): Engine {
  const engine = new Engine(CONFIG);
  engine.apply(upserts(objects));
  return engine;
}

/** Of each endpoint set its version. */
function versions(engine: Engine): ReadonlyMap<string, string> {
  return new Map([...engine.resources.all(ENDPOINT_TYPE)].map(({ name, version }) => [name, version]));
}

/** Names of the sets that were published with other bytes than before. */
function changedBy(engine: Engine, events: readonly ObjectEvent[]): string[] {
  const changed: string[] = [];
  const stop = engine.resources.onChange(({ upserts }) => changed.push(...upserts.map(({ name }) => name)));
  engine.apply(events);
  stop();
  return changed;
}

function differing(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...after].filter(([name, version]) => before.get(name) !== version).map(([name]) => name);
}

test('after each change of a shared Service, of weights, or of what is missing, the sets are those of a rebuild', () => {
  const engine = engineOf(ALL);
  const objects = new Map(ALL.map((object) => [`${object.kind}/${object.meta.name}`, object]));
  const steps: readonly KubernetesObject[] = [
    slice('a', 17),
    slice('a'),
    slice('b', 3),
    route(5, 2),
    slice('a', 99),
    service('b', { ports: [] }),
    slice('b', 4),
    service('b'),
    { ...slice('a'), endpoints: slice('a').endpoints.slice(0, 3) },
    slice('a', 1),
    route(5),
  ];
  for (const step of steps) {
    objects.set(`${step.kind}/${step.meta.name}`, step);
    const before = versions(engine);
    const changed = changedBy(engine, upserts([step]));
    const after = versions(engine);
    assert.deepEqual(after, versions(engineOf([...objects.values()])));
    const sets = changed.filter((name) => after.has(name));
    assert.deepEqual(sets.sort(), differing(before, after).sort());
  }
});

test('an endpoint that goes leaves sets alone that did not use it', () => {
  const engine = engineOf(ALL);
  const before = new Set(engine.resources.all(ENDPOINT_TYPE));
  const changed = changedBy(engine, upserts([slice('a', 50)]));
  assert.ok(changed.length > 0 && changed.length < ROUTES / 4, String(changed.length));
  const kept = [...engine.resources.all(ENDPOINT_TYPE)].filter((resource) => before.has(resource));
  assert.equal(kept.length, ROUTES - changed.length);
});

test('the sets of a route that goes and comes back, and of a namespace that may have fewer', () => {
  const engine = engineOf(ALL);
  const ref = { kind: 'TLSRoute', namespace: 'crowd', name: 'r7' } as const;
  engine.apply([{ type: 'delete', ref }]);
  assert.equal(engine.resources.get(ENDPOINT_TYPE, 'TLSRoute/crowd/r7'), undefined);
  engine.apply(upserts([slice('a', 50)]));
  engine.apply(upserts([route(7)]));
  const objects = [...ALL.filter((object) => object.meta.name !== 'a-1'), slice('a', 50)];
  assert.deepEqual(versions(engine), versions(engineOf(objects)));
  const namespace: KubernetesObject = {
    kind: 'Namespace',
    meta: {
      ...route(0).meta,
      namespace: '',
      name: 'crowd',
      annotations: { 'sluice.dev/budget-endpoints': '2' },
    },
  };
  engine.apply(upserts([namespace]));
  assert.deepEqual(versions(engine), versions(engineOf([...objects, namespace])));
});
