import { TurnSet } from '../../event-loop/turn-set.ts';
import type { ServiceTarget } from '../../model/gateway.ts';
import { type EndpointSetTable, namespaceOfSet } from '../hosts/endpoint-sets.ts';
import { ENDPOINT_TYPE } from '../resources/resource.ts';
import type { ResourceTable } from '../resources/resource-table.ts';
import type { BuiltEndpointSet, ResolvedEndpoints } from './resolved-endpoints.ts';
import { bring, Stage, type StageRules } from './stage.ts';

export interface EndpointSetOutput {
  /** What the owners of routes are told of a Service's endpoints differs: what is refused or not used, or why there are none. */
  notesChanged(target: ServiceTarget): void;
  /** How many endpoints a host of the namespace uses. */
  endpointLimit(namespace: string): number;
}

/**
 * Endpoint sets, by name: of each the EDS resource, made of the slices of its Services. A new one is settled before what points at it
 * is published. Those that are there already, and differ, hold up nobody and are settled in turns by namespace: a tenant may have a
 * thousand sets of sixteen Services each, all of which one endpoint that flaps changes.
 */
export class EndpointSetStage {
  readonly #table: EndpointSetTable;
  readonly #endpoints: ResolvedEndpoints;
  readonly #resources: ResourceTable;
  readonly #output: EndpointSetOutput;
  readonly #rules: StageRules<string, BuiltEndpointSet> = {
    compute: (name) => {
      const spec = this.#table.get(name);
      const [owner] = this.#table.namespacesOf(name);
      return spec && this.#endpoints.build(spec, this.#limitOf(name), owner);
    },
    output: (name, built) => this.#replace(name, built),
  };
  readonly #added = new Stage(this.#rules);
  readonly #changed = new TurnSet<string>(namespaceOfSet);
  /** Services of sets of which something else is to be told, by `namespace/name`: each once, for a thousand sets may share it. */
  readonly #noted = new Map<string, ServiceTarget>();

  constructor(
    table: EndpointSetTable,
    endpoints: ResolvedEndpoints,
    resources: ResourceTable,
    output: EndpointSetOutput,
  ) {
    this.#table = table;
    this.#endpoints = endpoints;
    this.#resources = resources;
    this.#output = output;
  }

  mark(name: string): void {
    if (this.#resources.latest(ENDPOINT_TYPE, name) === undefined) this.#added.mark(name);
    else this.#changed.add(name);
  }

  /** What endpoints are refused may differ. */
  markAll(): void {
    this.#endpoints.forgetAll();
    for (const name of this.#table.names()) this.mark(name);
  }

  markService(namespace: string, service: string): void {
    this.#endpoints.forget(namespace, service);
    for (const name of this.#table.ofService(namespace, service)) this.mark(name);
  }

  /** The sets that hosts of the namespace use. */
  markNamespace(namespace: string): void {
    for (const name of this.#table.usedBy(namespace)) this.mark(name);
  }

  /** Settles new sets. Returns false if it paused before the end. */
  settleAdded(pause: () => boolean = () => false): boolean {
    const isDone = this.#added.settle(pause);
    if (isDone && this.#changed.size === 0) this.#endpoints.forgetSmall();
    this.#tell();
    return isDone;
  }

  /** Settles sets that are there already. Returns false if it paused before the end. */
  settleChanged(pause: () => boolean): boolean {
    for (let name = this.#changed.first(); name !== undefined; name = this.#changed.first()) {
      this.#changed.takeKey(name);
      bring(this.#rules, name);
      if (this.#changed.size > 0 && pause()) break;
    }
    const isDone = this.#changed.size === 0;
    if (isDone) this.#endpoints.forgetSmall();
    this.#tell();
    return isDone;
  }

  #replace(name: string, built: BuiltEndpointSet | undefined): void {
    if (built === undefined || built.resource !== this.#resources.latest(ENDPOINT_TYPE, name))
      this.#resources.stage(ENDPOINT_TYPE, name, built?.resource);
    if (!this.#endpoints.note(name, built?.notes)) return;
    for (const { target } of this.#table.get(name)?.backends ?? [])
      if (target !== undefined) this.#noted.set(`${target.namespace}/${target.service}`, target);
  }

  #tell(): void {
    if (this.#noted.size === 0) return;
    for (const target of this.#noted.values()) this.#output.notesChanged(target);
    this.#noted.clear();
  }

  /** Who shares a set with others has what the one of them has that has least. */
  #limitOf(name: string): number {
    let limit = Infinity;
    for (const namespace of this.#table.namespacesOf(name))
      limit = Math.min(limit, this.#output.endpointLimit(namespace));
    return limit;
  }
}
