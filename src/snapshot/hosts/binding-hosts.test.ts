import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Claim, HostPolicy, RouteModel } from '../../model/gateway.ts';
import { key } from '../../model/test-key.ts';
import { BindingHosts } from './binding-hosts.ts';
import type { Contender } from './host-entry.ts';
import { wildcardSuffixes } from './wildcard-suffixes.ts';

const binding = { name: '0.0.0.0:443', addresses: ['0.0.0.0'], port: 443 };

function contender(
  name: string,
  host: string,
  policy: HostPolicy = {},
  created = '2026-01-01T00:00:00Z',
): Contender {
  const ref = { kind: 'TLSRoute', namespace: 'tenant', name } as const;
  const claim: Claim = {
    binding,
    host,
    original: host,
    parents: [0],
    gateway: undefined,
    backends: [],
    policy,
  };
  const route: RouteModel = { ref, generation: 1, creationTimestamp: created, parents: [], claims: [claim] };
  return { claim, route, routeKey: key(`TLSRoute/tenant/${name}`) };
}

function settled(state: BindingHosts, added: Contender): boolean {
  return state.settle(state.claim(added)) !== 'none';
}

function withdrawn(state: BindingHosts, name: string, host: string): boolean {
  const entry = state.unclaim(key(`TLSRoute/tenant/${name}`), host);
  assert.ok(entry);
  return state.settle(entry) !== 'none';
}

test('the suffixes of a host are tried longest first, then the one of *', () => {
  assert.deepEqual([...wildcardSuffixes('a.b.c')], ['b.c', 'c', '']);
  assert.deepEqual([...wildcardSuffixes('*.b.c')], ['b.c', 'c', '']);
  assert.deepEqual([...wildcardSuffixes('*')], []);
});

test('an exact host alone asks nothing of the listener', () => {
  const state = new BindingHosts(binding.name);
  assert.equal(settled(state, contender('a', 'a.example.com')), false);
  assert.equal(withdrawn(state, 'a', 'a.example.com'), false);
});

test('a wildcard shadows the exact hosts below it, at any depth, and no others', () => {
  const state = new BindingHosts(binding.name);
  for (const host of ['a.example.com', 'x.y.example.com', 'example.com', 'aexample.com', 'b.example.net']) {
    settled(state, contender(host, host));
  }
  assert.equal(settled(state, contender('w', '*.example.com')), true);
  assert.deepEqual([...state.named.keys()].sort(), ['a.example.com', 'x.y.example.com']);
  assert.equal(withdrawn(state, 'w', '*.example.com'), true);
  assert.deepEqual([...state.named.keys()], []);
});

test('a host stays shadowed while another wildcard covers it', () => {
  const state = new BindingHosts(binding.name);
  settled(state, contender('w1', '*.example.com'));
  settled(state, contender('w2', '*.b.example.com'));
  settled(state, contender('a', 'a.b.example.com'));
  withdrawn(state, 'w2', '*.b.example.com');
  assert.deepEqual([...state.named.keys()], ['a.b.example.com']);
});

test('a host with a chain of its own is not shadowed, and is again when the setting goes', () => {
  const state = new BindingHosts(binding.name);
  settled(state, contender('w', '*'));
  assert.equal(settled(state, contender('a', 'a.example.com', { idleTimeoutMs: 1000 })), true);
  assert.deepEqual([...state.named.keys()], []);
  assert.equal(settled(state, contender('a', 'a.example.com')), true);
  assert.deepEqual([...state.named.keys()], ['a.example.com']);
});

test('the oldest of equal claims wins, and the next one when it goes', () => {
  const state = new BindingHosts(binding.name);
  state.claim(contender('young', 'a.example.com', {}, '2026-02-01T00:00:00Z'));
  const entry = state.claim(contender('old', 'a.example.com'));
  assert.deepEqual(
    entry.contenders.map(({ route }) => route.ref.name),
    ['old', 'young'],
  );
  state.unclaim(key('TLSRoute/tenant/old'), 'a.example.com');
  assert.deepEqual(
    entry.contenders.map(({ route }) => route.ref.name),
    ['young'],
  );
});

test('a binding is known by its first address set, whatever came first', () => {
  const state = new BindingHosts(binding.name);
  const other = { ...binding, addresses: ['0.0.0.0', '::'] };
  state.use(other);
  state.use(binding);
  assert.deepEqual(state.binding, binding);
  state.release(binding);
  assert.deepEqual(state.binding, other);
  state.release(other);
  assert.equal(state.binding, undefined);
});

test('a host of several backends is named, for a chain that connects once', () => {
  const state = new BindingHosts(binding.name);
  const one = contender('a', 'a.example.com');
  const target = { namespace: 'tenant', service: 's', port: 443 };
  const two = {
    ...one,
    claim: {
      ...one.claim,
      backends: [
        { weight: 80, target },
        { weight: 20, target: undefined },
      ],
    },
  };
  assert.equal(settled(state, two), true);
  assert.deepEqual([...state.named.keys()], ['a.example.com']);
  assert.equal(settled(state, one), true);
  assert.deepEqual([...state.named.keys()], []);
});
