import type { NamespaceBudget } from '../model/budget.ts';
import type { WildcardClaims } from '../model/gateway.ts';
import { CONTROLLER_NAME } from '../model/names.ts';

/** What an operator decides about the evaluation of Gateways, routes and Ingresses. */
export interface GatewayConfig {
  /** GatewayClasses and IngressClasses of these controllers are ours. The first is our own name. */
  readonly controllerNames: readonly string[];
  /** Class names that are taken as ours where no class object of that name exists. */
  readonly adoptedClasses: readonly string[];
  /** Namespaces whose Gateways are served; empty: all. Whoever may create Gateways may take addresses and ports. */
  readonly gatewayNamespaces: readonly string[];
  /** IP addresses of the node where Gateways without `spec.addresses` and all Ingresses are merged; at least one. */
  readonly listenAddresses: readonly string[];
  /**
   * Addresses and CIDR ranges of which every Gateway without `spec.addresses` gets one of its own. Empty: such Gateways
   * are merged on `listenAddresses`.
   */
  readonly addressPool: readonly string[];
  /** Further addresses by which clients reach the gateway nodes: of a load balancer before them, say. */
  readonly publicAddresses: readonly string[];
  /** Ports on which the hosts of Ingresses are served. */
  readonly ingressPorts: readonly number[];
  /** Ports that listeners of ListenerSets may open; empty: any. A port is taken on every gateway node. */
  readonly listenerSetPorts: readonly number[];
  /** Whether endpoints on loopback addresses are used: for demonstrations on one machine, never for tenants. */
  readonly allowLoopbackEndpoints: boolean;
  /** Addresses and CIDR ranges that no tenant's endpoint may be in, besides those that are always refused. */
  readonly deniedEndpoints: readonly string[];
  /** Largest `sluice.dev/max-connections` that a route may ask for, per host and Envoy. */
  readonly maxConnectionsPerHost: number;
  /** Hosts among which the connections of a namespace are divided at most: each further one may have as many again. */
  readonly connectionShares: number;
  /** Hosts of a namespace that share an endpoint set, on average and at most; at least 1. */
  readonly hostsOfEndpointSet: number;
  /** Largest `sluice.dev/connect-timeout` that a route may ask for, in milliseconds. */
  readonly maxConnectTimeoutMs: number;
  /** Largest `sluice.dev/idle-timeout` that a route may ask for, in milliseconds. */
  readonly maxIdleTimeoutMs: number;
  /** Whether a route may have statistics of its own in Envoy (`sluice.dev/stats`), which cost memory for each host. */
  readonly allowHostStats: boolean;
  /** Which wildcards routes of other namespaces may claim, on Gateways without an annotation of their own, and Ingresses. */
  readonly wildcardClaims: WildcardClaims;
  /** What a namespace may have that has no annotations of its own. */
  readonly namespaceBudget: NamespaceBudget;
  /** Whether annotations of Namespaces set budgets: not where tenants may edit their Namespace. */
  readonly budgetAnnotations: boolean;
}

export const DEFAULT_GATEWAY_CONFIG: GatewayConfig = {
  controllerNames: [CONTROLLER_NAME],
  adoptedClasses: [],
  gatewayNamespaces: [],
  listenAddresses: ['0.0.0.0'],
  addressPool: [],
  publicAddresses: [],
  ingressPorts: [443],
  listenerSetPorts: [],
  allowLoopbackEndpoints: false,
  deniedEndpoints: [],
  maxConnectionsPerHost: 10_000,
  connectionShares: 39,
  // Envoy hands a set that is sent to every cluster that has it, 7 to 10 µs each, and does nothing else meanwhile. Each further
  // part is work for Sluice: of 64 hosts each, a namespace that moves its hosts all the time took a quarter more CPU.
  hostsOfEndpointSet: 256,
  maxConnectTimeoutMs: 60_000,
  maxIdleTimeoutMs: 24 * 60 * 60 * 1000,
  allowHostStats: true,
  wildcardClaims: 'Anyone',
  namespaceBudget: {
    hosts: 1_000,
    wildcards: 10,
    chains: 20,
    pairs: 50_000,
    endpoints: 256,
    connections: 10_000,
  },
  budgetAnnotations: true,
};
