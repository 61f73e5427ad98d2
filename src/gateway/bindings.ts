import type { Binding } from '../model/gateway.ts';
import type { Gateway } from '../model/objects.ts';
import type { GatewayConfig } from './config.ts';
import { addressScope, formatSocketAddress, parseIpAddress } from './ip-address.ts';

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
 * assigns": each `spec.addresses` entry is a binding of its own. Without entries, or for one without a value, the
 * Gateway gets an address of the pool; without a pool it is merged with others on the node's addresses. A Gateway whose every address is bad is bound nowhere and never falls back to
 * the node's addresses, which may be more public than what was asked for.
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
  if (gateway.addresses.length === 0) {
    const unusable: string[] = [];
    const addresses = new Set<string>();
    for (const value of config.listenAddresses) {
      const address = bindableAddress(value);
      if (address === undefined) unusable.push(value);
      else addresses.add(address);
    }
    return {
      groups: addresses.size === 0 ? [] : [[...addresses]],
      unsupported: [],
      unusable,
      unassigned: false,
      isMerged: true,
    };
  }
  const groups = new Set<string>();
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
      if (address === undefined) unusable.push(value);
      else groups.add(address);
    }
  }
  return {
    groups: [...groups].map((address) => [address]),
    unsupported,
    unusable,
    unassigned,
    isMerged: false,
  };
}

/** The binding of one group of addresses on a port; its name is that of the first address. */
export function bindingOf(addresses: readonly string[], port: number): Binding {
  return { name: formatSocketAddress(addresses[0] ?? '', port), addresses, port };
}

const ingressBindingsByConfig = new WeakMap<GatewayConfig, readonly Binding[]>();

/** The merged bindings on which the hosts of Ingresses are served. A pure function of `config`, remembered for it. */
export function ingressBindings(config: GatewayConfig): readonly Binding[] {
  let bindings = ingressBindingsByConfig.get(config);
  if (bindings === undefined) {
    const addresses = [...new Set(config.listenAddresses.map(bindableAddress))].filter(
      (address) => address !== undefined,
    );
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
  return scope === 'multicast' || scope === 'reserved' ? undefined : address.text;
}
