/**
 * The incremental engine: one object's change becomes the few resources that it touches. Its stages, in the order of the
 * data flow, are parents (Gateways, ListenerSets) → routes → budgets → hosts → endpoint sets → listeners; each has marked keys, and
 * `flush` settles them front to back, so a host is settled only when every route that may want it is. It can stop between keys
 * and go on later. After every complete flush the state equals a rebuild from the same objects, and equal objects give equal bytes.
 */
import type { ReadBudget } from '../../gateway/budgets/namespace-budget.ts';
import { unserved } from '../../gateway/budgets/over-budget.ts';
import type { ExplainedEndpoints } from '../../gateway/explain/explain-endpoints.ts';
import { type Reach, withServing } from '../../gateway/status/serving.ts';
import { type ParentStatus, routeStatus } from '../../gateway/status/status.ts';
import type { ObjectEvent } from '../../model/events.ts';
import type {
  Claim,
  GatewayModel,
  ListenerRef,
  ListenerSetModel,
  LostClaim,
  ParentListeners,
  RouteModel,
  ServiceTarget,
} from '../../model/gateway.ts';
import { namespacedName, type ObjectKey, objectKey } from '../../model/key.ts';
import { isUnservedRouteKind } from '../../model/kinds.ts';
import type { EngineConfig } from '../config.ts';
import type { BindingHosts } from '../hosts/binding-hosts.ts';
import { EndpointSetTable } from '../hosts/endpoint-sets.ts';
import { hostOfCluster } from '../hosts/host-entry.ts';
import { type EncodedResource, LISTENER_TYPE } from '../resources/resource.ts';
import { ResourceTable } from '../resources/resource-table.ts';
import { translateListener } from '../translate/listener.ts';
import { World } from '../world/world.ts';
import { AttachedRoutes, attachmentsOf } from './attached-routes.ts';
import { BudgetStage, type NamespaceUse } from './budget-stage.ts';
import { EndpointSetStage } from './endpoint-set-stage.ts';
import { HostStage } from './host-stage.ts';
import { type MarkedStages, markDependents, markObject } from './marking.ts';
import { OwnAddresses } from './own-addresses.ts';
import { Parents } from './parents.ts';
import { ResolvedEndpoints } from './resolved-endpoints.ts';
import { ResourceOwners } from './resource-owners.ts';
import { claimsWithout, endpointNewsOf, lostClaimsOf, reachOfHost } from './route-outcome.ts';
import { RouteStage } from './route-stage.ts';
import { Stage } from './stage.ts';

/** Resources to build before they are published: large enough to cost nothing, small enough to start early. */
const PUBLISH_EVERY = 500;

export class Engine {
  readonly world = new World();
  readonly resources = new ResourceTable();
  /** How often all that was dirty at some time had been published, but for endpoints of hosts that were there already. */
  rounds = 0;
  readonly #config: EngineConfig;
  readonly #own: OwnAddresses;
  readonly #parents: Parents;
  readonly #routes: RouteStage;
  readonly #budgets: BudgetStage;
  readonly #hosts: HostStage;
  readonly #endpoints: ResolvedEndpoints;
  readonly #endpointSets: EndpointSetStage;
  readonly #marked: MarkedStages;
  /** What a resource of Envoy is made of, by the resource's name. */
  readonly owners: ResourceOwners;
  readonly #attached = new AttachedRoutes();
  /** By object key of the route: the listeners that it counts at. */
  readonly #attachments = new Stage<ObjectKey, readonly ListenerRef[]>({
    compute: (key) => this.#attachmentsOf(key),
    output: (key, listeners) => {
      for (const parent of this.#attached.set(key, listeners ?? [])) this.#dirtyStatuses.add(parent);
    },
  });
  /** By name of the binding. */
  readonly #listeners = new Stage<string, EncodedResource>({
    compute: (name) => {
      const hosts = this.#hosts.bindings.get(name);
      return hosts?.binding && translateListener(hosts.binding, hosts, this.#config);
    },
    output: (name, resource) => {
      if (this.#hosts.bindings.get(name)?.binding === undefined) this.#hosts.forget(name);
      this.resources.stage(LISTENER_TYPE, name, resource);
    },
  });
  #dirtyStatuses = new Set<ObjectKey>();

  constructor(config: EngineConfig) {
    this.#config = config;
    this.#own = new OwnAddresses(config);
    const endpointSets = new EndpointSetTable();
    const status = (key: ObjectKey): void => void this.#dirtyStatuses.add(key);
    this.#parents = new Parents(this.world, config.gateway, {
      dependencyChanged: (dependency) => {
        this.#own.mark();
        markDependents(dependency, this.#marked);
      },
      listen: (...listener) => this.#hosts.listen(...listener),
      reserve: (...listener) => this.#hosts.reserve(...listener),
      status,
    });
    this.#routes = new RouteStage(this.#parents.evaluator, config.gateway, {
      routeChanged: (key, before, after) => {
        this.#budgets.replace(key, before, after);
        this.#attachments.mark(key);
        status(key);
      },
    });
    this.#budgets = new BudgetStage(this.world, config.gateway, this.#routes, {
      admitted: (key, before, after) => this.#hosts.contend(key, before, after),
      refused: (key) => {
        this.#attachments.mark(key);
        status(key);
      },
      endpointLimit: (namespace) => this.#endpointSets.markNamespace(namespace),
      hostLimits: (routes) => {
        for (const { claims } of routes) this.#hosts.mark(claims);
      },
    });
    this.#hosts = new HostStage(config, this.resources, endpointSets, {
      endpointSet: (name) => this.#endpointSets.mark(name),
      listener: (binding, mayWait) => this.#listeners.mark(binding, mayWait),
      status,
      attachment: (key) => this.#attachments.mark(key),
      connectionLimit: (namespace) => this.#budgets.connectionLimit(namespace),
      endpointShards: (namespace) => this.#budgets.endpointShards(namespace),
    });
    this.owners = new ResourceOwners(this.#hosts.bindings, endpointSets);
    this.#endpoints = new ResolvedEndpoints(this.world, config, this.#own);
    this.#endpointSets = new EndpointSetStage(endpointSets, this.#endpoints, this.resources, {
      notesChanged: ({ namespace, service }) => {
        const key = objectKey({ kind: 'Service', namespace, name: service });
        for (const dependent of this.#parents.evaluator.dependentsOf(key)) status(dependent);
      },
      endpointLimit: (namespace) => this.#budgets.endpointLimit(namespace),
    });
    this.#marked = {
      parents: this.#parents,
      routes: this.#routes.queue,
      budgets: this.#budgets,
      endpointSets: this.#endpointSets,
      own: this.#own,
      status,
    };
  }

  /** Takes events into the world and marks what they can reach. Computes nothing yet: see `flush`. */
  takeEvents(events: readonly ObjectEvent[]): void {
    for (const event of events) {
      const taken = this.world.applyEvent(event);
      if (taken !== undefined) markObject(taken.before, taken.after, this.#marked);
    }
  }

  /**
   * Computes what is dirty and publishes it. `pause` is asked now and then whether to stop early; returns false if it did, and the next
   * call goes on: see `rounds` for where changes come faster. With `isPatient` listeners wait that lack nothing but what lists have.
   */
  flush(pause: () => boolean = () => false, isPatient = false): boolean {
    do if (!this.#flushRound(pause, isPatient)) return false;
    while (this.#routes.queue.size > 0);
    return true;
  }

  get hasPatientListeners(): boolean {
    return this.#listeners.hasPatient;
  }

  #flushRound(pause: () => boolean, isPatient: boolean): boolean {
    if (!this.#parents.settle(pause)) return false;
    if (this.#own.settle(this.world, this.#parents.gateways.values(), this.#hosts.bindings.values()))
      this.#endpointSets.markAll();
    if (!this.#settleRoutes(pause) || !this.#budgets.settle(pause)) return false;
    if (!this.#settleHosts(pause)) {
      // What has come meanwhile does not wait for all hosts of this round.
      this.#routes.queue.finish();
      return false;
    }
    if (!isPatient) this.#listeners.hurry();
    this.#listeners.settle(() => false);
    this.resources.publish();
    this.#routes.queue.finish();
    if (!this.#attachments.settle(pause, 64)) return false;
    this.rounds += 1;
    // Last, as nothing waits for it: the next slice begins with what has come meanwhile.
    const isDone = this.#endpointSets.settleChanged(pause);
    this.resources.publish();
    return isDone;
  }

  #settleRoutes(pause: () => boolean): boolean {
    const { queue } = this.#routes;
    if (queue.order(this.world) && pause()) return false;
    for (let early = 0; ; ) {
      if (queue.takeMilestone()) {
        this.#settleEarly();
        early = 0;
        this.#publishListenersEarly();
      }
      const key = queue.nextRoute();
      if (key === undefined) return true;
      this.#routes.bring(key);
      if (queue.evaluated(key)) early += 1;
      if (early < PUBLISH_EVERY && !pause()) continue;
      if (early > 0 && queue.size > 0) this.#settleEarly();
      early = 0;
      if (pause()) return false;
    }
  }

  /** Publishes the listeners once no route that waits can change them, for Envoys that have none: see `AdsStream`. */
  #publishListenersEarly(): void {
    const { queue } = this.#routes;
    if (this.resources.ready || this.#config.sniMode !== 'index' || !queue.isRestPlain) return;
    // Then each host has a filter chain of its own.
    const haveChains = [...this.gateways()].some(({ closeOnDelete }) => closeOnDelete);
    if (haveChains || queue.bringForward(this.#hosts.wildcardTakes()) > 0) return;
    this.#listeners.settle(() => false);
    this.resources.publish();
  }

  /** Connections wait for these clusters: those that can be settled early are the next. */
  demand(clusters: Iterable<string>): void {
    for (const name of clusters) this.#routes.queue.demand(hostOfCluster(name));
  }

  /** Settles hosts that no route that is still to be evaluated may want. */
  #settleEarly(): void {
    this.#hosts.settleSome(PUBLISH_EVERY, ({ host }) => this.#routes.queue.isWaiting(host));
    this.#endpointSets.settleAdded();
    this.resources.publish();
  }

  #settleHosts(pause: () => boolean): boolean {
    // Sets first, those that a slice before has left: else they would gather, and nothing be published before the last of them.
    for (let isFirst = true; this.#endpointSets.settleAdded(pause); isFirst = false) {
      this.resources.publish();
      if (this.#hosts.size === 0) return true;
      if (!isFirst && pause()) return false;
      this.#hosts.settleSome(PUBLISH_EVERY);
    }
    return false;
  }

  /** `take` and a complete `flush`. */
  apply(events: readonly ObjectEvent[]): void {
    this.takeEvents(events);
    this.flush();
  }

  get bindings(): Iterable<BindingHosts> {
    return this.#hosts.bindings.values();
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
    return this.#routes.all();
  }

  route(key: ObjectKey): RouteModel | undefined {
    return this.#routes.get(key);
  }

  attachedRoutes({ ref }: ParentListeners, listener: string): number {
    return this.#attached.count(objectKey(ref), listener);
  }

  /** The claims of a route that another route won, each with the winner. */
  lostClaims(route: RouteModel): LostClaim[] {
    return lostClaimsOf(route, this.#hosts.bindings, this.#budgets.overBudget(route.ref));
  }

  /** The claims of a route that it serves: within the budget of its namespace, and won by no other route. */
  servedClaims(route: RouteModel): readonly Claim[] {
    const over = this.#budgets.overBudget(route.ref);
    return claimsWithout(route.claims, [...unserved(over), ...this.lostClaims(route)]);
  }

  /** The final state of a route (by its object key) with respect to each parent; empty where it is not ours. */
  routeStatus(key: ObjectKey): readonly ParentStatus[] {
    const route = this.#routes.get(key);
    if (route === undefined) return [];
    const lost = this.lostClaims(route);
    const served = this.servedClaims(route);
    const status = routeStatus(route, lost, {
      over: this.#budgets.overBudget(route.ref),
      connectionLimit: this.#budgets.connectionLimit(route.ref.namespace),
      endpoints: endpointNewsOf(served, this.resources, this.#endpoints),
    });
    return withServing(status, route, served, (claim) => this.reachOf(claim));
  }

  /** What the endpoints lack of a host that a route has; `undefined` where each backend of it has some. */
  reachOf(claim: Claim): Reach | undefined {
    return reachOfHost(claim, this.resources, this.#endpoints);
  }

  /** How many endpoints of a Service's port are connected to as the world is now, or why none. */
  explainTarget(target: ServiceTarget): ExplainedEndpoints {
    return this.#endpoints.explain(target);
  }

  /** What each namespace with a route has and may have. */
  namespaces(): Iterable<NamespaceUse> {
    return this.#budgets.all();
  }

  /** What a namespace may have, whether it has a route or not. */
  budgetOf(namespace: string): ReadBudget {
    return this.#budgets.budgetOf(namespace);
  }

  /** Object keys whose status may differ since the last call. */
  takeStatusChanges(): ReadonlySet<ObjectKey> {
    const changes = this.#dirtyStatuses;
    this.#dirtyStatuses = new Set();
    return changes;
  }

  /** "Attached" is a route that is accepted: one that lost all its hosts of a parent is not. */
  #attachmentsOf(key: ObjectKey): readonly ListenerRef[] {
    const route = this.route(key);
    // "Listener or Route status does not impact successful attachment" of what is not served at all.
    if (route !== undefined && isUnservedRouteKind(route.ref.kind))
      return route.parents.flatMap(({ attached }) => attached);
    // Nearly every route has no rival: what it was evaluated to is what counts.
    const over = route && this.#budgets.overBudget(route.ref);
    const isAlone =
      route && over === undefined && (!this.#hosts.isContended || this.lostClaims(route).length === 0);
    if (route === undefined || isAlone) return attachmentsOf(route?.parents ?? []);
    return attachmentsOf(routeStatus(route, this.lostClaims(route), { over }));
  }
}
