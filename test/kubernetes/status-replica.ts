/** A replica of Sluice on a real API server, with or without a real Envoy, for tests of what is written back. */
import { pino } from 'pino';
import { openAdminGuard } from '../../src/cli/admin/access/open-guard.ts';
import { readFlags } from '../../src/cli/flag.ts';
import type { SocketAddress } from '../../src/cli/flag-values.ts';
import { engineConfig, SERVE_FLAGS } from '../../src/cli/flags.ts';
import { ControlPlane } from '../../src/cli/serve/control-plane.ts';
import { createSource } from '../../src/cli/source.ts';
import type { ElectionTimes } from '../../src/status/leader-election.ts';
import { testBootstrap } from '../e2e/gateway-node.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import type { ApiObject } from '../harness/kubernetes/client.ts';
import type { Cluster } from '../harness/kubernetes/cluster.ts';
import { until } from '../harness/until.ts';

export const GATEWAY_API = 'gateway.networking.k8s.io/v1';
export const CONTROLLER = 'sluice.dev/gateway-controller';
/** Namespace of leases. */
export const LEASES = 'default';

export interface ReplicaOptions {
  readonly flags?: Readonly<Record<string, readonly string[]>>;
  readonly electionTimes?: ElectionTimes;
  readonly envoyGraceMs?: number;
  readonly kubeconfig?: string;
  /** A free port of 127.0.0.1 unless given. */
  readonly adminAddress?: SocketAddress;
  /** Whether the API server is asked who looks at the admin address; not unless given. */
  readonly guarded?: boolean;
}

/** `sluice serve --source kubernetes` in this process. */
export async function startReplica(cluster: Cluster, options: ReplicaOptions = {}): Promise<ControlPlane> {
  const given = {
    source: ['kubernetes'],
    kubeconfig: [options.kubeconfig ?? cluster.kubeconfig],
    leaderElectionNamespace: [LEASES],
    ...options.flags,
  };
  const config = readFlags(SERVE_FLAGS, given, {});
  const logger = pino({ level: process.env['SLUICE_TEST_LOG'] ?? 'silent' }, pino.destination(2));
  const { electionTimes, envoyGraceMs, adminAddress = { host: '127.0.0.1', port: 0 } } = options;
  return await ControlPlane.start({
    source: createSource(config.source, logger, config),
    engine: engineConfig(config),
    xdsAddress: { host: '127.0.0.1', port: 0 },
    adminAddress,
    adminGuard: options.guarded === true ? openAdminGuard(config) : undefined,
    drainTimeoutMs: 1_000,
    status: {
      ...config,
      ...(electionTimes === undefined ? {} : { electionTimes }),
      ...(envoyGraceMs === undefined ? {} : { envoyGraceMs }),
    },
    logger,
  });
}

export function startEnvoy(plane: ControlPlane, nodeId: string): Promise<EnvoyProcess> {
  return EnvoyProcess.start({ bootstrap: testBootstrap(plane.xdsPort, nodeId), drainTimeSeconds: 1 });
}

export interface PresentCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

export interface GatewayStatus {
  readonly addresses?: readonly { readonly type: string; readonly value: string }[];
  readonly conditions?: readonly PresentCondition[];
  readonly listeners?: readonly {
    readonly name: string;
    readonly supportedKinds?: readonly object[];
    readonly attachedRoutes: number;
    readonly conditions: readonly PresentCondition[];
  }[];
}

export interface RouteStatus {
  readonly parents?: readonly {
    readonly parentRef: { readonly name: string };
    readonly controllerName: string;
    readonly conditions: readonly PresentCondition[];
  }[];
}

export function statusOf<T>(object: ApiObject): T {
  return (object['status'] ?? {}) as T;
}

/** `True Accepted`; `''` where there is none of this type. */
export function stateOf(conditions: readonly PresentCondition[] | undefined, type: string): string {
  const found = conditions?.find((condition) => condition.type === type);
  return found === undefined ? '' : `${found.status} ${found.reason}`;
}

/** Reads an object again and again until its status is as wished; the API has a watch, which would test nothing more. */
export async function untilStatus<T>(
  cluster: Cluster,
  address: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
  },
  wished: (status: T) => boolean,
  what: string,
  timeoutMs = 20_000,
): Promise<ApiObject> {
  let last: ApiObject | undefined;
  try {
    await until(
      async () => {
        last = await cluster.client.get(address);
        return wished(statusOf<T>(last));
      },
      { what: `${address.kind} ${address.name}: ${what}`, timeoutMs, intervalMs: 25 },
    );
  } catch (error) {
    throw new Error(`${String(error)}; its status is ${JSON.stringify(last?.['status'], undefined, 1)}`);
  }
  if (last === undefined) throw new Error('never read');
  return last;
}

export const gatewayAt = (name: string) => ({
  apiVersion: GATEWAY_API,
  kind: 'Gateway',
  namespace: 'default',
  name,
});
export const routeAt = (name: string) => ({
  apiVersion: GATEWAY_API,
  kind: 'TLSRoute',
  namespace: 'default',
  name,
});

export function gatewayClass(name: string, controllerName = CONTROLLER) {
  return { apiVersion: GATEWAY_API, kind: 'GatewayClass', metadata: { name }, spec: { controllerName } };
}

export function gateway(name: string, port: number, spec: object = {}) {
  return {
    apiVersion: GATEWAY_API,
    kind: 'Gateway',
    metadata: { name, namespace: 'default' },
    spec: {
      gatewayClassName: 'sluice',
      listeners: [
        { name: 'tls', port, protocol: 'TLS', hostname: '*.example.com', tls: { mode: 'Passthrough' } },
      ],
      ...spec,
    },
  };
}

export function route(name: string, gatewayName: string, host = `${name}.example.com`) {
  return {
    apiVersion: GATEWAY_API,
    kind: 'TLSRoute',
    metadata: { name, namespace: 'default' },
    spec: {
      parentRefs: [{ name: gatewayName }],
      hostnames: [host],
      rules: [{ backendRefs: [{ name: 'api', port: 443 }] }],
    },
  };
}

/** An Ingress that passes TLS through, and the IngressClass that makes it ours. */
export function ingressWithClass(name: string, host: string, service: string): readonly object[] {
  const apiVersion = 'networking.k8s.io/v1';
  const backend = { service: { name: service, port: { number: 443 } } };
  return [
    { apiVersion, kind: 'IngressClass', metadata: { name: 'sluice' }, spec: { controller: CONTROLLER } },
    {
      apiVersion,
      kind: 'Ingress',
      metadata: { name, namespace: 'default', annotations: { 'sluice.dev/ssl-passthrough': 'true' } },
      spec: {
        ingressClassName: 'sluice',
        rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      },
    },
  ];
}
