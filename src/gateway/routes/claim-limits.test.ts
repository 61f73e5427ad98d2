import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateGateway } from '../parents/evaluate-gateway.ts';
import {
  CONFIG,
  gateway,
  gatewayClass,
  ingress,
  ingressClass,
  ingressRule,
  listener,
  lookupOf,
  tlsRoute,
} from '../test-objects.ts';
import { MAX_CLAIMS, MAX_OWN_CHAINS } from './claim-limits.ts';
import { evaluateIngress } from './evaluate-ingress.ts';
import { evaluateTlsRoute } from './evaluate-tls-route.ts';

function hosts(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}h${index}.example.com`);
}

function partOf(model: ReturnType<typeof evaluateTlsRoute>): string {
  const conditions = model?.parents[0]?.conditions ?? [];
  return conditions.find(({ type }) => type === 'PartiallyInvalid')?.message ?? '';
}

test('a TLSRoute of 1,024 hostnames on several listeners is served up to the limit, and told of the rest', () => {
  const listeners = [443, 6443, 8132, 8443, 9443].map((port) =>
    listener({ name: `p${port}`, port, hostname: undefined }),
  );
  const gw = gateway({ listeners });
  const lookup = lookupOf([gatewayClass(), gw]);
  const route = tlsRoute({ hostnames: hosts(1_024) });
  const model = evaluateTlsRoute(route, lookup, CONFIG);
  assert.ok(evaluateGateway(gw, lookup, CONFIG));
  assert.equal(model?.claims.length, MAX_CLAIMS);
  assert.equal(model?.parents[0]?.accepted, true);
  assert.match(partOf(model), /^Dropped Rule.*1024 hosts are beyond/);
});

test('wildcards have a limit of their own', () => {
  const lookup = lookupOf([gatewayClass(), gateway({ listeners: [listener({ hostname: undefined })] })]);
  const model = evaluateTlsRoute(
    tlsRoute({ hostnames: [...hosts(100, '*.'), ...hosts(10)] }),
    lookup,
    CONFIG,
  );
  assert.equal(model?.claims.filter(({ host }) => host.startsWith('*')).length, MAX_OWN_CHAINS);
  assert.equal(model?.claims.length, MAX_OWN_CHAINS + 10);
  assert.match(partOf(model), /36 hosts are beyond/);
});

test('hosts with an idle time-out count as wildcards do, also those of an Ingress', () => {
  const annotations = { 'sluice.dev/ssl-passthrough': 'true', 'sluice.dev/idle-timeout': '1h' };
  const object = ingress({ meta: { annotations }, rules: hosts(100).map((host) => ingressRule(host)) });
  const model = evaluateIngress(object, lookupOf([ingressClass()]), CONFIG);
  assert.equal(model?.claims.length, MAX_OWN_CHAINS);
  assert.match(partOf(model), /36 hosts are beyond/);
});
