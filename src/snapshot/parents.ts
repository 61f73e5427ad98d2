import type { GatewayConfig } from '../gateway/config.ts';
import { evaluateGateway, isAccepted } from '../gateway/evaluate-gateway.ts';
import { evaluateListenerSet } from '../gateway/evaluate-listener-set.ts';
import { isSameListener } from '../gateway/listener-isolation.ts';
import {
  compareListenerSets,
  type MergedListeners,
  mergeListenerSets,
} from '../gateway/merge-listener-sets.ts';
import { type ObjectRef, objectKey } from '../model/events.ts';
import type {
  Binding,
  GatewayModel,
  ListenerRef,
  ListenerSetModel,
  ParentListeners,
} from '../model/gateway.ts';
import { drain } from './draining.ts';
import { Evaluator } from './evaluator.ts';
import { PoolAddresses } from './pool-addresses.ts';
import { type EvaluatedParents, ownerDependency, RecordingLookup } from './recording-lookup.ts';
import { structurallyEqual } from './structural-equality.ts';
import { namespacedName, type World } from './world.ts';

/** What the engine is told while Gateways and ListenerSets are settled. */
export interface ParentChanges {
  /** Whatever has read this has to be evaluated again. */
  changed(dependency: string): void;
  /** A listener comes (1) or goes (-1). `gatewayKey`: object key of the Gateway that it is served for. */
  listen(binding: Binding, hostname: string, gatewayKey: string, sign: 1 | -1): void;
  /** The status of an object, by its key, may differ. */
  status(key: string): void;
}

/**
 * What routes attach to, evaluated: Gateways first, then each ListenerSet by itself, then those of a Gateway together.
 * A ListenerSet that changes has those of its Gateway merged anew, which looks at each listener of them once and
 * evaluates none; only what comes out differently is told.
 */
export class Parents implements EvaluatedParents {
  /** By `namespace/name`, as the next three. */
  readonly gateways = new Map<string, GatewayModel>();
  readonly listenerSets = new Map<string, ListenerSetModel>();
  readonly owners = new Map<string, MergedListeners['owners']>();
  readonly poolAddresses: ReadonlyMap<string, string>;
  readonly evaluator: Evaluator;
  readonly #world: World;
  readonly #config: GatewayConfig;
  readonly #changes: ParentChanges;
  readonly #pool = new PoolAddresses();
  readonly #lookup: RecordingLookup;
  /** ListenerSets before they are merged. */
  readonly #unmerged = new Map<string, ListenerSetModel>();
  /** The same by Gateway, each by its name. */
  readonly #setsOf = new Map<string, Map<string, ListenerSetModel>>();
  /** What came out of the last merge of each Gateway: the same object again is nothing new. */
  readonly #merged = new Map<string, ReadonlySet<ListenerSetModel>>();
  readonly #attachedSets = new Map<string, number>();
  readonly #dirtyGateways = new Set<string>();
  readonly #dirtySets = new Set<string>();
  /** Gateways whose ListenerSets have to be merged anew. */
  readonly #dirtyMerges = new Set<string>();

  constructor(world: World, config: GatewayConfig, changes: ParentChanges) {
    this.#world = world;
    this.#config = config;
    this.#changes = changes;
    this.poolAddresses = this.#pool.assigned;
    this.#lookup = new RecordingLookup(world, this);
    this.evaluator = new Evaluator(world, this.#lookup);
  }

  /** A Gateway itself changed (`namespace/name`). */
  markGateway(name: string): void {
    this.#dirtyGateways.add(name);
    this.#pool.mark();
  }

  /** Who has which address of the pool may differ. */
  markPool(): void {
    this.#pool.mark();
  }

  /** Marks what has the object key `key`, if it is a Gateway or a ListenerSet. */
  markDependent(key: string): boolean {
    if (key.startsWith('Gateway/')) this.#dirtyGateways.add(key.slice('Gateway/'.length));
    else if (key.startsWith('ListenerSet/')) this.#dirtySets.add(key.slice('ListenerSet/'.length));
    else return false;
    return true;
  }

  /** How many ListenerSets are attached to a Gateway. */
  attachedListenerSets(gateway: string): number {
    return this.#attachedSets.get(gateway) ?? 0;
  }

  /** Brings everything up to date; returns false if it paused before the end. */
  settle(pause: () => boolean): boolean {
    for (const name of this.#pool.settle(this.#world, this.#lookup, this.#config))
      this.#dirtyGateways.add(name);
    return (
      drain(this.#dirtyGateways, (name) => this.#evaluateGateway(name), pause, 1) &&
      drain(this.#dirtySets, (name) => this.#evaluateSet(name), pause, 16) &&
      drain(this.#dirtyMerges, (name) => this.#merge(name), pause, 1)
    );
  }

  #evaluateGateway(name: string): void {
    const [namespace = '', gatewayName = ''] = name.split('/');
    const key = `Gateway/${name}`;
    const before = this.gateways.get(name);
    const after = this.evaluator.evaluate(key, 'Gateway', namespace, gatewayName, (gateway, lookup) =>
      evaluateGateway(gateway, lookup, this.#config),
    );
    if (structurallyEqual(before, after)) return;
    if (after === undefined) this.gateways.delete(name);
    else this.gateways.set(name, after);
    if (before?.isShared === true || after?.isShared === true) this.#dirtyMerges.add(name);
    this.#replaced(before, after);
    this.#changes.changed(`GatewayModel/${name}`);
  }

  #evaluateSet(name: string): void {
    const [namespace = '', setName = ''] = name.split('/');
    const key = `ListenerSet/${name}`;
    const before = this.#unmerged.get(name);
    const after = this.evaluator.evaluate(key, 'ListenerSet', namespace, setName, (set, lookup) =>
      evaluateListenerSet(set, lookup, this.#config),
    );
    if (structurallyEqual(before, after)) return;
    if (after === undefined) this.#unmerged.delete(name);
    else this.#unmerged.set(name, after);
    const from = before && nameOf(before.gateway);
    const to = after && nameOf(after.gateway);
    if (after !== undefined && to !== undefined) this.#list(name, after, to);
    if (from === undefined || from === to) return;
    this.#unlist(name, from);
    this.#replaceSet(name, undefined);
  }

  #unlist(name: string, gateway: string): void {
    const sets = this.#setsOf.get(gateway);
    if (sets?.delete(name) === true && sets.size === 0) this.#setsOf.delete(gateway);
    this.#dirtyMerges.add(gateway);
  }

  #list(name: string, set: ListenerSetModel, gateway: string): void {
    const sets = this.#setsOf.get(gateway);
    if (sets === undefined) this.#setsOf.set(gateway, new Map([[name, set]]));
    else sets.set(name, set);
    this.#dirtyMerges.add(gateway);
  }

  /** Those of a Gateway, in order of precedence. Kept in that order: what is nearly sorted is sorted fast. */
  #orderedSets(gateway: string): readonly ListenerSetModel[] {
    const known = [...(this.#setsOf.get(gateway)?.values() ?? [])];
    const sets = known.toSorted(compareListenerSets);
    if (sets.some((set, index) => set !== known[index]))
      this.#setsOf.set(gateway, new Map(sets.map((set) => [nameOf(set.ref), set])));
    return sets;
  }

  #merge(name: string): void {
    const gateway = this.gateways.get(name);
    const { sets, owners } =
      gateway === undefined ? NOTHING : mergeListenerSets(gateway, this.#orderedSets(name));
    let attached = 0;
    for (const set of sets) {
      if (this.#merged.get(name)?.has(set) !== true) this.#replaceSet(nameOf(set.ref), set);
      if (isAccepted(set)) attached += 1;
    }
    if (sets.length > 0) this.#merged.set(name, new Set(sets));
    else this.#merged.delete(name);
    if (attached !== this.attachedListenerSets(name)) this.#changes.status(`Gateway/${name}`);
    if (attached > 0) this.#attachedSets.set(name, attached);
    else this.#attachedSets.delete(name);
    this.#replaceOwners(name, gateway?.isShared === true ? owners : NOTHING.owners);
  }

  #replaceSet(name: string, after: ListenerSetModel | undefined): void {
    const before = this.listenerSets.get(name);
    if (structurallyEqual(before, after)) return;
    if (after === undefined) this.listenerSets.delete(name);
    else this.listenerSets.set(name, after);
    this.#replaced(before, after);
    this.#changes.changed(`ListenerSetModel/${name}`);
  }

  #replaceOwners(gateway: string, after: MergedListeners['owners']): void {
    const before = this.owners.get(gateway) ?? NOTHING.owners;
    if (after.size > 0) this.owners.set(gateway, after);
    else this.owners.delete(gateway);
    const tell = (owner: string): void => this.#changes.changed(ownerDependency(gateway, owner));
    for (const [owner, listener] of after) if (!isSame(before.get(owner), listener)) tell(owner);
    for (const owner of before.keys()) if (!after.has(owner)) tell(owner);
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
    for (const { bindings, hostname = '*' } of parent.listeners)
      for (const binding of bindings) this.#changes.listen(binding, hostname, gatewayKey, sign);
  }
}

function nameOf({ namespace, name }: ObjectRef): string {
  return namespacedName(namespace, name);
}

const NOTHING: MergedListeners = { sets: [], owners: new Map() };

function isSame(before: ListenerRef | undefined, after: ListenerRef): boolean {
  return before !== undefined && isSameListener(before, after);
}
