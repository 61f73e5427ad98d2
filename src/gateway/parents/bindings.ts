import type { Binding } from '../../model/gateway.ts';
import type { Gateway } from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';
import { addressScope, formatSocketAddress, isIpv4Mapped, parseIpAddress } from '../values/ip-address.ts';

/** Where a Gateway is bound, and what is wrong with the addresses that it asks for. */
export interface GatewayAddresses {
  /** One entry for each group of addresses that makes one binding on each port. Empty: bound nowhere. */
  readonly groups: readonly (readonly string[])[];
  /** Addresses of a type that Sluice does not support. */
  readonly unsupported: readonly string[];
  /** Addresses of type IPAddress that cannot be bound. */
  readonly unusable: readonly string[];
  /** An address is to be assigned, and there is none: no pool, or nothing left in it. */
  readonly unassigned: boolean;
  /** Bound to the node's addresses, together with others. */
  readonly isMerged: boolean;
}

/**
 * The addresses of a Gateway. "The implementation MUST bind all Listeners to every GatewayAddress that it
 * assigns": each `spec.addresses` entry is a binding of its own, but for the node's addresses, which are one together.
 * Without entries, or for one without a value, the Gateway gets an address of the pool; without a pool it is merged
 * with others on the node's addresses. A Gateway whose every address is bad is bound nowhere and never falls back
 * to the node's addresses, which may be more public than what was asked for.
 */
export function gatewayAddresses(
  gateway: Gateway,
  config: GatewayConfig,
  fromPool: string | undefined,
): GatewayAddresses {
  if (gateway.addresses.length === 0 && config.addressPool.length > 0) {
    const groups = fromPool === undefined ? [] : [[fromPool]];
    const unassigned = fromPool === undefined;
    return { groups, unsupported: [], unusable: [], unassigned, isMerged: false };
  }
  const merged = mergedAddresses(config);
  if (gateway.addresses.length === 0) {
    const unusable = config.listenAddresses.filter((value) => bindableAddress(value) === undefined);
    const groups = merged.length === 0 ? [] : [merged];
    return { groups, unsupported: [], unusable, unassigned: false, isMerged: true };
  }
  const groups = new Set<string>();
  let isMerged = false;
  const unsupported: string[] = [];
  const unusable: string[] = [];
  let unassigned = false;
  for (const { type, value } of gateway.addresses) {
    if (type !== 'IPAddress') {
      unsupported.push(`${type} ${value}`.trim());
    } else if (value === '') {
      if (fromPool === undefined) unassigned = true;
      else groups.add(fromPool);
    } else {
      const address = bindableAddress(value);
      if (address !== undefined && merged.includes(address)) isMerged = true;
      else if (address === undefined || isUnspecified(address)) unusable.push(value);
      else groups.add(address);
    }
  }
  // One group with those who have no addresses: two listeners of Envoy must not share an address.
  const others = [...groups].map((address) => [address]);
  return { groups: isMerged ? [merged, ...others] : others, unsupported, unusable, unassigned, isMerged };
}

const mergedByConfig = new WeakMap<GatewayConfig, readonly string[]>();

/** The node's addresses, where Gateways without `spec.addresses` and all Ingresses are merged; each once, in canonical form. */
function mergedAddresses(config: GatewayConfig): readonly string[] {
  let merged = mergedByConfig.get(config);
  if (merged === undefined) {
    const addresses = config.listenAddresses.map(bindableAddress).filter((address) => address !== undefined);
    merged = [...new Set(addresses)];
    mergedByConfig.set(config, merged);
  }
  return merged;
}

/** `0.0.0.0` and `::` are every address of the node, those that others asked for among them. */
function isUnspecified(text: string): boolean {
  const address = parseIpAddress(text);
  return address !== undefined && addressScope(address) === 'unspecified';
}

/** The binding of one group of addresses on a port; its name is that of the first address. */
export function bindingOf(addresses: readonly string[], port: number): Binding {
  return { name: formatSocketAddress(addresses[0] ?? '', port), addresses, port };
}

/** The bindings of each port of a Gateway, one for each group of its addresses; shared by all listeners of a port. */
class PortBindings {
  readonly #groups: readonly (readonly string[])[];
  readonly #bindings = new Map<number, readonly Binding[]>();

  constructor(groups: readonly (readonly string[])[]) {
    this.#groups = groups;
  }

  of(port: number): readonly Binding[] {
    let bindings = this.#bindings.get(port);
    if (bindings === undefined) {
      bindings = isPort(port) ? this.#groups.map((group) => bindingOf(group, port)) : [];
      this.#bindings.set(port, bindings);
    }
    return bindings;
  }
}

const bindingsByGroups = new WeakMap<readonly (readonly string[])[], PortBindings>();

/** The bindings of a Gateway with these groups of addresses; its ListenerSets, of which there may be thousands, share them. */
export function portBindings(groups: readonly (readonly string[])[]): PortBindings {
  let bindings = bindingsByGroups.get(groups);
  if (bindings === undefined) {
    bindings = new PortBindings(groups);
    bindingsByGroups.set(groups, bindings);
  }
  return bindings;
}

const ingressBindingsByConfig = new WeakMap<GatewayConfig, readonly Binding[]>();

/** The merged bindings on which the hosts of Ingresses are served. A pure function of `config`, remembered for it. */
export function ingressBindings(config: GatewayConfig): readonly Binding[] {
  let bindings = ingressBindingsByConfig.get(config);
  if (bindings === undefined) {
    const addresses = mergedAddresses(config);
    const ports = [...new Set(config.ingressPorts)].filter(isPort);
    bindings = addresses.length === 0 ? [] : ports.map((port) => bindingOf(addresses, port));
    ingressBindingsByConfig.set(config, bindings);
  }
  return bindings;
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

/** The canonical form of an address that a listener can be bound to. */
export function bindableAddress(value: string): string | undefined {
  const address = parseIpAddress(value);
  if (address === undefined) return undefined;
  const scope = addressScope(address);
  if (scope === 'multicast' || scope === 'reserved') return undefined;
  // An IPv6 socket of Envoy's takes no IPv4, so the kernel refuses to bind it there.
  return isIpv4Mapped(address) ? undefined : address.text;
}
