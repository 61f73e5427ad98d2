import type { ServiceTarget } from '../../model/gateway.ts';
import type { EndpointSetTable } from '../hosts/endpoint-sets.ts';
import { ENDPOINT_TYPE } from '../resources/resource.ts';
import type { ResourceTable } from '../resources/resource-table.ts';
import type { BuiltEndpointSet, ResolvedEndpoints } from './resolved-endpoints.ts';
import { Stage } from './stage.ts';

export interface EndpointSetOutput {
  /** What the owners of routes are told of a Service's endpoints differs: what is refused or not used, or why there are none. */
  notesChanged(target: ServiceTarget): void;
  /** How many endpoints a host of the namespace uses. */
  endpointLimit(namespace: string): number;
}

/** Endpoint sets, by name: of each the EDS resource, made of the slices of its Services. */
export class EndpointSetStage {
  readonly #table: EndpointSetTable;
  readonly #endpoints: ResolvedEndpoints;
  readonly #resources: ResourceTable;
  readonly #output: EndpointSetOutput;
  readonly #stage = new Stage<string, BuiltEndpointSet>({
    compute: (name) => {
      const spec = this.#table.get(name);
      const [owner] = this.#table.namespacesOf(name);
      return spec && this.#endpoints.build(spec, this.#limitOf(name), owner);
    },
    output: (name, built) => this.#replace(name, built),
  });

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
    this.#stage.mark(name);
  }

  markAll(): void {
    for (const name of this.#table.names()) this.#stage.mark(name);
  }

  markService(namespace: string, service: string): void {
    for (const name of this.#table.ofService(namespace, service)) this.#stage.mark(name);
  }

  /** The sets that hosts of the namespace use. */
  markNamespace(namespace: string): void {
    for (const name of this.#table.usedBy(namespace)) this.#stage.mark(name);
  }

  /** Returns false if it paused before the end. */
  settle(pause: () => boolean): boolean {
    const isDone = this.#stage.settle(pause);
    this.#endpoints.forget();
    return isDone;
  }

  settleAll(): void {
    this.settle(() => false);
  }

  #replace(name: string, built: BuiltEndpointSet | undefined): void {
    this.#resources.stage(ENDPOINT_TYPE, name, built?.resource);
    if (!this.#endpoints.note(name, built?.notes)) return;
    for (const { target } of this.#table.get(name)?.backends ?? [])
      if (target !== undefined) this.#output.notesChanged(target);
  }

  /** Who shares a set with others has what the one of them has that has least. */
  #limitOf(name: string): number {
    let limit = Infinity;
    for (const namespace of this.#table.namespacesOf(name))
      limit = Math.min(limit, this.#output.endpointLimit(namespace));
    return limit;
  }
}
