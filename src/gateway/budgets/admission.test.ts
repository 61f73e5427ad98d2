import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Claim, RouteModel } from '../../model/gateway.ts';
import { DEFAULT_GATEWAY_CONFIG } from '../config.ts';
import { Admission, type RefusedClaim } from './admission.ts';

const BUDGET = { ...DEFAULT_GATEWAY_CONFIG.namespaceBudget, hosts: 2, wildcards: 1 };

function claim(host: string): Claim {
  const binding = { name: '0.0.0.0:443', addresses: ['0.0.0.0'], port: 443 };
  return { binding, host, original: host, parents: [0], gateway: undefined, backends: [], policy: {} };
}

/** Counts how often its claims are looked at. */
function routeOf(...hosts: readonly string[]): RouteModel & { readonly looks: () => number } {
  const claims = hosts.map(claim);
  let looks = 0;
  return {
    ref: { kind: 'TLSRoute', namespace: 'red', name: hosts.join() },
    generation: 1,
    creationTimestamp: '',
    parents: [],
    get claims() {
      looks += 1;
      return claims;
    },
    looks: () => looks,
  };
}

function hostsOf(refused: readonly RefusedClaim[]): string[] {
  return refused.map(({ claim, kind }) => `${claim.host} ${kind}`);
}

test('what has no room at all is not looked at again, and is as soon as there is some', () => {
  const [large, small] = [routeOf('a', 'b'), routeOf('a')];
  const late = routeOf('c', 'd');
  const full = new Admission(BUDGET);
  full.admit(large);
  const refused = full.admit(late);
  assert.deepEqual(hostsOf(refused), ['c hosts', 'd hosts']);

  const looks = late.looks();
  const again = new Admission(BUDGET);
  again.admit(large);
  assert.equal(again.admit(late, refused), refused);
  assert.equal(late.looks(), looks);

  const roomy = new Admission(BUDGET);
  roomy.admit(small);
  assert.deepEqual(hostsOf(roomy.admit(late, refused)), ['d hosts']);
});

test('a wildcard among it has room of its own', () => {
  const late = routeOf('c', '*.d');
  const full = new Admission(BUDGET);
  full.admit(routeOf('a', 'b', '*.x'));
  const refused = full.admit(late);
  assert.deepEqual(hostsOf(refused), ['c hosts', '*.d wildcards']);

  const again = new Admission(BUDGET);
  again.admit(routeOf('a', 'b'));
  assert.deepEqual(hostsOf(again.admit(late, refused)), ['c hosts']);
});

test('a route without claims is refused nothing, and hides no other', () => {
  const admission = new Admission(BUDGET);
  assert.deepEqual(admission.admit(routeOf()), []);
  admission.admit(routeOf('a', 'b'));
  assert.deepEqual(hostsOf(admission.admit(routeOf('c'))), ['c hosts']);
});
