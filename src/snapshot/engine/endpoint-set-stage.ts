import type { ServiceTarget } from '../../model/gateway.ts';
import type { EndpointSetTable } from '../hosts/endpoint-sets.ts';
import { ENDPOINT_TYPE } from '../resources/resource.ts';
import type { ResourceTable } from '../resources/resource-table.ts';
import type { BuiltEndpointSet, ResolvedEndpoints } from './resolved-endpoints.ts';
import { Stage } from './stage.ts';

/** Endpoint sets, by name: of each the EDS resource, made of the slices of its Services. */
export class EndpointSetStage {
  readonly #table: EndpointSetTable;
  readonly #endpoints: ResolvedEndpoints;
  readonly #resources: ResourceTable;
  readonly #notesChanged: (target: ServiceTarget) => void;
  readonly #stage = new Stage<string, BuiltEndpointSet>({
    compute: (name) => {
      const spec = this.#table.get(name);
      return spec && this.#endpoints.build(spec);
    },
    output: (name, built) => this.#replace(name, built),
  });

  /** `notesChanged`: what the owners of routes are told of a Service's endpoints differs: what is refused, or why there are none. */
  constructor(
    table: EndpointSetTable,
    endpoints: ResolvedEndpoints,
    resources: ResourceTable,
    notesChanged: (target: ServiceTarget) => void,
  ) {
    this.#table = table;
    this.#endpoints = endpoints;
    this.#resources = resources;
    this.#notesChanged = notesChanged;
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

  /** Returns false if it paused before the end. */
  settle(pause: () => boolean): boolean {
    return this.#stage.settle(pause);
  }

  settleAll(): void {
    this.#stage.settle(() => false);
  }

  #replace(name: string, built: BuiltEndpointSet | undefined): void {
    this.#resources.stage(ENDPOINT_TYPE, name, built?.resource);
    if (!this.#endpoints.note(name, built)) return;
    for (const { target } of this.#table.get(name)?.backends ?? [])
      if (target !== undefined) this.#notesChanged(target);
  }
}
