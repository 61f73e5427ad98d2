import type { ListenerModel } from '../model/gateway.ts';
import type { AttachedHost } from './attached-host.ts';
import { ANY_HOST, coveringWildcards } from './hostname.ts';

/** A host that is not served by a listener that matches it, because `owner` is more specific. */
export interface IsolatedHost {
  readonly host: string;
  readonly owner: ListenerModel;
}

/**
 * Listener isolation: "a request to foo.example.com SHOULD only be routed using routes attached to the
 * foo.example.com Listener (and not the *.example.com Listener)". On each port of a Gateway a host belongs to
 * the one listener with the most specific matching hostname. Only listeners that are served count.
 *
 * A route may have 1,024 hostnames and a Gateway 64 listeners, so the owner of a host is found by its suffixes and
 * remembered, and not by a look at every listener.
 */
export class ListenerOwners {
  readonly #listeners: readonly ListenerModel[];
  readonly #ports = new Map<number, PortOwners>();

  constructor(listeners: readonly ListenerModel[]) {
    this.#listeners = listeners;
  }

  /**
   * Those of `hosts`, all of which `listener` matches, that belong to it. The others are added to `isolated`.
   */
  withoutIsolated(
    hosts: readonly AttachedHost[],
    listener: ListenerModel,
    isolated: IsolatedHost[],
  ): readonly AttachedHost[] {
    if (listener.bindings.length === 0) return hosts;
    let owners = this.#ports.get(listener.port);
    if (owners === undefined) {
      owners = new PortOwners(this.#listeners, listener.port);
      this.#ports.set(listener.port, owners);
    }
    const kept = [];
    for (const host of hosts) {
      const owner = owners.ownerOf(host.host);
      if (owner === listener || owner === undefined) kept.push(host);
      else isolated.push({ host: host.host, owner });
    }
    return kept;
  }
}

class PortOwners {
  readonly #listenerOfPattern = new Map<string, ListenerModel>();
  readonly #ownerOfHost = new Map<string, ListenerModel | undefined>();

  constructor(listeners: readonly ListenerModel[], port: number) {
    for (const listener of listeners) {
      if (listener.port !== port || listener.bindings.length === 0) continue;
      this.#listenerOfPattern.set(listener.hostname ?? ANY_HOST, listener);
    }
  }

  ownerOf(host: string): ListenerModel | undefined {
    if (this.#ownerOfHost.has(host)) return this.#ownerOfHost.get(host);
    const owner = this.#find(host);
    this.#ownerOfHost.set(host, owner);
    return owner;
  }

  #find(host: string): ListenerModel | undefined {
    const patterns = this.#listenerOfPattern;
    const exact = patterns.get(host);
    if (exact !== undefined || patterns.size === 1) return exact ?? patterns.values().next().value;
    for (const pattern of coveringWildcards(host)) {
      const owner = patterns.get(pattern);
      if (owner !== undefined) return owner;
    }
    return undefined;
  }
}
