/** What a new leader writes first, and what it does where it may not read everything. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { hastyClock } from '../kubernetes-api/test-clock.ts';
import { condition } from '../model/conditions.ts';
import type { DesiredStatus } from '../model/desired-status.ts';
import { isUnservedRouteKind } from '../model/kinds.ts';
import { key } from '../model/test-key.ts';
import { NO_ENVOYS } from './envoy-fleet.ts';
import { StatusController } from './status-controller.ts';
import { type Answer, type Asked, startTestApiServer } from './test-api-server.ts';

const V1 = '/apis/gateway.networking.k8s.io/v1';
const KINDS = ['gatewayclasses', 'gateways', 'listenersets', 'tlsroutes'];
const SETS = Array.from({ length: 40 }, (_, index) => `ListenerSet/red/s${index}`);
const CONDITIONS = [condition('Accepted', true, 'Accepted', '', 1)];

function desired(key: string): DesiredStatus | undefined {
  const base = { uid: 'u1', conditions: CONDITIONS };
  const listeners = { listeners: [], tentative: false };
  if (key.startsWith('GatewayClass/')) return { ...base, kind: 'GatewayClass', supportedFeatures: [] };
  if (key.startsWith('Gateway/'))
    return { ...base, ...listeners, kind: 'Gateway', addresses: [], attachedListenerSets: 0 };
  if (key.startsWith('ListenerSet/')) return { ...base, ...listeners, kind: 'ListenerSet' };
  if (!key.startsWith('TLSRoute/')) return undefined;
  const parent = { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'infra', name: 'gw' };
  const parentRef = { ...parent, sectionName: undefined, port: undefined };
  const parents = [{ parentRef, controllerName: 'example.com/x', conditions: CONDITIONS }];
  return { kind: 'TLSRoute', uid: 'u1', parents, controllerNames: ['example.com/x'] };
}

function object(namespace: string, name: string, status: unknown = {}) {
  return { metadata: { namespace, name, uid: 'u1', resourceVersion: '1' }, status };
}

async function lead(t: TestContext, answer: (asked: Asked) => Answer | undefined) {
  const clock = hastyClock();
  const warnings: string[] = [];
  const server = await startTestApiServer(t, (asked) => {
    if (asked.path === V1) return { status: 200, body: { resources: KINDS.map((name) => ({ name })) } };
    return answer(asked) ?? { status: 200, body: { metadata: {}, items: [] } };
  });
  const controller = new StatusController({
    kubeconfig: server.kubeconfig,
    statusesPerSecond: 1_000,
    election: undefined,
    identity: 'x',
    namespace: 'edge',
    world: {
      desired,
      isRead: (kind) => !isUnservedRouteKind(kind),
      parentKeys: () => [key('Gateway/infra/gw'), ...SETS.map(key)],
      ingressKeys: () => [],
      envoys: () => NO_ENVOYS,
      ingressConditions: () => [],
      ingressUid: () => 'u1',
      routeOfCluster: () => undefined,
    },
    clock,
    logger: { debug() {}, info() {}, warn: (_fields, message) => warnings.push(message) },
  });
  t.after(() => controller.stop());
  controller.start();
  return { server, clock, warnings };
}

function isList({ method, path }: Asked, kind: string): boolean {
  return method === 'GET' && path.includes(`/${kind}?`);
}

test('the statuses of the class and the routes do not wait behind those of the ListenerSets', async (t) => {
  const status = {
    conditions: [{ ...CONDITIONS[0], lastTransitionTime: '2026-01-01T00:00:00Z' }],
    listeners: [],
  };
  const { server } = await lead(t, ({ method, path }) => {
    const [what = ''] = path.split('?');
    const name =
      what
        .replace(/\/status$/, '')
        .split('/')
        .at(-1) ?? '';
    const listed: Record<string, unknown[]> = {
      gatewayclasses: [object('', 'sluice')],
      gateways: [object('infra', 'gw')],
      listenersets: SETS.map((key) => object('red', key.split('/')[2] ?? '', status)),
      tlsroutes: [object('red', 'route')],
    };
    const items = method === 'GET' ? listed[name] : undefined;
    return { status: 200, body: items === undefined ? object('red', name) : { metadata: {}, items } };
  });
  const asksForOne = (kind: string) => (asked: Asked) => asked.path.includes(`/${kind}/`);
  await server.saw(asksForOne('gatewayclasses'));
  await server.saw(asksForOne('tlsroutes'));
  assert.equal(server.asked.filter(asksForOne('listenersets')).length, 0);
});

test('a kind that may not be read stops none of the others, and alone is tried again', async (t) => {
  let refusals = 0;
  const thrice = Promise.withResolvers<void>();
  const { server, clock, warnings } = await lead(t, (asked) => {
    if (!isList(asked, 'listenersets'))
      return asked.path.includes('?') ? undefined : { status: 404, body: {} };
    refusals += 1;
    if (refusals === 3) thrice.resolve();
    return { status: 403, body: { kind: 'Status', code: 403, reason: 'Forbidden', message: 'no' } };
  });
  await thrice.promise;
  const lists = (kind: string): number => server.asked.filter((asked) => isList(asked, kind)).length;
  assert.deepEqual(
    ['gatewayclasses', 'gateways', 'tlsroutes', 'ingresses'].map(lists),
    [1, 1, 1, 1],
    'each was looked through, once',
  );
  assert.equal(clock.waits.filter((ms) => ms === 5_000).length, 2);
  assert.equal(
    warnings.filter((message) => message.includes('could not be read')).length,
    2,
    'one each time',
  );
});
