import type { GatewayConfig } from '../../gateway/config.ts';
import { evaluateGateway, isAccepted } from '../../gateway/parents/evaluate-gateway.ts';
import { evaluateListenerSet } from '../../gateway/parents/evaluate-listener-set.ts';
import { isSameListener, ownsHostname } from '../../gateway/parents/listener-isolation.ts';
import {
  compareListenerSets,
  type ListenersByPort,
  type MergedListeners,
  mergeListenerSets,
} from '../../gateway/parents/merge-listener-sets.ts';
import type { ObjectRef } from '../../model/events.ts';
import type {
  Binding,
  GatewayModel,
  ListenerModel,
  ListenerSetModel,
  ParentListeners,
} from '../../model/gateway.ts';
import {
  type DependencyKey,
  isOfKind,
  listenerDependency,
  modelDependency,
  type NamespacedName,
  namespacedName,
  type ObjectKey,
  objectKey,
  objectKeyOf,
  parseNamespacedName,
  withinKind,
} from '../../model/key.ts';
import { structurallyEqual } from '../collections/structural-equality.ts';
import type { World } from '../world/world.ts';
import { Evaluator } from './evaluator.ts';
import { PoolAddresses } from './pool-addresses.ts';
import { type EvaluatedParents, RecordingLookup } from './recording-lookup.ts';
import { Stage } from './stage.ts';

/** What the engine is told while Gateways and ListenerSets are settled. */
export interface ParentChanges {
  /** Whatever has read this has to be evaluated again. */
  dependencyChanged(dependency: DependencyKey): void;
  /** A listener comes (1) or goes (-1). `gatewayKey`: object key of the Gateway that it is served for. */
  listen(binding: Binding, hostname: string, gatewayKey: ObjectKey, sign: 1 | -1): void;
  /** The same of a listener that is not served, and whose hostname nobody else of its Gateway may serve. */
  reserve(binding: Binding, hostname: string, gatewayKey: ObjectKey, sign: 1 | -1): void;
  /** The status of an object, by its key, may differ. */
  status(key: ObjectKey): void;
}

/**
 * Parents of routes, in three stages: Gateways, then each ListenerSet by itself, then those of a Gateway together.
 * A ListenerSet that changes has those of its Gateway merged anew, which looks at each listener of them once and
 * evaluates none; only what comes out differently is told.
 */
export class Parents implements EvaluatedParents {
  /** By `namespace/name`, as the next three. */
  readonly gateways = new Map<NamespacedName, GatewayModel>();
  readonly listenerSets = new Map<NamespacedName, ListenerSetModel>();
  readonly mergedListeners = new Map<NamespacedName, ListenersByPort>();
  readonly poolAddresses: ReadonlyMap<NamespacedName, string>;
  readonly evaluator: Evaluator;
  readonly #world: World;
  readonly #config: GatewayConfig;
  readonly #changes: ParentChanges;
  readonly #pool = new PoolAddresses();
  readonly #lookup: RecordingLookup;
  /** ListenerSets before they are merged. */
  readonly #unmerged = new Map<NamespacedName, ListenerSetModel>();
  /** Unmerged ListenerSets by Gateway, in order of precedence. */
  readonly #setsOf = new Map<NamespacedName, ListenerSetModel[]>();
  /** The values of `listenerSets`: one of them that comes out of a merge again is nothing new. */
  readonly #present = new Set<ListenerSetModel>();
  readonly #attachedSets = new Map<NamespacedName, number>();

  /** By `namespace/name` of the Gateway, as the last. */
  readonly #gatewayStage = new Stage<NamespacedName, GatewayModel>({
    compute: (name) => this.#evaluateGateway(name),
    isCurrent: (name, model) => structurallyEqual(this.gateways.get(name), model),
    output: (name, model) => this.#replaceGateway(name, model),
  });
  /** By `namespace/name` of the ListenerSet. */
  readonly #setStage = new Stage<NamespacedName, ListenerSetModel>({
    compute: (name) => this.#evaluateSet(name),
    isCurrent: (name, model) => structurallyEqual(this.#unmerged.get(name), model),
    output: (name, model) => this.#replaceUnmerged(name, model),
  });
  readonly #mergeStage = new Stage<NamespacedName, MergedListeners>({
    compute: (name) => this.#merge(name),
    output: (name, merged) => this.#replaceMerged(name, merged ?? NOTHING),
  });

  constructor(world: World, config: GatewayConfig, changes: ParentChanges) {
    this.#world = world;
    this.#config = config;
    this.#changes = changes;
    this.poolAddresses = this.#pool.assigned;
    this.#lookup = new RecordingLookup(world, this);
    this.evaluator = new Evaluator(world, this.#lookup);
  }

  /** A Gateway itself changed (`namespace/name`). */
  markGateway(name: NamespacedName): void {
    this.#gatewayStage.mark(name);
    this.#pool.mark();
  }

  /** Who has which address of the pool may differ. */
  markPool(): void {
    this.#pool.mark();
  }

  /** Marks what has the object key `key`, if it is a Gateway or a ListenerSet. */
  markDependent(key: ObjectKey): boolean {
    if (isOfKind(key, 'Gateway')) this.#gatewayStage.mark(withinKind(key));
    else if (isOfKind(key, 'ListenerSet')) this.#setStage.mark(withinKind(key));
    else return false;
    return true;
  }

  /** How many ListenerSets are attached to a Gateway. */
  attachedListenerSets(gateway: NamespacedName): number {
    return this.#attachedSets.get(gateway) ?? 0;
  }

  /** Brings everything up to date; returns false if it paused before the end. */
  settle(pause: () => boolean): boolean {
    for (const name of this.#pool.settle(this.#world, this.#lookup, this.#config))
      this.#gatewayStage.mark(name);
    return (
      this.#gatewayStage.settle(pause) && this.#setStage.settle(pause, 16) && this.#mergeStage.settle(pause)
    );
  }

  #evaluateGateway(name: NamespacedName): GatewayModel | undefined {
    const key = objectKeyOf('Gateway', name);
    const { namespace, name: gatewayName } = parseNamespacedName(name);
    return this.evaluator.evaluate(key, 'Gateway', namespace, gatewayName, (gateway, lookup) =>
      evaluateGateway(gateway, lookup, this.#config),
    );
  }

  #replaceGateway(name: NamespacedName, after: GatewayModel | undefined): void {
    const before = this.gateways.get(name);
    if (after === undefined) this.gateways.delete(name);
    else this.gateways.set(name, after);
    if (before?.isShared === true || after?.isShared === true) this.#mergeStage.mark(name);
    this.#replaced(before, after);
    this.#changes.dependencyChanged(modelDependency('Gateway', name));
  }

  #evaluateSet(name: NamespacedName): ListenerSetModel | undefined {
    const key = objectKeyOf('ListenerSet', name);
    const { namespace, name: setName } = parseNamespacedName(name);
    return this.evaluator.evaluate(key, 'ListenerSet', namespace, setName, (set, lookup) =>
      evaluateListenerSet(set, lookup, this.#config),
    );
  }

  #replaceUnmerged(name: NamespacedName, after: ListenerSetModel | undefined): void {
    const before = this.#unmerged.get(name);
    if (after === undefined) this.#unmerged.delete(name);
    else this.#unmerged.set(name, after);
    const from = before && nameOf(before.gateway);
    const to = after && nameOf(after.gateway);
    if (before !== undefined && from !== undefined) this.#unlist(before, from);
    if (after !== undefined && to !== undefined) this.#list(after, to);
    if (from !== undefined && from !== to) this.#replaceSet(name, undefined);
  }

  #unlist(set: ListenerSetModel, gateway: NamespacedName): void {
    const sets = this.#setsOf.get(gateway);
    if (sets === undefined) return;
    sets.splice(positionOf(set, sets), 1);
    if (sets.length === 0) this.#setsOf.delete(gateway);
    this.#mergeStage.mark(gateway);
  }

  #list(set: ListenerSetModel, gateway: NamespacedName): void {
    const sets = this.#setsOf.get(gateway);
    if (sets === undefined) this.#setsOf.set(gateway, [set]);
    else sets.splice(positionOf(set, sets), 0, set);
    this.#mergeStage.mark(gateway);
  }

  #merge(name: NamespacedName): MergedListeners {
    const gateway = this.gateways.get(name);
    if (gateway === undefined) return NOTHING;
    const merged = mergeListenerSets(gateway, this.#setsOf.get(name) ?? []);
    return gateway.isShared ? merged : { ...merged, listeners: NOTHING.listeners };
  }

  #replaceMerged(name: NamespacedName, { sets, listeners }: MergedListeners): void {
    for (const set of sets) if (!this.#present.has(set)) this.#replaceSet(nameOf(set.ref), set);
    this.#replaceListeners(name, listeners);
  }

  #replaceSet(name: NamespacedName, after: ListenerSetModel | undefined): void {
    const before = this.listenerSets.get(name);
    if (structurallyEqual(before, after)) return;
    if (after === undefined) this.listenerSets.delete(name);
    else this.listenerSets.set(name, after);
    if (before !== undefined) this.#present.delete(before);
    if (after !== undefined) this.#present.add(after);
    this.#countSet(before, -1);
    this.#countSet(after, 1);
    this.#replaced(before, after);
    this.#changes.dependencyChanged(modelDependency('ListenerSet', name));
  }

  #countSet(set: ListenerSetModel | undefined, sign: 1 | -1): void {
    if (set === undefined || !isAccepted(set)) return;
    const gateway = nameOf(set.gateway);
    const count = this.attachedListenerSets(gateway) + sign;
    if (count > 0) this.#attachedSets.set(gateway, count);
    else this.#attachedSets.delete(gateway);
    this.#changes.status(objectKeyOf('Gateway', gateway));
  }

  #replaceListeners(gateway: NamespacedName, after: ListenersByPort): void {
    const before = this.mergedListeners.get(gateway) ?? NOTHING.listeners;
    if (after.size > 0) this.mergedListeners.set(gateway, after);
    else this.mergedListeners.delete(gateway);
    for (const port of new Set([...before.keys(), ...after.keys()])) {
      const [old = NO_LISTENERS, now = NO_LISTENERS] = [before.get(port), after.get(port)];
      const tell = (hostname: string): void =>
        this.#changes.dependencyChanged(listenerDependency(gateway, port, hostname));
      for (const [hostname, listener] of now) if (!isSame(old.get(hostname), listener)) tell(hostname);
      for (const hostname of old.keys()) if (!now.has(hostname)) tell(hostname);
    }
  }

  #replaced(before: ParentListeners | undefined, after: ParentListeners | undefined): void {
    this.#listen(after, 1);
    this.#listen(before, -1);
    const ref = after?.ref ?? before?.ref;
    if (ref !== undefined) this.#changes.status(objectKey(ref));
  }

  /** Registers (1) or withdraws (-1) listeners with their bindings. */
  #listen(parent: ParentListeners | undefined, sign: 1 | -1): void {
    if (parent === undefined) return;
    const gatewayKey = objectKey(parent.gateway);
    for (const { bindings, reserved, hostname = '*' } of parent.listeners) {
      for (const binding of bindings) this.#changes.listen(binding, hostname, gatewayKey, sign);
      for (const binding of reserved) this.#changes.reserve(binding, hostname, gatewayKey, sign);
    }
  }
}

function nameOf({ namespace, name }: ObjectRef): NamespacedName {
  return namespacedName(namespace, name);
}

/** Where a set is, or would be, among others in order of precedence. */
function positionOf(set: ListenerSetModel, sets: readonly ListenerSetModel[]): number {
  let [low, high] = [0, sets.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = sets[middle];
    if (other !== undefined && compareListenerSets(other, set) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

const NOTHING: MergedListeners = { sets: [], listeners: new Map() };
const NO_LISTENERS: ReadonlyMap<string, ListenerModel> = new Map();

/** Whether a host that belongs to the one belongs to the other. */
function isSame(before: ListenerModel | undefined, after: ListenerModel): boolean {
  if (before === after) return true;
  if (before === undefined || ownsHostname(before) !== ownsHostname(after)) return false;
  return isSameListener(before.attachment, after.attachment);
}
