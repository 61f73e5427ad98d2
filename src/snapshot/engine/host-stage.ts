import type { Binding, Claim, RouteModel } from '../../model/gateway.ts';
import type { ObjectKey } from '../../model/key.ts';
import type { EngineConfig } from '../config.ts';
import { BindingHosts } from '../hosts/binding-hosts.ts';
import { type EndpointSetTable, endpointSetOf } from '../hosts/endpoint-sets.ts';
import { shardOf } from '../hosts/endpoint-shards.ts';
import type { HostEntry } from '../hosts/host-entry.ts';
import { CLUSTER_TYPE } from '../resources/resource.ts';
import type { ResourceTable } from '../resources/resource-table.ts';
import { type HostCluster, translateCluster } from '../translate/cluster.ts';
import { Stage } from './stage.ts';

/** What settled hosts mark in the stages behind them. */
export interface HostOutput {
  endpointSet(name: string): void;
  /** `mayWait`: all that differs are new hosts that a list has, see `NewHostsOfListener`. */
  listener(binding: string, mayWait?: boolean): void;
  /** The status of a route, by its object key, may differ. */
  status(routeKey: ObjectKey): void;
  /** A route won or lost a host: where it counts as attached may differ. */
  attachment(routeKey: ObjectKey): void;
  /** How many connections a host of the namespace takes at most. */
  connectionLimit(namespace: string): number;
  /** In how many parts the hosts of the namespace are divided, each with endpoint sets of its own. */
  endpointShards(namespace: string): number;
}

/** Hosts of one namespace that are settled before others are: each may need a set of sixteen Services, some milliseconds. */
const AT_ONCE_OF_NAMESPACE = 16;

/** Hosts: of each who won it, and the cluster that it has. */
export class HostStage {
  readonly #bindings = new Map<string, BindingHosts>();
  readonly #config: EngineConfig;
  readonly #resources: ResourceTable;
  readonly #endpointSets: EndpointSetTable;
  readonly #output: HostOutput;
  /** Hosts that several routes claim. */
  readonly #contended = new Set<HostEntry>();
  readonly #stage = new Stage<HostEntry, HostCluster>({
    compute: (entry) => this.#clusterOf(entry),
    output: (entry, cluster) => this.#replace(entry, cluster),
  });

  constructor(
    config: EngineConfig,
    resources: ResourceTable,
    endpointSets: EndpointSetTable,
    output: HostOutput,
  ) {
    this.#config = config;
    this.#resources = resources;
    this.#endpointSets = endpointSets;
    this.#output = output;
  }

  /** By the name of the binding. */
  get bindings(): ReadonlyMap<string, BindingHosts> {
    return this.#bindings;
  }

  /** Whether any host has more than one claimant. */
  get isContended(): boolean {
    return this.#contended.size > 0;
  }

  /** Hosts that are marked. */
  get size(): number {
    return this.#stage.size;
  }

  /** Settles up to `limit` hosts, few of each namespace; those that `mustWait` stay marked. */
  settleSome(limit: number, mustWait?: (entry: HostEntry) => boolean): void {
    const taken = new Map<string, number>();
    this.#stage.settleSome(limit, (entry) => {
      if (mustWait?.(entry) === true) return true;
      const namespace = entry.contenders[0]?.route.ref.namespace ?? '';
      const count = taken.get(namespace) ?? 0;
      taken.set(namespace, count + 1);
      return count >= AT_ONCE_OF_NAMESPACE;
    });
  }

  /** A listener of a Gateway (by its object key) comes (1) or goes (-1). */
  listen(binding: Binding, hostname: string, gatewayKey: ObjectKey, sign: 1 | -1): void {
    this.#binding(binding.name).listen(binding, hostname, gatewayKey, sign);
    this.#output.listener(binding.name);
  }

  /** The same of a listener that is not served: its hostname is nobody else's of the Gateway. */
  reserve(binding: Binding, hostname: string, gatewayKey: ObjectKey, sign: 1 | -1): void {
    this.#binding(binding.name).reserve(hostname, gatewayKey, sign);
    this.#output.listener(binding.name);
  }

  /** Tells of an exact host whether a wildcard takes it where its own route is not known; `undefined`: there is no wildcard. */
  wildcardTakes(): ((host: string) => boolean) | undefined {
    const withWildcards = [...this.#bindings.values()].filter(({ wildcards }) => wildcards.size > 0);
    if (withWildcards.length === 0) return undefined;
    return (host) => withWildcards.some((hosts) => hosts.isUnderWildcard(host));
  }

  /** The clusters of these hosts may differ. */
  mark(claims: readonly Claim[]): void {
    for (const { binding, host } of claims) {
      const entry = this.#bindings.get(binding.name)?.hosts.get(host);
      if (entry !== undefined) this.#stage.mark(entry);
    }
  }

  /** Replaces what a route claims, and marks the hosts. */
  contend(routeKey: ObjectKey, before: RouteModel | undefined, after: RouteModel | undefined): void {
    for (const claim of after?.claims ?? []) {
      const hosts = this.#binding(claim.binding.name);
      if (hosts.use(claim.binding)) this.#output.listener(hosts.name);
      if (after !== undefined) this.#stage.mark(hosts.claim({ claim, route: after, routeKey }));
    }
    if (before === undefined || before.claims.length === 0) return;
    const kept = new Set(after?.claims.map(({ binding, host }) => `${binding.name}/${host}`));
    for (const claim of before.claims) {
      const hosts = this.#binding(claim.binding.name);
      if (hosts.release(claim.binding)) this.#output.listener(hosts.name);
      if (kept.has(`${claim.binding.name}/${claim.host}`)) continue;
      const entry = hosts.unclaim(routeKey, claim.host);
      if (entry !== undefined) this.#stage.mark(entry);
    }
  }

  /** Nobody uses the binding any more. */
  forget(binding: string): void {
    if (this.#bindings.get(binding)?.isEmpty === true) this.#bindings.delete(binding);
  }

  #binding(name: string): BindingHosts {
    let hosts = this.#bindings.get(name);
    if (hosts === undefined) {
      hosts = new BindingHosts(name);
      this.#bindings.set(name, hosts);
    }
    return hosts;
  }

  /** The cluster of the route that won the host; `undefined` where nobody claims it. */
  #clusterOf({ name, contenders }: HostEntry): HostCluster | undefined {
    const winner = contenders[0];
    if (winner === undefined) return undefined;
    const { ref } = winner.route;
    const connectionLimit = this.#output.connectionLimit(ref.namespace);
    return {
      name,
      endpointSet: shardOf(
        endpointSetOf(winner),
        winner.routeKey,
        this.#output.endpointShards(ref.namespace),
      ),
      route: ref,
      policy: winner.claim.policy,
      connectionLimit,
    };
  }

  #replace(entry: HostEntry, cluster: HostCluster | undefined): void {
    const hosts = this.#binding(entry.bindingName);
    // Two entries can stand for one host after a removal and a new claim: only the present one counts.
    const present = hosts.hosts.get(entry.host);
    if (present !== undefined && present !== entry) {
      this.#contended.delete(entry);
      this.#stage.mark(present);
      return;
    }
    const news = hosts.settle(entry);
    this.#tellContenders(entry);
    const before = this.#resources.latest(CLUSTER_TYPE, entry.name);
    const setBefore = before?.references?.[0];
    // With a chain for each host, every host that comes or goes changes the listener.
    const isChainTouched =
      this.#config.sniMode === 'chain' && (setBefore === undefined) !== (cluster === undefined);
    if (news !== 'none' || isChainTouched)
      this.#output.listener(hosts.name, news === 'listed' && !isChainTouched);
    this.#useEndpointSet(setBefore, before?.owner ?? '', cluster);
    const resource = cluster && translateCluster(cluster, this.#config);
    this.#resources.stage(CLUSTER_TYPE, entry.name, resource);
  }

  #tellContenders(entry: HostEntry): void {
    for (const { routeKey } of entry.contenders) this.#output.status(routeKey);
    const isContended = entry.contenders.length > 1;
    const wasContended = this.#contended.delete(entry);
    if (isContended) this.#contended.add(entry);
    if (isContended || wasContended)
      for (const { routeKey } of entry.contenders) this.#output.attachment(routeKey);
  }

  #useEndpointSet(before: string | undefined, ownerBefore: string, cluster: HostCluster | undefined): void {
    const set = cluster?.endpointSet;
    const owner = cluster?.route.namespace ?? '';
    const isSame = set?.name === before && owner === ownerBefore;
    if (set !== undefined) {
      const isTouched = isSame ? this.#endpointSets.update(set) : this.#endpointSets.use(set, owner);
      if (isTouched) this.#output.endpointSet(set.name);
    }
    if (before === undefined || isSame) return;
    if (this.#endpointSets.release(before, ownerBefore)) this.#output.endpointSet(before);
  }
}
