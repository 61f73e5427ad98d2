import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiAnswer, ApiClient } from '../../kubernetes-api/api-client.ts';
import { ManualClock } from '../../kubernetes-api/test-clock.ts';
import { readMapping } from '../mapping/read-mapping.ts';
import { SHIPPED_MAPPINGS } from '../mapping/shipped.ts';
import { type OwnerReference, readOwnedObject } from '../world/owned-object.ts';
import { TenantWorld, tenantKey } from '../world/tenant-world.ts';
import { Reconciler } from './reconciler.ts';

const MAPPING = readMapping(SHIPPED_MAPPINGS['kdccluster'] ?? '', {
  domain: 'stage.example.com',
  gateway: { namespace: 'infra', name: 'public', sectionName: undefined },
});
const KEY = tenantKey('kdccluster', 'shop', 'ghost');

/** A Service that says it was made for a tenant which is not there, with the owner that the test gives it. */
function setUp(owner: Partial<OwnerReference>, answer: Pick<ApiAnswer, 'status' | 'body'>) {
  const requests: string[] = [];
  const client = {
    send: async (method: string, path: string) => {
      requests.push(`${method} ${path}`);
      return { retryAfterMs: undefined, ...(method === 'GET' ? answer : { status: 200, body: {} }) };
    },
  } as unknown as ApiClient;
  const world = new TenantWorld();
  world.setOwned(
    readOwnedObject('Service', {
      metadata: {
        name: 'ghost-api-proxy',
        namespace: 'shop',
        uid: 'u1',
        labels: { 'sluice.dev/tenants': 'kdccluster' },
        annotations: { 'sluice.dev/tenant': 'ghost' },
        ownerReferences: [
          {
            apiVersion: 'k8s.kube-dc.com/v1alpha1',
            kind: 'KdcCluster',
            name: 'ghost',
            uid: 'u0',
            controller: true,
            ...owner,
          },
        ],
        managedFields: [{ manager: 'sluice-tenants', operation: 'Apply' }],
      },
    }),
  );
  const reconciler = new Reconciler({
    client,
    world,
    mappings: [MAPPING],
    rules: { allowLoopbackEndpoints: false, isDenied: () => false, answerOf: () => assert.fail() },
    events: { record: () => {} },
    onDue: () => {},
    clock: new ManualClock(),
    wallClock: () => new Date(0),
    logger: { debug: () => {}, info: () => {}, warn: () => {} },
  });
  return { reconciler, requests };
}

const REMOVAL = 'DELETE /api/v1/namespaces/shop/services/ghost-api-proxy';

describe('what is left of a tenant that is not there', () => {
  it('goes, once its owner is known to be gone', async () => {
    const { reconciler, requests } = setUp({}, { status: 404, body: {} });
    assert.deepEqual(await reconciler.work(KEY, 0), { type: 'done' });
    const look = 'GET /apis/k8s.kube-dc.com/v1alpha1/namespaces/shop/kdcclusters/ghost';
    assert.deepEqual(requests, [look, REMOVAL]);
  });

  for (const [what, owner] of [
    ['a name that leads elsewhere', { name: '../../../../api/v1/namespaces/infra/secrets/key' }],
    ['a name that no request can have', { name: 'ghost and more\n' }],
    ['another kind', { kind: 'Shop' }],
    ['another group', { apiVersion: 'v1' }],
  ] as const)
    it(`goes without a question where its owner has ${what}`, async () => {
      const { reconciler, requests } = setUp(owner, { status: 403, body: {} });
      assert.deepEqual(await reconciler.work(KEY, 0), { type: 'done' });
      assert.deepEqual(requests, [REMOVAL]);
    });

  it('holds nobody else up where its owner must not be read', async () => {
    const { reconciler, requests } = setUp({}, { status: 403, body: {} });
    assert.equal((await reconciler.work(KEY, 0)).type, 'again');
    assert.equal(requests.length, 1);
  });

  it('waits with all others where the API server has too much to do', async () => {
    const { reconciler } = setUp({}, { status: 429, body: {} });
    assert.equal((await reconciler.work(KEY, 0)).type, 'pause');
  });
});
