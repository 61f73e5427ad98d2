import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteModel } from '../../model/gateway.ts';
import type { Ingress, IngressBackend, KubernetesObject } from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';
import {
  CONFIG,
  CONTROLLER,
  configWith,
  ingress,
  ingressClass,
  ingressRule,
  lookupOf,
  messageOf,
  service,
  stateOf,
} from '../test-objects.ts';
import { evaluateIngress } from './evaluate-ingress.ts';

const OBJECTS: readonly KubernetesObject[] = [ingressClass(), service(), service({ path: 'web' })];

function tryEvaluate(object: Ingress, objects = OBJECTS, config = CONFIG): RouteModel | undefined {
  return evaluateIngress(object, lookupOf(objects), config);
}

function evaluate(object: Ingress, objects = OBJECTS, config = CONFIG): RouteModel {
  const model = tryEvaluate(object, objects, config);
  assert.ok(model !== undefined, 'the Ingress is ours');
  return model;
}

function served(model: RouteModel): string[] {
  return model.claims.map(({ host, backends }) => `${host} ${backends[0]?.target?.service ?? 'rejected'}`);
}

function conditionsOf(model: RouteModel) {
  return model.parents[0]?.conditions ?? [];
}

test('ssl-passthrough is taken from each of three annotations, in the spellings of their controllers', () => {
  const isOurs = (annotations: Record<string, string>) =>
    (tryEvaluate(ingress({ meta: { annotations } }))?.claims.length ?? 0) > 0;
  for (const prefix of ['higress.io', 'nginx.ingress.kubernetes.io', 'sluice.dev']) {
    assert.equal(isOurs({ [`${prefix}/ssl-passthrough`]: 'true' }), true, prefix);
    assert.equal(isOurs({ [`${prefix}/ssl-passthrough`]: '1' }), true, prefix);
    assert.equal(isOurs({ [`${prefix}/ssl-passthrough`]: 'false' }), false, prefix);
    assert.equal(isOurs({ [`${prefix}/ssl-passthrough`]: 'yes' }), false, prefix);
  }
  assert.equal(isOurs({}), false);
  assert.equal(isOurs({ 'other.example/ssl-passthrough': 'true' }), false);
});

test('of an Ingress without the annotation nothing but its class is looked at', () => {
  const lookup = lookupOf(OBJECTS);
  const model = evaluateIngress(ingress({ meta: { annotations: {} } }), lookup, CONFIG);
  assert.deepEqual([...new Set(lookup.calls)], ['IngressClass /sluice']);
  assert.deepEqual(
    model?.parents.map(({ accepted, conditions }) => [accepted, conditions.map(({ reason }) => reason)]),
    [[false, ['NoPassthrough']]],
  );
});

test('a host is claimed on the merged binding of every port for Ingresses', () => {
  const config = configWith({ listenAddresses: ['0.0.0.0', '::'], ingressPorts: [443, 8443, 443] });
  const model = evaluate(ingress(), OBJECTS, config);
  assert.deepEqual(
    model.claims.map(({ binding }) => binding),
    [443, 8443].map((port) => ({ name: `0.0.0.0:${port}`, addresses: ['0.0.0.0', '::'], port })),
  );
  const [claim] = model.claims;
  assert.equal(claim?.gateway, undefined);
  assert.deepEqual(claim?.backends, [
    { weight: 1, target: { namespace: 'default', service: 'api', port: 6443 } },
  ]);
  assert.equal(model.parents[0]?.parentRef, undefined);
  assert.equal(model.parents[0]?.accepted, true);
  assert.equal(stateOf(conditionsOf(model), 'Accepted'), 'True Accepted');
  assert.equal(stateOf(conditionsOf(model), 'ResolvedRefs'), 'True ResolvedRefs');
  assert.equal(conditionsOf(model).length, 2);
});

test('class: by field, by the legacy annotation before the field, by default, by adoption', () => {
  const passthrough = { 'sluice.dev/ssl-passthrough': 'true' };
  const isOurs = (
    ingressClassName: string | undefined,
    annotation: string | undefined,
    classes: readonly KubernetesObject[],
    changes: Partial<GatewayConfig> = {},
  ) => {
    const annotations =
      annotation === undefined ? passthrough : { ...passthrough, 'kubernetes.io/ingress.class': annotation };
    return (
      tryEvaluate(ingress({ ingressClassName, meta: { annotations } }), classes, configWith(changes)) !==
      undefined
    );
  };
  const ours = ingressClass();
  const foreign = ingressClass('nginx', 'k8s.io/ingress-nginx');
  assert.equal(isOurs('sluice', undefined, [ours]), true);
  assert.equal(isOurs('sluice', undefined, []), false);
  assert.equal(isOurs('nginx', undefined, [ours, foreign]), false);
  assert.equal(isOurs('nginx', 'sluice', [ours, foreign]), true);
  assert.equal(isOurs('sluice', 'nginx', [ours, foreign]), false);
  assert.equal(isOurs(undefined, undefined, [ours, foreign]), false, 'no default class');
  assert.equal(isOurs(undefined, undefined, [ingressClass('sluice', CONTROLLER, true)]), true);
  assert.equal(isOurs('', '', [ingressClass('sluice', CONTROLLER, true)]), true);
  assert.equal(isOurs(undefined, undefined, [ingressClass('nginx', 'k8s.io/ingress-nginx', true)]), false);
  assert.equal(isOurs('higress', undefined, [], { adoptedClasses: ['higress'] }), true);
  assert.equal(isOurs(undefined, 'higress', [], { adoptedClasses: ['higress'] }), true);
  const theirs = ingressClass('higress', 'higress.io/higress-controller');
  assert.equal(isOurs('higress', undefined, [theirs], { adoptedClasses: ['higress'] }), false);
  assert.equal(
    isOurs('higress', undefined, [theirs], { controllerNames: ['higress.io/higress-controller'] }),
    true,
  );
});

test('the path / gives the backend, wherever it stands', () => {
  const model = evaluate(
    ingress({
      rules: [
        ingressRule('A.example.com', [
          ['/web', 'web'],
          ['/', 'api'],
        ]),
      ],
    }),
  );
  assert.deepEqual(served(model), ['a.example.com api']);
  assert.match(
    messageOf(conditionsOf(model), 'PartiallyInvalid'),
    /^Dropped Rule.*no paths.*a\.example\.com/,
  );
});

test('without /, the first path that is more than one exact path, with a note', () => {
  const rules = [
    ingressRule('a.example.com', [
      ['/x', 'web', 'Exact'],
      ['/y', 'api', 'ImplementationSpecific'],
    ]),
  ];
  const model = evaluate(ingress({ rules }));
  assert.deepEqual(served(model), ['a.example.com api']);
  assert.equal(stateOf(conditionsOf(model), 'PartiallyInvalid'), 'True UnsupportedValue');
});

test('a host without a usable path goes to the default backend, else it is claimed and rejects', () => {
  const rules = [ingressRule('a.example.com', []), ingressRule('b.example.com', [['/x', 'web', 'Exact']])];
  const defaultBackend = { service: { name: 'api', port: 6443 } };
  assert.deepEqual(served(evaluate(ingress({ rules, defaultBackend }))), [
    'a.example.com api',
    'b.example.com api',
  ]);
  const model = evaluate(ingress({ rules }));
  assert.deepEqual(served(model), ['a.example.com rejected', 'b.example.com rejected']);
  assert.equal(stateOf(conditionsOf(model), 'ResolvedRefs'), 'False BackendNotFound');
});

test('rules of one host are one rule', () => {
  const rules = [ingressRule('a.example.com', [['/x', 'web']]), ingressRule('A.EXAMPLE.com', [['/', 'api']])];
  assert.deepEqual(served(evaluate(ingress({ rules }))), ['a.example.com api']);
});

test('any number of paths is looked through', () => {
  const many = ingressRule(
    'a.example.com',
    Array.from({ length: 200_000 }, () => ['/x', 'web'] as const),
  );
  const rules = [ingressRule('a.example.com', []), many, ingressRule('a.example.com')];
  assert.deepEqual(served(evaluate(ingress({ rules }))), ['a.example.com api']);
});

test('wildcard hosts are served', () => {
  assert.deepEqual(served(evaluate(ingress({ rules: [ingressRule('*.Example.com')] }))), [
    '*.example.com api',
  ]);
});

test('a rule without a host is no claim on everything', () => {
  const partly = evaluate(
    ingress({ rules: [ingressRule(undefined), ingressRule(''), ingressRule('a.example.com')] }),
  );
  assert.deepEqual(served(partly), ['a.example.com api']);
  assert.match(messageOf(conditionsOf(partly), 'PartiallyInvalid'), /without a host/);
  for (const rules of [[ingressRule(undefined)], [], [ingressRule('*')], [ingressRule('10.0.0.1')]]) {
    const model = evaluate(ingress({ rules, defaultBackend: { service: { name: 'api', port: 6443 } } }));
    assert.deepEqual(model.claims, []);
    assert.equal(model.parents[0]?.accepted, false);
    assert.equal(stateOf(conditionsOf(model), 'Accepted'), 'False NoHost');
    assert.equal(stateOf(conditionsOf(model), 'PartiallyInvalid'), undefined);
  }
});

test('a port by number or by name; every wrong backend has its reason', () => {
  const withBackend = (backend: IngressBackend) =>
    evaluate(ingress({ rules: [{ host: 'a.b', paths: [{ path: '/', pathType: 'Prefix', backend }] }] }));
  const target = { namespace: 'default', service: 'api', port: 6443 };
  for (const port of [6443, 'https']) {
    assert.deepEqual(withBackend({ service: { name: 'api', port } }).claims[0]?.backends, [
      { weight: 1, target },
    ]);
  }
  const cases: readonly [IngressBackend, string][] = [
    [{ service: undefined }, 'False InvalidKind'],
    [{ service: { name: 'absent', port: 6443 } }, 'False BackendNotFound'],
    [{ service: { name: 'api', port: undefined } }, 'False BackendNotFound'],
    [{ service: { name: 'api', port: 7 } }, 'False BackendNotFound'],
    [{ service: { name: 'api', port: 'http' } }, 'False BackendNotFound'],
    [{ service: { name: 'api', port: '6443' } }, 'False BackendNotFound'],
  ];
  for (const [backend, state] of cases) {
    const model = withBackend(backend);
    assert.equal(stateOf(conditionsOf(model), 'ResolvedRefs'), state, JSON.stringify(backend));
    assert.deepEqual(model.claims[0]?.backends, [{ weight: 1, target: undefined }]);
  }
});

test('annotations become the policy', () => {
  const annotations = {
    'higress.io/ssl-passthrough': 'true',
    'sluice.dev/max-connections': '7',
    'sluice.dev/stats': 'x',
  };
  const model = evaluate(ingress({ meta: { annotations } }));
  assert.deepEqual(model.claims[0]?.policy, { maxConnections: 7 });
  assert.equal(stateOf(conditionsOf(model), 'sluice.dev/PolicyAccepted'), 'False InvalidAnnotation');
});
