/**
 * The incremental engine: one object's change becomes the few resources that it touches. Work stands in queues, in the order
 * of the data flow: parents (Gateways, ListenerSets) → routes → hosts → endpoint sets → listeners. `flush` empties them
 * front to back, so a host is settled only when every route that may want it is, and can stop between items and go on later.
 * After every complete flush the state equals a rebuild from the same objects, and equal objects give equal bytes.
 */

import { countedAttachments } from '../../gateway/routes/counted-route.ts';
import { evaluateIngress } from '../../gateway/routes/evaluate-ingress.ts';
import { evaluateTlsRoute } from '../../gateway/routes/evaluate-tls-route.ts';
import { type ParentStatus, routeStatus } from '../../gateway/status/status.ts';
import { type ObjectEvent, objectKey, refOf } from '../../model/events.ts';
import type {
  GatewayModel,
  ListenerRef,
  ListenerSetModel,
  LostClaim,
  ParentListeners,
  RouteModel,
} from '../../model/gateway.ts';
import {
  DEFAULT_INGRESS_CLASS,
  type DependencyKey,
  grantsDependency,
  namespacedName,
  type ObjectKey,
  parseObjectKey,
} from '../../model/key.ts';
import type { KubernetesObject } from '../../model/objects.ts';
import { structurallyEqual } from '../collections/structural-equality.ts';
import type { EngineConfig } from '../config.ts';
import { EndpointSetTable, endpointSetOf } from '../hosts/endpoint-sets.ts';
import { BindingState, type HostEntry } from '../hosts/hosts.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../resources/resource.ts';
import { ResourceTable } from '../resources/resource-table.ts';
import { translateCluster } from '../translate/cluster.ts';
import { translateListener } from '../translate/listener.ts';
import { World } from '../world/world.ts';
import { AttachedRoutes, attachmentsOf } from './attached-routes.ts';
import { drain, drainSome } from './draining.ts';
import { OwnAddresses } from './own-addresses.ts';
import { Parents } from './parents.ts';
import { ResolvedEndpoints } from './resolved-endpoints.ts';
import { ResourceOwners } from './resource-owners.ts';
import { RouteQueue } from './rivalry.ts';
import { endpointSetOfCluster, lostClaimsOf, refusedEndpointsOf } from './route-outcome.ts';

/** Resources to build before they are published: large enough to cost nothing, small enough to start early. */
const PUBLISH_EVERY = 500;

export class Engine {
  readonly world = new World();
  readonly resources = new ResourceTable();
  /** How often all that was dirty at some time had been published. */
  rounds = 0;
  readonly #config: EngineConfig;
  readonly #parents: Parents;
  readonly #routes = new Map<string, RouteModel>();
  readonly #bindings = new Map<string, BindingState>();
  readonly #endpointSets = new EndpointSetTable();
  readonly owners = new ResourceOwners(this.#bindings, this.#endpointSets);
  readonly #own: OwnAddresses;
  readonly #endpoints: ResolvedEndpoints;
  readonly #attached = new AttachedRoutes();
  /** Hosts that several routes claim. */
  readonly #contended = new Set<HostEntry>();
  /** Routes whose attachments may differ because they won or lost a host. */
  readonly #dirtyAttachments = new Set<ObjectKey>();

  readonly #dirtyRoutes = new RouteQueue();
  readonly #dirtyHosts = new Set<HostEntry>();
  readonly #dirtyEndpointSets = new Set<string>();
  readonly #dirtyListeners = new Set<string>();
  #dirtyStatuses = new Set<ObjectKey>();

  constructor(config: EngineConfig) {
    this.#config = config;
    this.#own = new OwnAddresses(config);
    this.#parents = new Parents(this.world, config.gateway, {
      changed: (dependency) => {
        this.#own.mark();
        this.#markDependents(dependency);
      },
      listen: (binding, hostname, gatewayKey, sign) => {
        this.#binding(binding.name).listen(binding, hostname, gatewayKey, sign);
        this.#dirtyListeners.add(binding.name);
      },
      status: (key) => this.#dirtyStatuses.add(key),
    });
    this.#endpoints = new ResolvedEndpoints(this.world, config, this.#own);
  }

  /** Takes events into the world and marks what they can reach. Computes nothing yet: see `flush`. */
  take(events: readonly ObjectEvent[]): void {
    for (const event of events) {
      const taken = this.world.take(event);
      if (taken !== undefined) this.#mark(taken.before, taken.after);
    }
  }

  /**
   * Computes what is dirty and publishes it. `pause` is asked now and then whether to stop early (to let the event loop
   * breathe); returns false if it did, and the next call goes on: see `rounds` for where changes come faster than that.
   */
  flush(pause: () => boolean = () => false): boolean {
    do if (!this.#flushRound(pause)) return false;
    while (this.#dirtyRoutes.size > 0);
    return true;
  }

  #flushRound(pause: () => boolean): boolean {
    if (!this.#parents.settle(pause)) return false;
    if (this.#own.settle(this.world, this.#parents.gateways.values(), this.#bindings.values()))
      for (const name of this.#endpointSets.names()) this.#dirtyEndpointSets.add(name);
    if (!this.#evaluateRoutes(pause) || !this.#settleHosts(pause)) return false;
    drainSome(this.#dirtyListeners, (name) => this.#buildListener(name), Infinity);
    this.resources.publish();
    this.#dirtyRoutes.finish();
    if (!drain(this.#dirtyAttachments, (key) => this.#attach(key), pause, 64)) return false;
    this.rounds += 1;
    return true;
  }

  #evaluateRoutes(pause: () => boolean): boolean {
    if (this.#dirtyRoutes.order(this.world) && pause()) return false;
    let early = 0;
    for (let key = this.#dirtyRoutes.take(); key !== undefined; key = this.#dirtyRoutes.take()) {
      this.#evaluateRoute(key);
      if (this.#dirtyRoutes.evaluated(key)) early += 1;
      if (early < PUBLISH_EVERY && !pause()) continue;
      if (early > 0 && this.#dirtyRoutes.size > 0) this.#settleEarly();
      early = 0;
      if (pause()) return false;
    }
    return true;
  }

  /** Settles what no route that is still to be evaluated may want. */
  #settleEarly(): void {
    const mustWait = ({ host }: HostEntry): boolean => this.#dirtyRoutes.isWaiting(host);
    drainSome(this.#dirtyHosts, (entry) => this.#settleHost(entry), Infinity, mustWait);
    drainSome(this.#dirtyEndpointSets, (name) => this.#buildEndpointSet(name), Infinity);
    this.resources.publish();
  }

  #settleHosts(pause: () => boolean): boolean {
    const buildSet = (name: string): void => this.#buildEndpointSet(name);
    while (this.#dirtyHosts.size > 0) {
      drainSome(this.#dirtyHosts, (entry) => this.#settleHost(entry), PUBLISH_EVERY);
      if (!drain(this.#dirtyEndpointSets, buildSet, pause, 1)) return false;
      this.resources.publish();
      if (this.#dirtyHosts.size > 0 && pause()) return false;
    }
    return drain(this.#dirtyEndpointSets, buildSet, pause, 1);
  }

  /** `take` and a complete `flush`. */
  apply(events: readonly ObjectEvent[]): void {
    this.take(events);
    this.flush();
  }

  get bindings(): Iterable<BindingState> {
    return this.#bindings.values();
  }

  gateways(): Iterable<GatewayModel> {
    return this.#parents.gateways.values();
  }

  gateway(namespace: string, name: string): GatewayModel | undefined {
    return this.#parents.gateways.get(namespacedName(namespace, name));
  }

  listenerSets(): Iterable<ListenerSetModel> {
    return this.#parents.listenerSets.values();
  }

  listenerSet(namespace: string, name: string): ListenerSetModel | undefined {
    return this.#parents.listenerSets.get(namespacedName(namespace, name));
  }

  attachedListenerSets({ ref }: GatewayModel): number {
    return this.#parents.attachedListenerSets(namespacedName(ref.namespace, ref.name));
  }

  routes(): Iterable<RouteModel> {
    return this.#routes.values();
  }

  route(key: string): RouteModel | undefined {
    return this.#routes.get(key);
  }

  attachedRoutes({ ref }: ParentListeners, listener: string): number {
    return this.#attached.count(objectKey(ref), listener);
  }

  /** The claims of a route that another route won, each with the winner. */
  lostClaims(route: RouteModel): LostClaim[] {
    return lostClaimsOf(route, this.#bindings);
  }

  /** The final state of a route (by its object key) with respect to each parent; empty where it is not ours. */
  routeStatus(key: string): readonly ParentStatus[] {
    const route = this.#routes.get(key);
    if (route === undefined) return [];
    const refused = refusedEndpointsOf(route, this.resources, this.#endpoints);
    return routeStatus(route, this.lostClaims(route), refused);
  }

  /** Object keys whose status may differ since the last call. */
  takeStatusChanges(): ReadonlySet<ObjectKey> {
    const changes = this.#dirtyStatuses;
    this.#dirtyStatuses = new Set();
    return changes;
  }

  #mark(before: KubernetesObject | undefined, after: KubernetesObject | undefined): void {
    const object = after ?? before;
    if (object === undefined) return;
    const { namespace, name } = object.meta;
    const key = objectKey(refOf(object));
    switch (object.kind) {
      case 'Gateway':
        return void this.#parents.markGateway(namespacedName(namespace, name));
      case 'ListenerSet':
        return void this.#parents.markDependent(key);
      case 'TLSRoute':
      case 'HTTPRoute':
      case 'GRPCRoute':
      case 'Ingress':
        return void this.#dirtyRoutes.mark(key);
      case 'EndpointSlice':
        for (const slice of [before, after])
          if (slice?.kind === 'EndpointSlice') this.#markService(namespace, slice.serviceName);
        return;
      case 'Service':
        this.#markService(namespace, name);
        break;
      case 'ReferenceGrant':
        return void this.#markDependents(grantsDependency(namespace));
      case 'IngressClass':
        this.#markDependents(DEFAULT_INGRESS_CLASS);
        break;
      case 'Node':
        this.#own.mark();
        break;
      case 'GatewayClass':
        this.#dirtyStatuses.add(key);
        this.#parents.markPool();
        break;
      default:
    }
    this.#markDependents(key);
  }

  #markService(namespace: string, service: string): void {
    for (const name of this.#endpointSets.ofService(namespace, service)) this.#dirtyEndpointSets.add(name);
  }

  #markDependents(key: DependencyKey): void {
    for (const dependent of this.#parents.evaluator.dependentsOf(key))
      if (!this.#parents.markDependent(dependent)) this.#dirtyRoutes.mark(dependent);
  }

  #evaluateRoute(key: ObjectKey): void {
    const { kind, namespace, name } = parseObjectKey(key);
    const { evaluator } = this.#parents;
    if (kind === 'HTTPRoute' || kind === 'GRPCRoute') {
      this.#setAttached(key, evaluator.evaluate(key, kind, namespace, name, countedAttachments) ?? []);
      return;
    }
    const { gateway: config } = this.#config;
    const before = this.#routes.get(key);
    const after =
      kind === 'Ingress'
        ? evaluator.evaluate(key, kind, namespace, name, (ingress, lookup) =>
            evaluateIngress(ingress, lookup, config),
          )
        : evaluator.evaluate(key, 'TLSRoute', namespace, name, (route, lookup) =>
            evaluateTlsRoute(route, lookup, config),
          );
    if (structurallyEqual(before, after)) return;
    if (after === undefined) this.#routes.delete(key);
    else this.#routes.set(key, after);
    this.#contend(key, before, after);
    this.#dirtyAttachments.add(key);
    this.#dirtyStatuses.add(key);
  }

  /** "Attached" is a route that is accepted: one that lost all its hosts of a parent is not. */
  #attach(key: ObjectKey): void {
    const route = this.#routes.get(key);
    // Nearly every route has no rival: what it was evaluated to is what counts.
    const isAlone = route && (this.#contended.size === 0 || this.lostClaims(route).length === 0);
    this.#setAttached(key, attachmentsOf(isAlone ? route.parents : this.routeStatus(key)));
  }

  #setAttached(key: ObjectKey, listeners: readonly ListenerRef[]): void {
    for (const parent of this.#attached.set(key, listeners)) this.#dirtyStatuses.add(parent);
  }

  #contend(routeKey: ObjectKey, before: RouteModel | undefined, after: RouteModel | undefined): void {
    for (const claim of after?.claims ?? []) {
      const state = this.#binding(claim.binding.name);
      if (state.use(claim.binding)) this.#dirtyListeners.add(state.name);
      if (after !== undefined) this.#dirtyHosts.add(state.claim({ claim, route: after, routeKey }));
    }
    if (before === undefined || before.claims.length === 0) return;
    const kept = new Set(after?.claims.map(({ binding, host }) => `${binding.name}/${host}`));
    for (const claim of before.claims) {
      const state = this.#binding(claim.binding.name);
      if (state.release(claim.binding)) this.#dirtyListeners.add(state.name);
      if (kept.has(`${claim.binding.name}/${claim.host}`)) continue;
      const entry = state.unclaim(routeKey, claim.host);
      if (entry !== undefined) this.#dirtyHosts.add(entry);
    }
  }

  #settleHost(entry: HostEntry): void {
    const state = this.#binding(entry.bindingName);
    // Two entries can stand for one host after a removal and a new claim: only the present one counts.
    const current = state.hosts.get(entry.host);
    if (current !== undefined && current !== entry) {
      this.#contended.delete(entry);
      return void this.#dirtyHosts.add(current);
    }
    if (state.settle(entry)) this.#dirtyListeners.add(state.name);
    for (const contender of entry.contenders) this.#dirtyStatuses.add(contender.routeKey);
    const isContended = entry.contenders.length > 1;
    const wasContended = this.#contended.delete(entry);
    if (isContended) this.#contended.add(entry);
    if (isContended || wasContended)
      for (const contender of entry.contenders) this.#dirtyAttachments.add(contender.routeKey);
    const winner = entry.contenders[0];
    const setBefore = endpointSetOfCluster(this.resources, entry.name);
    const set = winner && endpointSetOf(winner);
    // With a chain for each host, every host that comes or goes changes the listener.
    if (this.#config.sniMode === 'chain' && (setBefore === undefined) !== (set === undefined)) {
      this.#dirtyListeners.add(state.name);
    }
    if (set !== undefined) {
      const isKept = setBefore === set.name;
      if (isKept ? this.#endpointSets.update(set) : this.#endpointSets.use(set))
        this.#dirtyEndpointSets.add(set.name);
    }
    if (setBefore !== undefined && set?.name !== setBefore) {
      if (this.#endpointSets.release(setBefore)) this.#dirtyEndpointSets.add(setBefore);
    }
    if (winner === undefined || set === undefined) {
      this.resources.stage(CLUSTER_TYPE, entry.name, undefined);
      return;
    }
    this.resources.stage(
      CLUSTER_TYPE,
      entry.name,
      translateCluster(
        { name: entry.name, endpointSet: set, route: winner.route.ref, policy: winner.claim.policy },
        this.#config,
      ),
    );
  }

  #buildEndpointSet(name: string): void {
    const spec = this.#endpointSets.get(name);
    if (spec === undefined) {
      this.#endpoints.forget(name);
      this.resources.stage(ENDPOINT_TYPE, name, undefined);
      return;
    }
    const { resource, refusedChanged } = this.#endpoints.build(spec);
    this.resources.stage(ENDPOINT_TYPE, name, resource);
    if (!refusedChanged) return;
    for (const { namespace, service: name } of this.owners.targetsOfSet(spec.name)) {
      const key = objectKey({ kind: 'Service', namespace, name });
      for (const dependent of this.#parents.evaluator.dependentsOf(key)) this.#dirtyStatuses.add(dependent);
    }
  }

  #buildListener(name: string): void {
    const state = this.#bindings.get(name);
    const binding = state?.binding;
    if (state === undefined || binding === undefined) {
      if (state !== undefined && state.hosts.size === 0) this.#bindings.delete(name);
      this.resources.stage(LISTENER_TYPE, name, undefined);
      return;
    }
    this.resources.stage(LISTENER_TYPE, name, translateListener(binding, state, this.#config));
  }

  #binding(name: string): BindingState {
    let state = this.#bindings.get(name);
    if (state === undefined) {
      state = new BindingState(name);
      this.#bindings.set(name, state);
    }
    return state;
  }
}
