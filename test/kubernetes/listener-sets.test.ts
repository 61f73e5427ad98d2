/** ListenerSets against a real kube-apiserver and a real Envoy; their CRD comes while Sluice runs. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ControlPlane } from '../../src/cli/serve/control-plane.ts';
import { freePorts } from '../e2e/gateway-node.ts';
import type { EnvoyProcess } from '../harness/envoy-process.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { crdManifests, installCrds } from '../harness/kubernetes/crds.ts';
import {
  GATEWAY_API,
  type GatewayStatus,
  gateway,
  gatewayAt,
  gatewayClass,
  type RouteStatus,
  route,
  routeAt,
  startEnvoy,
  startReplica,
  stateOf,
  statusOf,
  untilStatus,
} from './status-replica.ts';

const TIMEOUT = { timeout: 180_000 };
/** Sluice looks for a CRD that is missing at growing intervals. */
const CRD_FOUND_MS = 90_000;

let cluster: Cluster;
let plane: ControlPlane;
let envoy: EnvoyProcess;

const setAt = (name: string) => ({ ...gatewayAt(name), kind: 'ListenerSet' });

function listenerSet(name: string, gatewayName: string, listeners: readonly object[]) {
  return {
    apiVersion: GATEWAY_API,
    kind: 'ListenerSet',
    metadata: { name, namespace: 'default' },
    spec: {
      parentRef: { name: gatewayName },
      listeners: listeners.map((listener) => ({
        name: 'tls',
        protocol: 'TLS',
        tls: { mode: 'Passthrough' },
        ...listener,
      })),
    },
  };
}

before(async () => {
  cluster = await startCluster();
  const kinds = ['gatewayclasses', 'gateways', 'tlsroutes', 'referencegrants'];
  await installCrds(cluster.client, await crdManifests('standard', kinds));
  await cluster.client.apply([
    gatewayClass('sluice'),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'api', namespace: 'default' },
      spec: { ports: [{ port: 443 }] },
    },
  ]);
  plane = await startReplica(cluster, { flags: { leaderElection: ['off'] }, envoyGraceMs: 500 });
  envoy = await startEnvoy(plane, 'gw-1');
}, TIMEOUT);
after(async () => {
  await envoy?.stop();
  await plane?.stop();
  await cluster?.stop();
});

test('a cluster without the CRD is served; once there is one, ListenerSets are', TIMEOUT, async () => {
  const [port = 0, own = 0] = await freePorts(2);
  const allowedListeners = { namespaces: { from: 'Same' } };
  await cluster.client.apply([gateway('public', port, { allowedListeners })]);
  await untilStatus<GatewayStatus>(
    cluster,
    gatewayAt('public'),
    ({ conditions }) => stateOf(conditions, 'Programmed') === 'True Programmed',
    'programmed without the CRD',
  );

  await installCrds(cluster.client, await crdManifests('standard', ['listenersets']));
  const set = listenerSet('added', 'public', [
    { port: own, hostname: 'added.example.org' },
    { name: 'lost', port, hostname: '*.example.com' },
  ]);
  const parentRefs = [{ kind: 'ListenerSet', name: 'added' }];
  const attached = route('attached', 'public', 'added.example.org');
  await cluster.client.apply([set, { ...attached, spec: { ...attached.spec, parentRefs } }]);
  const programmed = await untilStatus<GatewayStatus>(
    cluster,
    setAt('added'),
    ({ conditions, listeners }) =>
      stateOf(conditions, 'Programmed') === 'True Programmed' && listeners?.[0]?.attachedRoutes === 1,
    'programmed',
    CRD_FOUND_MS,
  );
  const { conditions, listeners } = statusOf<GatewayStatus>(programmed);
  assert.equal(stateOf(conditions, 'Accepted'), 'True ListenersNotValid');
  assert.equal(stateOf(listeners?.[0]?.conditions, 'Programmed'), 'True Programmed');
  assert.equal(stateOf(listeners?.[1]?.conditions, 'Conflicted'), 'True HostnameConflict');
  await untilStatus<GatewayStatus & { attachedListenerSets?: number }>(
    cluster,
    gatewayAt('public'),
    ({ attachedListenerSets }) => attachedListenerSets === 1,
    'one attached',
  );
  const accepted = await untilStatus<RouteStatus>(
    cluster,
    routeAt('attached'),
    ({ parents }) => stateOf(parents?.[0]?.conditions, 'Accepted') === 'True Accepted',
    'accepted',
  );
  const [parent] = statusOf<RouteStatus>(accepted).parents ?? [];
  assert.equal(parent?.controllerName, 'sluice.dev/gateway-controller');
  assert.equal((parent?.parentRef as { kind?: string } | undefined)?.kind, 'ListenerSet');
});

test('what was allowed is taken back, and what has no Gateway any more says so', TIMEOUT, async () => {
  await cluster.client.patch(gatewayAt('public'), { spec: { allowedListeners: null } });
  const refused = await untilStatus<GatewayStatus>(
    cluster,
    setAt('added'),
    ({ conditions }) => stateOf(conditions, 'Accepted') === 'False NotAllowed',
    'not allowed',
  );
  const { conditions, listeners } = statusOf<GatewayStatus>(refused);
  assert.equal(stateOf(conditions, 'Programmed'), 'False NotAllowed');
  assert.deepEqual(listeners ?? [], []);
  await untilStatus<GatewayStatus & { attachedListenerSets?: number }>(
    cluster,
    gatewayAt('public'),
    ({ attachedListenerSets }) => attachedListenerSets === 0,
    'none attached',
  );
  await untilStatus<RouteStatus>(
    cluster,
    routeAt('attached'),
    ({ parents }) => stateOf(parents?.[0]?.conditions, 'Accepted') === 'False NoMatchingParent',
    'refused',
  );
  await cluster.client.remove(gatewayAt('public'));
  await untilStatus<GatewayStatus>(
    cluster,
    setAt('added'),
    (status) => stateOf(status.conditions, 'Accepted') === 'False ParentNotAccepted',
    'without a Gateway',
  );
});
