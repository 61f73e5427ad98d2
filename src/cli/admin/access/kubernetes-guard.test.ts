import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { AdminGuard, AdminVisitor } from './admin-guard.ts';
import { kubernetesGuard } from './kubernetes-guard.ts';
import { type ApiUser, ReviewFailure, type Reviews, type Wish } from './reviews.ts';

const ELSEWHERE = '198.51.100.7';

let asked: string[];
let now: number;
let fails: boolean;
let guard: AdminGuard;

/** `operator` may see everything, `tenant` the routes of tenant-a, `stranger` nothing. */
const reviews: Reviews = {
  userOf: async (token) => {
    asked.push(`who ${token}`);
    if (fails) throw new ReviewFailure('allow create on tokenreviews');
    const user: ApiUser = { username: token };
    return ['operator', 'tenant', 'stranger'].includes(token) ? user : undefined;
  },
  isAllowed: async ({ username }, wish: Wish) => {
    asked.push(`${username} ${'path' in wish ? wish.path : `routes of ${wish.routesOf}`}`);
    if (username === 'operator') return true;
    return username === 'tenant' && 'routesOf' in wish && wish.routesOf === 'tenant-a';
  },
  close: () => {},
};

beforeEach(() => {
  asked = [];
  now = 0;
  fails = false;
  guard = kubernetesGuard({ reviews, metrics: false, now: () => now });
});

async function admit(path: string, token?: string, visitor: Partial<AdminVisitor> = {}) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return await guard.admit({ path, peer: ELSEWHERE, headers, ...visitor });
}

async function refused(path: string, token?: string): Promise<string> {
  const result = await admit(path, token);
  assert.ok('refused' in result, `${path} is shown to ${token}`);
  return `${result.refused.status} ${result.refused.code}`;
}

async function isOperator(path: string, token?: string, visitor?: Partial<AdminVisitor>): Promise<boolean> {
  const result = await admit(path, token, visitor);
  return 'access' in result && result.access.isOperator;
}

describe('who may look', () => {
  it('probes and Prometheus need no token, and nobody is asked', async () => {
    for (const path of ['/healthz', '/livez', '/readyz', '/metrics']) assert.ok(await isOperator(path), path);
    assert.deepEqual(asked, []);
  });
  it('metrics need one where they are guarded, by the name that Prometheus is allowed', async () => {
    guard = kubernetesGuard({ reviews, metrics: true });
    assert.equal(await refused('/metrics'), '401 SLUICE_ADMIN_UNAUTHENTICATED');
    assert.ok(await isOperator('/metrics', 'operator'));
    assert.deepEqual(asked, ['who operator', 'operator /metrics']);
    assert.ok(await isOperator('/readyz'));
  });
  it('whoever is on the machine or has a forwarded port sees everything', async () => {
    for (const peer of ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
      assert.ok(await isOperator('/api/v1/status', undefined, { peer }), peer);
    assert.deepEqual(asked, []);
    assert.equal(await refused('/api/v1/status'), '401 SLUICE_ADMIN_UNAUTHENTICATED');
  });
  it('an operator sees all pages, those that there are not among them', async () => {
    for (const path of ['/', '/debug/routes', '/problems', '/api/v1/changes', '/nonsense'])
      assert.ok(await isOperator(path, 'operator'), path);
    assert.ok(asked.includes('operator /sluice.dev/debug/routes'), 'below a prefix of our own');
  });
  it('takes the token of a header that the API server lets through', async () => {
    const headers = { 'sluice-authorization': 'Bearer operator' };
    assert.ok(await isOperator('/api/v1/status', undefined, { headers }));
  });
  it('a tenant sees the namespaces that it may read, and other pages not', async () => {
    const result = await admit('/api/v1/explain', 'tenant');
    assert.ok('access' in result && !result.access.isOperator);
    assert.equal(await result.access.mayReadRoutes('tenant-a'), true);
    assert.equal(await result.access.mayReadRoutes('tenant-b'), false);
    for (const path of ['/api/v1/status', '/debug/routes', '/problems', '/'])
      assert.equal(await refused(path, 'tenant'), '403 SLUICE_ADMIN_FORBIDDEN');
  });
  it('a token of nobody, and none at all, are told apart from one that is not enough', async () => {
    assert.equal(await refused('/api/v1/explain', 'forged'), '401 SLUICE_ADMIN_UNAUTHENTICATED');
    assert.equal(await refused('/api/v1/status', 'stranger'), '403 SLUICE_ADMIN_FORBIDDEN');
    for (const authorization of ['', 'Basic eDp5', 'Bearer ', 'Bearer a b', `Bearer ${'x'.repeat(20_000)}`]) {
      const result = await admit('/api/v1/status', undefined, { headers: { authorization } });
      assert.ok('refused' in result && result.refused.status === 401, authorization.slice(0, 20));
    }
  });
});

describe('the API server', () => {
  it('is asked once in ten seconds', async () => {
    await admit('/api/v1/status', 'operator');
    await admit('/api/v1/status', 'operator');
    assert.equal(asked.length, 2);
    now = 10_000;
    await admit('/api/v1/status', 'operator');
    assert.equal(asked.length, 4);
  });
  it('that cannot be asked lets nobody in, and is asked again', async () => {
    fails = true;
    assert.equal(await refused('/api/v1/status', 'operator'), '503 SLUICE_ADMIN_REVIEW');
    fails = false;
    assert.ok(await isOperator('/api/v1/status', 'operator'));
  });
  it('is not flooded by who guesses tokens', async () => {
    const all = await Promise.all(
      Array.from({ length: 200 }, (_, index) => admit('/problems', `guess-${index}`)),
    );
    const statuses = all.map((each) => ('refused' in each ? each.refused.status : 200));
    assert.equal(asked.length, 16);
    assert.equal(statuses.filter((status) => status === 503).length, 184);
  });
});
