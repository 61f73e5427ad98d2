import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GATEWAY_GROUP } from '../model/kinds.ts';
import type {
  Gateway,
  GatewayListener,
  Ingress,
  KubernetesObject,
  ListenerSet,
  ObjectMeta,
  TlsRoute,
} from '../model/objects.ts';
import { evaluateGateway } from './parents/evaluate-gateway.ts';
import { evaluateIngress } from './routes/evaluate-ingress.ts';
import { evaluateTlsRoute } from './routes/evaluate-tls-route.ts';
import { gatewayStatus, routeStatus } from './status/status.ts';
import {
  CONFIG,
  configWith,
  deepFreeze,
  gatewayClass,
  ingressClass,
  lookupOf,
  namespace,
  referenceGrant,
  service,
} from './test-objects.ts';
import { isValidHostname } from './values/hostname.ts';

const text = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', 'constructor', '', '*', 'a.example.com', '💣.example'),
);
const optionalText = fc.option(text, { nil: undefined });
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(443, 6443, 0, -1, 65_536, Number.NaN));
const group = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('', GATEWAY_GROUP) },
  { weight: 1, arbitrary: text },
);
const labels = fc.dictionary(text, text, { maxKeys: 3 });
const annotations = fc.dictionary(
  fc.constantFrom(
    'sluice.dev/max-connections',
    'sluice.dev/stats',
    'sluice.dev/connect-timeout',
    'sluice.dev/idle-timeout',
    'higress.io/ssl-passthrough',
    'kubernetes.io/ingress.class',
  ),
  fc.oneof(text, fc.constantFrom('true', '5', '10s', 'sluice')),
);
const host = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('a.example.com', 'B.example.com', '*.example.com', '*.b.example.com', '*.com'),
  },
  { weight: 1, arbitrary: text },
);
const meta: fc.Arbitrary<ObjectMeta> = fc.record({
  namespace: fc.constantFrom('default', 'infra'),
  name: fc.oneof(fc.constantFrom('gw', 'r'), text),
  uid: text,
  generation: fc.oneof(fc.nat(), number),
  creationTimestamp: text,
  labels,
  annotations,
});
const selector = fc.record({
  matchLabels: labels,
  matchExpressions: fc.array(
    fc.record({
      key: text,
      operator: fc.oneof(text, fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist')),
      values: fc.array(text, { maxLength: 2 }),
    }),
    { maxLength: 2 },
  ),
});
const listener = fc.record({
  name: fc.oneof(fc.constantFrom('a', 'b', 'c'), text),
  hostname: fc.option(host, { nil: undefined }),
  port: number,
  protocol: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('TLS', 'TLS', 'HTTPS', 'HTTP', 'TCP') },
    { weight: 1, arbitrary: text },
  ),
  tls: fc.option(
    fc.record({
      mode: fc.oneof({ weight: 4, arbitrary: fc.constant('Passthrough') }, { weight: 1, arbitrary: text }),
      certificateRefs: fc.array(fc.record({ group, kind: text, namespace: optionalText, name: text }), {
        maxLength: 2,
      }),
    }),
    { nil: undefined },
  ),
  allowedRoutes: fc.record({
    namespaces: fc.record({
      from: fc.oneof(fc.constantFrom('All', 'Same', 'Selector'), text),
      selector: fc.option(selector, { nil: undefined }),
    }),
    kinds: fc.array(fc.record({ group, kind: fc.oneof(fc.constant('TLSRoute'), text) }), { maxLength: 2 }),
  }),
});
const from = fc.record({
  from: fc.oneof(fc.constantFrom('All', 'Same', 'Selector', 'None'), text),
  selector: fc.option(selector, { nil: undefined }),
});
const gateway: fc.Arbitrary<Gateway> = fc.record({
  kind: fc.constant('Gateway' as const),
  meta: fc.record({
    namespace: fc.constant('infra'),
    name: fc.constant('gw'),
    uid: text,
    generation: fc.nat(),
    creationTimestamp: text,
    labels,
    annotations,
  }),
  gatewayClassName: fc.constant('sluice'),
  allowedListeners: from,
  addresses: fc.array(
    fc.record({
      type: fc.oneof({ weight: 5, arbitrary: fc.constant('IPAddress') }, { weight: 1, arbitrary: text }),
      value: fc.oneof(fc.ipV4(), fc.ipV6(), text),
    }),
    { maxLength: 2 },
  ),
  listeners: fc.array(listener, { maxLength: 6 }),
});
const route: fc.Arbitrary<TlsRoute> = fc.record({
  kind: fc.constant('TLSRoute' as const),
  meta,
  parentRefs: fc.array(
    fc.record({
      group: fc.constant(GATEWAY_GROUP),
      kind: fc.constant('Gateway'),
      namespace: fc.constantFrom('infra', undefined),
      name: fc.constantFrom('gw', 'absent'),
      sectionName: fc.oneof(fc.constantFrom(undefined, 'a'), text),
      port: fc.oneof(fc.constant(undefined), number),
    }),
    { maxLength: 4 },
  ),
  hostnames: fc.array(host, { maxLength: 5 }),
  rules: fc.array(
    fc.record({
      name: optionalText,
      backendRefs: fc.array(
        fc.record({
          group,
          kind: fc.oneof(fc.constant('Service'), text),
          namespace: fc.oneof(fc.constantFrom(undefined, 'other'), text),
          name: fc.oneof(fc.constant('api'), text),
          port: fc.oneof(fc.constantFrom(6443, undefined), number),
          weight: number,
        }),
        { maxLength: 3 },
      ),
    }),
    { maxLength: 2 },
  ),
});
const backend = fc.record({
  service: fc.option(
    fc.record({
      name: fc.oneof(fc.constant('api'), text),
      port: fc.oneof(fc.constant(6443), number, text, fc.constant(undefined)),
    }),
    { nil: undefined },
  ),
});
const ingress: fc.Arbitrary<Ingress> = fc.record({
  kind: fc.constant('Ingress' as const),
  meta: meta.map((entry) => ({
    ...entry,
    annotations: { ...entry.annotations, 'sluice.dev/ssl-passthrough': 'true' },
  })),
  ingressClassName: fc.oneof(fc.constantFrom('sluice', undefined), text),
  defaultBackend: fc.option(backend, { nil: undefined }),
  rules: fc.array(
    fc.record({
      host: fc.option(host, { nil: undefined }),
      paths: fc.array(
        fc.record({
          path: fc.oneof(fc.constant('/'), text),
          pathType: fc.oneof(fc.constantFrom('Prefix', 'Exact'), text),
          backend,
        }),
        { maxLength: 3 },
      ),
    }),
    { maxLength: 4 },
  ),
});

const WORLD: readonly KubernetesObject[] = [
  gatewayClass(),
  ingressClass(),
  service(),
  service({ path: 'infra/api' }),
  service({ path: 'other/api' }),
  referenceGrant(),
  namespace('default', { tier: 'gold' }),
];

/** The same object with the keys of every map in the opposite order. */
function withKeysReversed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withKeysReversed) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, entry]) => [key, withKeysReversed(entry)])) as T;
}

/** In the order as generated, with ordinary prototypes (fast-check makes objects without). */
function plain<T>(value: T): T {
  return withKeysReversed(withKeysReversed(value));
}

test('law: no Gateway and no route throws, and an evaluation depends on content alone', () => {
  fc.assert(
    fc.property(gateway, route, (someGateway, someRoute) => {
      const evaluate = (gatewayObject: Gateway, routeObject: TlsRoute) => {
        const lookup = lookupOf([...WORLD, deepFreeze(gatewayObject)]);
        const gatewayModel = evaluateGateway(gatewayObject, lookup, CONFIG);
        const model = evaluateTlsRoute(deepFreeze(routeObject), lookup, CONFIG);
        const lost = model?.claims.map((claim) => ({ claim, winner: model.ref })) ?? [];
        return deepFreeze({
          gatewayModel,
          model,
          statuses: model && [
            routeStatus(model, []),
            routeStatus(model, lost.slice(1)),
            routeStatus(model, lost),
          ],
          gatewayStatus: gatewayModel && gatewayStatus(gatewayModel, () => 1),
        });
      };
      const first = evaluate(plain(someGateway), plain(someRoute));
      assert.deepEqual(evaluate(withKeysReversed(someGateway), withKeysReversed(someRoute)), first);

      for (const claim of first.model?.claims ?? []) {
        assert.ok(claim.host === '*' || isValidHostname(claim.host), claim.host);
        assert.ok(claim.backends.every(({ weight }) => weight > 0 && weight <= 1_000_000));
      }
      const names = first.model?.claims.map(({ binding, host }) => `${binding.name}/${host}`) ?? [];
      assert.equal(new Set(names).size, names.length, 'one claim for each binding and host');
      for (const parent of first.model?.parents ?? []) {
        const types = parent.conditions.map(({ type }) => type);
        assert.equal(new Set(types).size, types.length);
        assert.ok(types.length <= 8, 'the API takes at most 8 conditions');
      }
      for (const parentConditions of first.statuses?.flat() ?? []) {
        for (const { message } of parentConditions.conditions) assert.ok(message.length <= 32_768);
      }
    }),
    { numRuns: 500 },
  );
});

test('law: served listeners of one port are told apart by their hostnames', () => {
  fc.assert(
    fc.property(gateway, (someGateway) => {
      const model = evaluateGateway(deepFreeze(someGateway), lookupOf(WORLD), CONFIG);
      const served = (model?.listeners ?? []).filter(({ bindings }) => bindings.length > 0);
      const patterns = served.map(({ port, hostname }) => `${port} ${hostname}`);
      assert.equal(new Set(patterns).size, patterns.length);
      for (const { protocol, hostname } of served) {
        assert.equal(protocol, 'TLS');
        assert.ok(hostname === undefined || isValidHostname(hostname));
      }
    }),
    { numRuns: 500 },
  );
});

const ALL_ROUTES = { namespaces: { from: 'All', selector: undefined }, kinds: [] };
const YOUNGEST = '9999-01-01T00:00:00Z';
/** Few names and ports, so that they collide; most are good. */
const rival: fc.Arbitrary<GatewayListener> = fc
  .record({
    any: listener,
    good: fc.nat(4).map((number) => number > 0),
    hostname: fc.constantFrom('a.example.com', 'A.example.com', '*.example.com', undefined),
    port: fc.constantFrom(443, 443, 8443),
    protocol: fc.constantFrom('TLS', 'TLS', 'TLS', 'HTTPS', 'HTTP', 'TCP'),
  })
  .map(({ any, good, ...named }) => ({
    ...any,
    ...named,
    ...(good && { tls: { mode: 'Passthrough', certificateRefs: [] }, allowedRoutes: ALL_ROUTES }),
  }));

test('law: a younger ListenerSet takes nothing from older ones and the Gateway, and what is served is distinct', () => {
  const sets = fc.array(fc.array(rival, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(gateway, rival, sets, (anyGateway, own, lists) => {
      const someGateway = {
        ...anyGateway,
        addresses: [],
        listeners: [own, { ...own, name: 'z', port: 9443 }],
      };
      const objects = lists.map(
        (listeners, index): ListenerSet => ({
          kind: 'ListenerSet',
          meta: {
            ...someGateway.meta,
            name: `set-${index}`,
            creationTimestamp: index === lists.length - 1 ? YOUNGEST : '2026-01-01T00:00:00Z',
          },
          parentRef: { group: GATEWAY_GROUP, kind: 'Gateway', namespace: undefined, name: 'gw' },
          listeners,
        }),
      );
      const open = { ...someGateway, allowedListeners: { from: 'All', selector: undefined } };
      const modelsOf = (given: readonly ListenerSet[]) => {
        const lookup = lookupOf(deepFreeze([...WORLD, open, ...given]));
        const parents = given.map(({ meta: { name } }) => lookup.listenerSet('infra', name));
        return [lookup.gateway('infra', 'gw'), ...parents];
      };
      const models = modelsOf(objects);
      assert.deepEqual(models.slice(0, -1), modelsOf(objects.slice(0, -1)));

      const served = models.flatMap(
        (model) => model?.listeners.filter(({ bindings }) => bindings.length > 0) ?? [],
      );
      const patterns = served.map(({ port, hostname }) => `${port} ${hostname}`);
      assert.equal(new Set(patterns).size, patterns.length);
      for (const model of models.slice(1)) {
        assert.equal(model?.conditions.length, 2);
        for (const { conditions } of model?.listeners ?? []) {
          assert.ok(conditions.length <= 8);
          for (const { message } of conditions) assert.ok(message.length <= 32_768);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('law: no Ingress throws, and an evaluation depends on content alone', () => {
  const config = configWith({ ingressPorts: [443, 8443] });
  fc.assert(
    fc.property(ingress, (someIngress) => {
      const evaluate = (object: Ingress) => evaluateIngress(deepFreeze(object), lookupOf(WORLD), config);
      const model = evaluate(plain(someIngress));
      assert.deepEqual(evaluate(withKeysReversed(someIngress)), model);
      for (const { host } of model?.claims ?? []) assert.ok(isValidHostname(host), host);
      if (model !== undefined) assert.equal(model.parents[0]?.accepted, model.claims.length > 0);
    }),
    { numRuns: 500 },
  );
});
