import type { ServiceTarget } from '../../model/gateway.ts';
import type { BindingHosts } from '../hosts/binding-hosts.ts';
import type { EndpointSetTable } from '../hosts/endpoint-sets.ts';
import type { HostEntry } from '../hosts/host-entry.ts';

/** What a resource of Envoy is made of, by the resource's name. */
export class ResourceOwners {
  readonly #bindings: ReadonlyMap<string, BindingHosts>;
  readonly #endpointSets: EndpointSetTable;

  constructor(bindings: ReadonlyMap<string, BindingHosts>, endpointSets: EndpointSetTable) {
    this.#bindings = bindings;
    this.#endpointSets = endpointSets;
  }

  /** The host that a cluster is of; `undefined` where no host has it. */
  hostOfCluster(cluster: string): HostEntry | undefined {
    for (const { name, hosts } of this.#bindings.values()) {
      if (!cluster.startsWith(name)) continue;
      const entry = hosts.get(cluster.slice(name.length + 1));
      if (entry?.name === cluster) return entry;
    }
    return undefined;
  }

  /** The Services that an endpoint set is made of. */
  targetsOfSet(name: string): readonly ServiceTarget[] {
    return (this.#endpointSets.get(name)?.backends ?? []).flatMap(({ target }) => target ?? []);
  }
}
