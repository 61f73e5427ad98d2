/** Every flag of every command. docs/errors.md and the README list what they refuse. */
import { DEFAULT_GATEWAY_CONFIG } from '../gateway/config.ts';
import { parseAddressRange } from '../gateway/parents/address-pool.ts';
import { DEFAULT_ENGINE_CONFIG, type EngineConfig } from '../snapshot/config.ts';
import { ADMIN_FLAGS } from './admin/admin-flags.ts';
import { BUDGET_FLAGS, namespaceBudgetOf } from './budget-flags.ts';
import type { FlagSet, FlagValues } from './flag.ts';
import {
  className,
  controllerName,
  dnsLabel,
  duration,
  enabled,
  fromText,
  hostName,
  ipAddress,
  listenAddress,
  oneOf,
  onOff,
  port,
  source,
  wholeNumber,
} from './flag-values.ts';
import { KUBERNETES_FLAGS } from './operator/find/kubernetes-flags.ts';
import { STATE_FLAGS } from './serve/state-flags.ts';
import { STATUS_FLAGS } from './status-flags.ts';
import { XDS_TLS_FLAGS } from './tls-flags.ts';

/** An address or a range of them, as the pool of Gateways takes it. */
const addressRange = fromText(
  'not an IP address or a CIDR range; write it as 203.0.113.7 or 203.0.113.0/28, without bits set beyond the prefix',
  (text) => (parseAddressRange(text) === undefined ? undefined : text),
);

const HOUR_MS = 3_600_000;
/** What changes the bytes of a filter chain that every tenant's connections run through. */
const CLOSES_CONNECTIONS = 'changing it closes all connections once Envoy has drained them';

/** What the manifests mean: of `serve` and of `translate`, so that the one shows what the other does. */
export const TRANSLATION_FLAGS = {
  gatewayApiChannel: {
    name: '--gateway-api-channel',
    value: 'any|standard|experimental',
    description:
      'CRDs of the Gateway API that manifests of a directory are judged by; any: what one of them takes',
    env: 'SLUICE_GATEWAY_API_CHANNEL',
    default: 'any',
    schema: oneOf('any', 'standard', 'experimental'),
  },
  sniMode: {
    name: '--sni-mode',
    value: 'index|chain',
    description: `find exact hosts by cluster name, or give each host a filter chain; ${CLOSES_CONNECTIONS}`,
    env: 'SLUICE_SNI_MODE',
    default: DEFAULT_ENGINE_CONFIG.sniMode,
    schema: oneOf('index', 'chain'),
  },
  adoptControllerNames: {
    name: '--adopt-controller-name',
    value: 'NAME',
    description: 'also claim GatewayClasses and IngressClasses of this controller',
    env: 'SLUICE_ADOPT_CONTROLLER_NAMES',
    repeatable: true,
    schema: controllerName,
  },
  adoptClasses: {
    name: '--adopt-class',
    value: 'NAME',
    description: 'also claim this class name where no class object of that name exists',
    env: 'SLUICE_ADOPT_CLASSES',
    repeatable: true,
    schema: className,
  },
  gatewayNamespaces: {
    name: '--gateway-namespace',
    value: 'NAME',
    description:
      'serve Gateways of this namespace only; unless set, of all: then only operators may create them',
    env: 'SLUICE_GATEWAY_NAMESPACES',
    repeatable: true,
    schema: dnsLabel,
  },
  listenerSetPorts: {
    name: '--listener-set-port',
    value: 'N',
    description: 'port that listeners of ListenerSets may have, whatever their protocol; unless set, any',
    env: 'SLUICE_LISTENER_SET_PORTS',
    repeatable: true,
    schema: port,
  },
  deniedEndpoints: {
    name: '--deny-endpoint',
    value: 'CIDR',
    description:
      "send no connection to tenants' endpoints in this range, besides loopback, metadata services and the like",
    env: 'SLUICE_DENIED_ENDPOINTS',
    repeatable: true,
    schema: addressRange,
  },
  listenAddresses: {
    name: '--listen-address',
    value: 'IP',
    description: `where Envoy listens for Gateways without spec.addresses and for Ingresses; ${CLOSES_CONNECTIONS}`,
    env: 'SLUICE_LISTEN_ADDRESSES',
    repeatable: true,
    default: DEFAULT_GATEWAY_CONFIG.listenAddresses.join(),
    schema: ipAddress,
  },
  addressPool: {
    name: '--address-pool',
    value: 'IP|CIDR',
    description: 'give each Gateway without spec.addresses one of these addresses for itself',
    env: 'SLUICE_ADDRESS_POOL',
    repeatable: true,
    schema: addressRange,
  },
  ingressPorts: {
    name: '--ingress-port',
    value: 'N',
    description: 'port on which the hosts of Ingresses are served',
    // Not SLUICE_INGRESS_PORT: Kubernetes sets that to tcp://… beside a Service named sluice-ingress.
    env: 'SLUICE_INGRESS_PORTS',
    repeatable: true,
    default: DEFAULT_GATEWAY_CONFIG.ingressPorts.join(),
    schema: port,
  },
  allowLoopbackEndpoints: {
    name: '--allow-loopback-endpoints',
    description: 'send connections to endpoints on 127.0.0.0/8 and ::1; for one machine, never for tenants',
    env: 'SLUICE_ALLOW_LOOPBACK_ENDPOINTS',
    default: String(DEFAULT_GATEWAY_CONFIG.allowLoopbackEndpoints),
    schema: enabled,
  },
  accessLog: {
    name: '--access-log',
    value: 'on|off',
    description: `whether listeners have an access log at all; ${CLOSES_CONNECTIONS}`,
    env: 'SLUICE_ACCESS_LOG',
    default: DEFAULT_ENGINE_CONFIG.accessLog ? 'on' : 'off',
    schema: onOff,
  },
  idleTimeoutMs: {
    name: '--idle-timeout',
    value: 'DURATION',
    description: `close a connection that is silent for so long, 0 for never; ${CLOSES_CONNECTIONS}`,
    env: 'SLUICE_IDLE_TIMEOUT',
    default: '24h',
    schema: duration(1_000, 30 * 24 * HOUR_MS, 'from 1s to 720h, or 0', true),
  },
  clientHelloTimeoutMs: {
    name: '--client-hello-timeout',
    value: 'DURATION',
    description: `how long a client may take for its ClientHello; ${CLOSES_CONNECTIONS}`,
    env: 'SLUICE_CLIENT_HELLO_TIMEOUT',
    default: '10s',
    schema: duration(100, 5 * 60_000, 'from 100ms to 5m'),
  },
  connectTimeoutMs: {
    name: '--connect-timeout',
    value: 'DURATION',
    description: 'how long a backend may take to accept a connection',
    env: 'SLUICE_CONNECT_TIMEOUT',
    default: '5s',
    schema: duration(10, 5 * 60_000, 'from 10ms to 5m'),
  },
  connectionShares: {
    name: '--namespace-connection-shares',
    value: 'N',
    description:
      'hosts among which --namespace-connections are divided at most; each further host may have as many again',
    env: 'SLUICE_NAMESPACE_CONNECTION_SHARES',
    default: String(DEFAULT_GATEWAY_CONFIG.connectionShares),
    schema: wholeNumber(1, 10_000_000),
  },
  maxConnectionsPerHost: {
    name: '--max-connections-per-host',
    value: 'N',
    description: 'most connections that a route may ask for with sluice.dev/max-connections, per Envoy',
    env: 'SLUICE_MAX_CONNECTIONS_PER_HOST',
    default: String(DEFAULT_GATEWAY_CONFIG.maxConnectionsPerHost),
    schema: wholeNumber(1, 10_000_000),
  },
  maxConnectTimeoutMs: {
    name: '--max-connect-timeout',
    value: 'DURATION',
    description: 'longest time that a route may ask for with sluice.dev/connect-timeout',
    env: 'SLUICE_MAX_CONNECT_TIMEOUT',
    default: '1m',
    schema: duration(10, 5 * 60_000, 'from 10ms to 5m'),
  },
  maxIdleTimeoutMs: {
    name: '--max-idle-timeout',
    value: 'DURATION',
    description: 'longest time that a route may ask for with sluice.dev/idle-timeout',
    env: 'SLUICE_MAX_IDLE_TIMEOUT',
    default: '24h',
    schema: duration(1_000, 30 * 24 * HOUR_MS, 'from 1s to 720h'),
  },
  hostStats: {
    name: '--host-stats',
    value: 'on|off',
    description:
      "whether a route may ask for Envoy's statistics of its hosts with sluice.dev/stats; they cost memory",
    env: 'SLUICE_HOST_STATS',
    default: DEFAULT_GATEWAY_CONFIG.allowHostStats ? 'on' : 'off',
    schema: onOff,
  },
  ...BUDGET_FLAGS,
} as const satisfies FlagSet;

export const LOG_FLAGS = {
  logLevel: {
    name: '--log-level',
    value: 'LEVEL',
    description: 'least severity of a log line: trace, debug, info, warn, error, fatal or silent',
    env: 'SLUICE_LOG_LEVEL',
    default: 'info',
    schema: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  },
  logFormat: {
    name: '--log-format',
    value: 'json|pretty',
    description: 'form of the log on stderr; unless set, pretty on a terminal and json elsewhere',
    env: 'SLUICE_LOG_FORMAT',
    schema: oneOf('json', 'pretty'),
  },
} as const satisfies FlagSet;

export const SERVE_FLAGS = {
  source: {
    name: '--source',
    value: 'directory:PATH|kubernetes',
    description: 'where the manifests come from',
    env: 'SLUICE_SOURCE',
    required: true,
    schema: source,
  },
  xdsAddress: {
    name: '--xds-address',
    value: 'HOST:PORT',
    description: 'where Envoys connect to',
    env: 'SLUICE_XDS_ADDRESS',
    default: '127.0.0.1:18000',
    schema: listenAddress,
  },
  ...XDS_TLS_FLAGS,
  ...ADMIN_FLAGS,
  ...KUBERNETES_FLAGS,
  kubeconfig: {
    ...KUBERNETES_FLAGS.kubeconfig,
    description: `for --source kubernetes; ${KUBERNETES_FLAGS.kubeconfig.description}`,
  },
  ...TRANSLATION_FLAGS,
  ...STATUS_FLAGS,
  demandWindow: {
    name: '--demand-window',
    value: 'on|off',
    description:
      'whether an Envoy that starts serves at once, and is told first of the hosts that clients ask for',
    env: 'SLUICE_DEMAND_WINDOW',
    default: 'on',
    schema: onOff,
  },
  ...STATE_FLAGS,
  drainTimeoutMs: {
    name: '--drain-timeout',
    value: 'DURATION',
    description: 'how long Envoys have to move to another replica after SIGTERM',
    env: 'SLUICE_DRAIN_TIMEOUT',
    default: '5s',
    schema: duration(1, 10 * 60_000, 'from 1ms to 10m, or 0', true),
  },
  ...LOG_FLAGS,
} as const satisfies FlagSet;

export const TRANSLATE_FLAGS = {
  output: {
    name: '--output',
    value: 'FORMAT',
    description:
      'what to print on stdout: yaml (resources), table (routes) or json (all); unless set, yaml with the table on stderr',
    env: 'SLUICE_TRANSLATE_OUTPUT',
    schema: oneOf('yaml', 'table', 'json'),
  },
  host: {
    name: '--host',
    value: 'NAME',
    description: 'explain instead which route serves this host, and why',
    env: 'SLUICE_TRANSLATE_HOST',
    schema: hostName,
  },
  ...TRANSLATION_FLAGS,
} as const satisfies FlagSet;

export type ServeConfig = FlagValues<typeof SERVE_FLAGS>;
export type TranslateConfig = FlagValues<typeof TRANSLATE_FLAGS>;
export type LogConfig = FlagValues<typeof LOG_FLAGS>;

/** The engine's configuration, frozen, from the flags that it is made of. */
export function engineConfig(
  values: FlagValues<typeof TRANSLATION_FLAGS> & { readonly gatewayAddresses?: readonly string[] },
): EngineConfig {
  return Object.freeze({
    ...DEFAULT_ENGINE_CONFIG,
    gateway: Object.freeze({
      ...DEFAULT_GATEWAY_CONFIG,
      // Each once: two bindings of one name would be one listener twice.
      controllerNames: unique([...DEFAULT_GATEWAY_CONFIG.controllerNames, ...values.adoptControllerNames]),
      adoptedClasses: unique(values.adoptClasses),
      listenAddresses: unique(values.listenAddresses),
      addressPool: unique(values.addressPool),
      gatewayNamespaces: unique(values.gatewayNamespaces),
      listenerSetPorts: unique(values.listenerSetPorts),
      deniedEndpoints: unique(values.deniedEndpoints),
      publicAddresses: unique(values.gatewayAddresses ?? []),
      ingressPorts: unique(values.ingressPorts),
      allowLoopbackEndpoints: values.allowLoopbackEndpoints,
      maxConnectionsPerHost: values.maxConnectionsPerHost,
      connectionShares: values.connectionShares,
      maxConnectTimeoutMs: values.maxConnectTimeoutMs,
      maxIdleTimeoutMs: values.maxIdleTimeoutMs,
      allowHostStats: values.hostStats,
      wildcardClaims: values.wildcardClaims,
      namespaceBudget: namespaceBudgetOf(values),
      budgetAnnotations: values.namespaceBudgets,
    }),
    sniMode: values.sniMode,
    idleTimeoutMs: values.idleTimeoutMs,
    connectTimeoutMs: values.connectTimeoutMs,
    clientHelloTimeoutMs: values.clientHelloTimeoutMs,
    accessLog: values.accessLog,
  });
}

function unique<T>(values: readonly T[]): readonly T[] {
  return Object.freeze([...new Set(values)]);
}
