import type { ListenerModel, ListenerRef, ParentListeners } from '../../model/gateway.ts';
import type { Lookup } from '../lookup.ts';
import { ANY_HOST, coveringWildcards } from '../values/hostname.ts';
import type { AttachedHost } from './attached-host.ts';

/** A host that is not served by a listener that matches it, because `owner` is more specific. */
export interface IsolatedHost {
  readonly host: string;
  readonly owner: ListenerRef;
}

export function isSameListener(a: ListenerRef, b: ListenerRef): boolean {
  if (a === b) return true;
  const { kind, namespace, name } = a.parent;
  return (
    a.listener === b.listener &&
    name === b.parent.name &&
    namespace === b.parent.namespace &&
    kind === b.parent.kind
  );
}

/** Whether the listener's hostname is its own: it is served, or reserved because another protocol than ours is to serve it. */
export function ownsHostname({ bindings, reserved }: Pick<ListenerModel, 'bindings' | 'reserved'>): boolean {
  return bindings.length > 0 || reserved.length > 0;
}

/**
 * Listener isolation: "a request to foo.example.com SHOULD only be routed using routes attached to the
 * foo.example.com Listener (and not the *.example.com Listener)". On each port of a Gateway, with the listeners of its
 * ListenerSets, a host belongs to the one listener with the most specific matching hostname, be it one that Sluice does
 * not serve. One that is not accepted owns nothing.
 *
 * A route may have 1,024 hostnames and a Gateway 64 listeners, so the owner of a host is found by its suffixes and
 * remembered, and not by a look at every listener. Where ListenerSets may add some, only the names that could matter
 * are asked for: a listener that comes or goes concerns the routes that asked, and no others.
 */
export class ListenerOwners {
  readonly #parent: ParentListeners;
  readonly #lookup: Pick<Lookup, 'listenerOn'>;
  readonly #ports = new Map<number, PortOwners>();

  constructor(parent: ParentListeners, lookup: Pick<Lookup, 'listenerOn'>) {
    this.#parent = parent;
    this.#lookup = lookup;
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
      owners = new PortOwners(this.#listenersOf(listener.port));
      this.#ports.set(listener.port, owners);
    }
    const kept = [];
    for (const host of hosts) {
      const owner = owners.ownerOf(host.host);
      if (owner === undefined || isSameListener(owner, listener.attachment)) kept.push(host);
      else isolated.push({ host: host.host, owner });
    }
    return kept;
  }

  #listenersOf(port: number): ListenersByPattern {
    const { gateway, isShared, listeners } = this.#parent;
    if (isShared) return { get: (pattern) => this.#lookup.listenerOn(gateway, port, pattern) };
    const ofPattern = new Map<string, ListenerRef>();
    for (const listener of listeners) {
      if (listener.port !== port || !ownsHostname(listener)) continue;
      ofPattern.set(listener.hostname ?? ANY_HOST, listener.attachment);
    }
    return ofPattern;
  }
}

type ListenersByPattern = Pick<ReadonlyMap<string, ListenerRef>, 'get'>;

class PortOwners {
  readonly #listeners: ListenersByPattern;
  readonly #ownerOfHost = new Map<string, ListenerRef | undefined>();

  constructor(listeners: ListenersByPattern) {
    this.#listeners = listeners;
  }

  ownerOf(host: string): ListenerRef | undefined {
    if (this.#ownerOfHost.has(host)) return this.#ownerOfHost.get(host);
    const owner = this.#find(host);
    this.#ownerOfHost.set(host, owner);
    return owner;
  }

  #find(host: string): ListenerRef | undefined {
    const exact = this.#listeners.get(host);
    if (exact !== undefined) return exact;
    for (const pattern of coveringWildcards(host)) {
      const owner = this.#listeners.get(pattern);
      if (owner !== undefined) return owner;
    }
    return undefined;
  }
}
