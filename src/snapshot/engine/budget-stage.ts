import {
  Admission,
  type BudgetUse,
  compareRoutes,
  connectionLimit,
  countUse,
  endpointLimit,
  endpointShards,
  isWithin,
  NONE_REFUSED,
  noUse,
  type RefusedClaim,
} from '../../gateway/budgets/admission.ts';
import { namespaceBudget, type ReadBudget } from '../../gateway/budgets/namespace-budget.ts';
import type { OverBudget } from '../../gateway/budgets/over-budget.ts';
import type { GatewayConfig } from '../../gateway/config.ts';
import { type ObjectRef, refOf } from '../../model/events.ts';
import type { RouteModel } from '../../model/gateway.ts';
import { type ObjectKey, objectKey } from '../../model/key.ts';
import type { World } from '../world/world.ts';
import { Stage } from './stage.ts';

/** What the stages behind the budgets are told. */
export interface BudgetOutput {
  /** A route takes part in contention with other claims than before. */
  admitted(key: ObjectKey, before: RouteModel | undefined, after: RouteModel | undefined): void;
  /** Other claims of a route than before are over the budget. */
  refused(key: ObjectKey): void;
  /** Each host of the namespace uses another number of endpoints. */
  endpointLimit(namespace: string): void;
  /** Each host of these routes, which are all of a namespace, takes another number of connections, or has other endpoint sets. */
  hostLimits(routes: Iterable<RouteModel>): void;
}

interface NamespaceState {
  readonly use: BudgetUse;
  routes: number;
  read: ReadBudget;
  /** As the endpoint sets know it. */
  endpointLimit: number;
  /** As the clusters of the hosts know it. */
  connectionLimit: number;
  endpointShards: number;
  /** While it is over a budget. */
  over: OverState | undefined;
}

interface OverState {
  /** What takes part in contention, of the routes of which that is not the whole model. */
  readonly told: Map<ObjectKey, RouteModel | undefined>;
  /** Routes that changed since they were last admitted. */
  readonly changed: Set<ObjectKey>;
  /** In the order in which they are admitted; `undefined` before the first time. */
  order: OrderedRoute[] | undefined;
}

interface OrderedRoute {
  readonly key: ObjectKey;
  readonly model: RouteModel;
  /** As of the last time; `undefined` where it is new in the order. */
  refused: readonly RefusedClaim[] | undefined;
}

/** What a namespace has, and what it may have. */
export interface NamespaceUse extends ReadBudget {
  readonly namespace: string;
  readonly use: Readonly<BudgetUse>;
  readonly endpointLimit: number;
  readonly connectionLimit: number;
}

/**
 * Budgets, by namespace: between what routes claim and what they contend for. Routes of a namespace that is within its budget
 * go through with nothing but a count; those of one that is over it wait until all routes are evaluated, and are then looked
 * at together.
 */
export class BudgetStage {
  readonly #namespaces = new Map<string, NamespaceState>();
  readonly #refused = new Map<ObjectKey, readonly RefusedClaim[]>();
  readonly #world: World;
  readonly #config: GatewayConfig;
  readonly #routes: { get(key: ObjectKey): RouteModel | undefined };
  readonly #output: BudgetOutput;
  readonly #stage = new Stage<string, NamespaceState>({
    compute: (namespace) => this.#namespaces.get(namespace),
    output: (namespace, state) => {
      if (state !== undefined) this.#settle(namespace, state);
    },
  });

  /** `routes`: what each route was last evaluated to. */
  constructor(
    world: World,
    config: GatewayConfig,
    routes: { get(key: ObjectKey): RouteModel | undefined },
    output: BudgetOutput,
  ) {
    this.#world = world;
    this.#config = config;
    this.#routes = routes;
    this.#output = output;
  }

  /** A route means something else than before. */
  replace(key: ObjectKey, before: RouteModel | undefined, after: RouteModel | undefined): void {
    const namespace = (after ?? before)?.ref.namespace;
    if (namespace === undefined) return;
    const state = this.#stateOf(namespace);
    countUse(state.use, before, -1);
    countUse(state.use, after, 1);
    if (before === undefined) state.routes += 1;
    if (after === undefined) state.routes -= 1;
    if (state.over === undefined && isWithin(state.use, state.read.budget)) {
      this.#output.admitted(key, before, after);
      if (this.#hasOtherLimits(state)) this.#stage.mark(namespace);
      else this.#forgetIfEmpty(namespace, state);
      return;
    }
    const over = begunOver(state);
    if (!over.told.has(key)) over.told.set(key, before);
    over.changed.add(key);
    this.#stage.mark(namespace);
  }

  /** The annotations of a Namespace may have changed. */
  markNamespace(name: string): void {
    const state = this.#namespaces.get(name);
    if (state === undefined) return;
    state.read = this.budgetOf(name);
    this.#stage.mark(name);
  }

  /** Returns false if it paused before the end. */
  settle(pause: () => boolean): boolean {
    return this.#stage.settle(pause);
  }

  /** What of a route is over the budget of its namespace; `undefined` where nothing is. */
  overBudget(route: ObjectRef): OverBudget | undefined {
    if (this.#refused.size === 0) return undefined;
    const refused = this.#refused.get(objectKey(route));
    const state = refused && this.#namespaces.get(route.namespace);
    return refused && state && { refused, use: state.use, budget: state.read.budget };
  }

  /** How many endpoints a host of the namespace uses. */
  endpointLimit(namespace: string): number {
    return this.#namespaces.get(namespace)?.endpointLimit ?? this.#config.namespaceBudget.endpoints;
  }

  /** How many connections a host of the namespace takes. */
  connectionLimit(namespace: string): number {
    return this.#namespaces.get(namespace)?.connectionLimit ?? this.#config.maxConnectionsPerHost;
  }

  /** In how many parts the hosts of the namespace are divided, each with endpoint sets of its own. */
  endpointShards(namespace: string): number {
    return this.#namespaces.get(namespace)?.endpointShards ?? 1;
  }

  /** What a namespace may have, as the world has it. */
  budgetOf(namespace: string): ReadBudget {
    return namespaceBudget(this.#world.get('Namespace', '', namespace), this.#config);
  }

  /** Of every namespace with a route. */
  *all(): Generator<NamespaceUse, undefined> {
    for (const [namespace, { use, read, endpointLimit, connectionLimit }] of this.#namespaces)
      yield { namespace, use, ...read, endpointLimit, connectionLimit };
  }

  #stateOf(namespace: string): NamespaceState {
    let state = this.#namespaces.get(namespace);
    if (state === undefined) {
      const read = this.budgetOf(namespace);
      const use = noUse();
      const useToCome = this.#useToCome(namespace);
      state = {
        use,
        routes: 0,
        read,
        endpointLimit: endpointLimit(useToCome, read.budget),
        connectionLimit: this.#connectionLimitOf(useToCome, read),
        endpointShards: this.#endpointShardsOf(useToCome, read),
        over: undefined,
      };
      this.#namespaces.set(namespace, state);
    }
    return state;
  }

  #settle(namespace: string, state: NamespaceState): void {
    const { use, read } = state;
    const isOver = !isWithin(use, read.budget);
    if (isOver) begunOver(state);
    if (state.over !== undefined) this.#admit(namespace, state.over, read);
    if (!isOver) state.over = undefined;
    const limit = endpointLimit(use, read.budget);
    if (limit !== state.endpointLimit) {
      state.endpointLimit = limit;
      this.#output.endpointLimit(namespace);
    }
    const connections = this.#connectionLimitOf(use, read);
    const shards = this.#endpointShardsOf(use, read);
    if (connections !== state.connectionLimit || shards !== state.endpointShards) {
      state.connectionLimit = connections;
      state.endpointShards = shards;
      this.#output.hostLimits(this.#routesOf(namespace));
    }
    this.#forgetIfEmpty(namespace, state);
  }

  #hasOtherLimits(state: NamespaceState): boolean {
    const { use, read } = state;
    return (
      endpointLimit(use, read.budget) !== state.endpointLimit ||
      this.#connectionLimitOf(use, read) !== state.connectionLimit ||
      this.#endpointShardsOf(use, read) !== state.endpointShards
    );
  }

  #connectionLimitOf(use: BudgetUse, { budget }: ReadBudget): number {
    return connectionLimit(use, budget, this.#config);
  }

  #endpointShardsOf(use: BudgetUse, { budget }: ReadBudget): number {
    return endpointShards(use, budget, this.#config);
  }

  /** What a namespace is going to have, by what its routes say: its first hosts are published before the last is counted. */
  #useToCome(namespace: string): BudgetUse {
    const use = noUse();
    for (const { hostnames } of this.#world.in('TLSRoute', namespace)) use.hosts += hostnames.length;
    for (const { rules } of this.#world.in('Ingress', namespace)) use.hosts += rules.length;
    return use;
  }

  *#routesOf(namespace: string): Generator<RouteModel, undefined> {
    for (const key of this.#keysOf(namespace)) {
      const route = this.#routes.get(key);
      if (route !== undefined) yield route;
    }
  }

  #admit(namespace: string, over: OverState, { budget }: ReadBudget): void {
    const order = this.#ordered(namespace, over);
    const { told } = over;
    const admission = new Admission(budget);
    for (const route of order) {
      const { key, model } = route;
      const refused = admission.admit(model, route.refused);
      if (refused === route.refused) continue;
      route.refused = refused;
      const before = told.has(key) ? told.get(key) : model;
      const after = refused.length === 0 ? model : without(model, refused);
      if (!haveSameClaims(before, after)) this.#output.admitted(key, before, after);
      if (after === model) told.delete(key);
      else told.set(key, after);
      this.#setRefused(key, refused);
    }
  }

  /** Only what changed is sorted: a tenant may be far over its budget, and change something all the time. */
  #ordered(namespace: string, over: OverState): OrderedRoute[] {
    const { told, changed, order: before } = over;
    const keys = before === undefined ? new Set(this.#keysOf(namespace)) : changed;
    if (before === undefined) for (const key of told.keys()) keys.add(key);
    const added: OrderedRoute[] = [];
    for (const key of keys) {
      const model = this.#routes.get(key);
      if (model !== undefined) added.push({ key, model, refused: undefined });
      else if (told.has(key)) {
        this.#output.admitted(key, told.get(key), undefined);
        this.#setRefused(key, NONE_REFUSED);
        told.delete(key);
      }
    }
    added.sort((a, b) => compareRoutes(a.model, b.model));
    const kept = before?.filter(({ key }) => !changed.has(key)) ?? [];
    changed.clear();
    over.order = merged(kept, added);
    return over.order;
  }

  #setRefused(key: ObjectKey, refused: readonly RefusedClaim[]): void {
    const wasRefused = this.#refused.has(key);
    if (refused.length === 0) this.#refused.delete(key);
    else this.#refused.set(key, refused);
    if (wasRefused || refused.length > 0) this.#output.refused(key);
  }

  *#keysOf(namespace: string): Generator<ObjectKey, undefined> {
    for (const kind of ['TLSRoute', 'Ingress'] as const)
      for (const object of this.#world.in(kind, namespace)) yield objectKey(refOf(object));
  }

  #forgetIfEmpty(namespace: string, state: NamespaceState): void {
    if (state.routes === 0 && state.over === undefined) this.#namespaces.delete(namespace);
  }
}

function begunOver(state: NamespaceState): OverState {
  state.over ??= { told: new Map(), changed: new Set(), order: undefined };
  return state.over;
}

/** Two orders as one. */
function merged(a: readonly OrderedRoute[], b: readonly OrderedRoute[]): OrderedRoute[] {
  if (a.length === 0) return [...b];
  const all: OrderedRoute[] = [];
  let next = 0;
  for (const route of a) {
    for (let other = b[next]; other !== undefined; other = b[next]) {
      if (compareRoutes(route.model, other.model) < 0) break;
      all.push(other);
      next += 1;
    }
    all.push(route);
  }
  for (; next < b.length; next += 1) all.push(b[next] as OrderedRoute);
  return all;
}

function without(model: RouteModel, refused: readonly RefusedClaim[]): RouteModel {
  const instead = new Map(refused.map((each) => [each.claim, each.instead]));
  const claims = model.claims.map((claim) => (instead.has(claim) ? instead.get(claim) : claim));
  return { ...model, claims: claims.filter((claim) => claim !== undefined) };
}

/** Every evaluation of a route makes claims of its own: the same ones are of the same evaluation. */
function haveSameClaims(a: RouteModel | undefined, b: RouteModel | undefined): boolean {
  const [before, after] = [a?.claims ?? [], b?.claims ?? []];
  return before.length === after.length && before.every((claim, index) => claim === after[index]);
}
