import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBadNews } from '../../model/conditions.ts';
import type { Claim, RouteModel, WeightedBackend } from '../../model/gateway.ts';
import { routeAccepted, routeResolved } from '../routes/route-conditions.ts';
import { deepFreeze } from '../test-objects.ts';
import { type Reach, withServing } from './serving.ts';
import { routeStatus } from './status.ts';

const BINDING = { name: '0.0.0.0:443', addresses: ['0.0.0.0'], port: 443 };
const TARGET = { namespace: 'tenant', service: 'api', port: 6443 };
const API: WeightedBackend = { weight: 1, target: TARGET };
const INVALID: WeightedBackend = { weight: 1, target: undefined };
const UNREADY: Reach = {
  reached: false,
  problems: [{ reason: 'EndpointsNotReady', text: 'none of 3 endpoints of Service tenant/api is ready' }],
};

function claimOf(host: string, backends: readonly WeightedBackend[] = [API]): Claim {
  return { binding: BINDING, host, original: host, parents: [0], gateway: undefined, backends, policy: {} };
}

function model(claims: readonly Claim[]): RouteModel {
  const conditions = [routeAccepted(1), routeResolved(1)];
  const parents = [{ parentRef: undefined, accepted: true, conditions, attached: [] }];
  const ref = { kind: 'TLSRoute', namespace: 'tenant', name: 'r' } as const;
  return deepFreeze({ ref, generation: 1, creationTimestamp: '', parents, claims });
}

function said(claims: readonly Claim[], reach: (claim: Claim) => Reach | undefined = () => undefined) {
  const route = model(claims);
  const [status] = withServing(routeStatus(route, []), route, [], reach);
  const found = status?.conditions.find(({ type }) => type === 'sluice.dev/Serving');
  assert.ok(found !== undefined);
  return found;
}

test('a route serves, and the condition is one object for all of its generation', () => {
  const serving = said([claimOf('a.example.com')]);
  assert.equal(`${serving.status} ${serving.reason}`, 'True Serving');
  assert.equal(said([claimOf('b.example.com')]), serving);
});

test('nothing can answer: False, with the reason of the first that is missing and the counts', () => {
  const { status, reason, message } = said([claimOf('a.example.com')], () => UNREADY);
  assert.equal(`${status} ${reason}`, 'False EndpointsNotReady');
  assert.equal(message, 'Connections are closed: none of 3 endpoints of Service tenant/api is ready.');
  assert.equal(said([claimOf('a.example.com', [])]).reason, 'NoBackends');
});

test('a share that is closed leaves the route serving, and is said', () => {
  const condition = said([claimOf('a.example.com', [API, API])], () => ({ ...UNREADY, reached: true }));
  assert.equal(condition.reason, 'PartlyServing');
  assert.equal(isBadNews(condition), false);
  assert.match(condition.message, /^Some connections are closed; shares of backends: none of 3/);
  assert.equal(said([claimOf('a.example.com', [API, INVALID])]).reason, 'PartlyServing');
});

test('a host of several that is closed is named, with how many there are', () => {
  const claims = [claimOf('a.example.com'), claimOf('b.example.com')];
  const one = said(claims, ({ host }) => (host.startsWith('a') ? UNREADY : undefined));
  assert.match(one.message, /^Some connections are closed \(1 of 2 hosts\); host a\.example\.com: none of 3/);
  const all = said(claims, () => UNREADY);
  assert.equal(all.status, 'False');
  assert.equal(all.message.match(/none of 3/g)?.length, 1, 'said once');
});

test('a backend without endpoints beside an invalid one: closed', () => {
  assert.equal(said([claimOf('a.example.com', [API, INVALID])], () => UNREADY).status, 'False');
});

test('a host that another route has is none of it', () => {
  const claims = [claimOf('a.example.com'), claimOf('b.example.com')];
  const route = model(claims);
  const lost = [{ claim: claims[0] as Claim, winner: { ...route.ref, name: 'other' } }];
  const [status] = withServing(routeStatus(route, lost), route, lost, ({ host }) =>
    host.startsWith('a') ? UNREADY : undefined,
  );
  assert.equal(status?.conditions.at(-1)?.reason, 'Serving');
});
