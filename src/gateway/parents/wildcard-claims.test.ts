import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FromNamespaces } from '../../model/objects.ts';
import { evaluateTlsRoute } from '../routes/evaluate-tls-route.ts';
import {
  configWith,
  gateway,
  gatewayClass,
  listener,
  lookupOf,
  messageOf,
  parentRef,
  service,
  stateOf,
  tlsRoute,
} from '../test-objects.ts';
import { mayClaim, mayClaimByIngress } from './wildcard-claims.ts';

const ALL: FromNamespaces = { from: 'All', selector: undefined };
const hosts = ['*', '*.com', '*.example.com', '*.a.example.com', 'a.example.com'] as const;

function claimable(claims: Parameters<typeof mayClaim>[1], hostname: string | undefined): readonly string[] {
  return hosts.filter((host) => mayClaim(host, claims, { hostname, allowedNamespaces: ALL }));
}

test('who may claim what, by the policy and how wide the listener is', () => {
  assert.deepEqual(claimable('Anyone', undefined), hosts);
  assert.deepEqual(claimable('Narrower', undefined), ['*.example.com', '*.a.example.com', 'a.example.com']);
  assert.deepEqual(claimable('Narrower', '*.example.com'), [
    '*',
    '*.com',
    '*.a.example.com',
    'a.example.com',
  ]);
  assert.deepEqual(claimable('SameNamespace', undefined), ['a.example.com']);
  assert.deepEqual(
    hosts.filter((host) => mayClaimByIngress(host, 'Narrower')),
    ['*.example.com', '*.a.example.com', 'a.example.com'],
  );
  assert.deepEqual(
    hosts.filter((host) => mayClaimByIngress(host, 'SameNamespace')),
    ['a.example.com'],
  );
});

test('a listener for one namespace is as good as its own', () => {
  const name = 'kubernetes.io/metadata.name';
  const selecting = (matchLabels: Record<string, string>, values: readonly string[]): FromNamespaces => ({
    from: 'Selector',
    selector: {
      matchLabels,
      matchExpressions: values.length === 0 ? [] : [{ key: name, operator: 'In', values }],
    },
  });
  const may = (allowedNamespaces: FromNamespaces): boolean =>
    mayClaim('*', 'SameNamespace', { hostname: undefined, allowedNamespaces });
  assert.equal(may(selecting({ [name]: 'a' }, [])), true);
  assert.equal(may(selecting({}, ['a'])), true);
  assert.equal(may(selecting({}, ['a', 'b'])), false);
  assert.equal(may(selecting({ tier: 'gold' }, [])), false);
  assert.equal(may(ALL), false);
});

test('a route without hostnames: refused from another namespace, served from the own one', () => {
  const config = configWith({ wildcardClaims: 'Narrower' });
  const infra = gateway({ listeners: [listener({ hostname: '*.example.com' })] });
  const evaluate = (namespace: string) => {
    const route = tlsRoute({
      hostnames: [],
      parentRefs: [parentRef({ namespace: infra.meta.namespace })],
    });
    const meta = { ...route.meta, namespace };
    return evaluateTlsRoute({ ...route, meta }, lookupOf([gatewayClass(), service(), infra], config), config);
  };
  const refused = evaluate('stranger')?.parents[0]?.conditions;
  assert.equal(stateOf(refused, 'Accepted'), 'False NotAllowedByListeners');
  assert.match(messageOf(refused, 'Accepted'), /\*\.example\.com/);
  const own = evaluate(infra.meta.namespace);
  assert.deepEqual(
    own?.claims.map(({ host }) => host),
    ['*.example.com'],
  );
});
