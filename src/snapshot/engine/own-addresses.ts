import { parseIpAddress } from '../../gateway/values/ip-address.ts';
import type { GatewayModel } from '../../model/gateway.ts';
import { GATEWAY_NODE_LABEL } from '../../model/names.ts';
import type { EngineConfig } from '../config.ts';
import type { BindingHosts } from '../hosts/binding-hosts.ts';
import type { World } from '../world/world.ts';

/** Where the gateway nodes themselves are reached: no tenant's endpoint may be there. */
export class OwnAddresses {
  readonly #config: EngineConfig;
  #isDirty = true;
  #addresses: ReadonlySet<string> = new Set();
  #ports: ReadonlySet<number> = new Set();

  constructor(config: EngineConfig) {
    this.#config = config;
  }

  /** A Node, a Gateway or a ListenerSet changed. */
  mark(): void {
    this.#isDirty = true;
  }

  /**
   * Brings itself up to date; returns whether anything differs. `bindings`: those that listeners of a Gateway are bound to
   * count. Some thousand addresses at most, looked at rarely.
   */
  settle(world: World, gateways: Iterable<GatewayModel>, bindings: Iterable<BindingHosts>): boolean {
    if (!this.#isDirty) return false;
    this.#isDirty = false;
    const { listenAddresses, publicAddresses, ingressPorts } = this.#config.gateway;
    const addresses = new Set([...listenAddresses, ...publicAddresses].map(canonical));
    for (const { meta, addresses: ofNode } of world.all('Node')) {
      if (meta.labels[GATEWAY_NODE_LABEL] !== 'true') continue;
      for (const { address } of ofNode) addresses.add(canonical(address));
    }
    const ports = new Set(ingressPorts);
    for (const { patterns, binding } of bindings)
      if (patterns.size > 0 && binding !== undefined) ports.add(binding.port);
    for (const gateway of gateways) for (const address of gateway.addresses) addresses.add(address);
    const isSame = equal(addresses, this.#addresses) && equal(ports, this.#ports);
    this.#addresses = addresses;
    this.#ports = ports;
    return !isSame;
  }

  /** `address` in canonical form. */
  has(address: string, port: number): boolean {
    return this.#ports.has(port) && this.#addresses.has(address);
  }
}

function canonical(text: string): string {
  return parseIpAddress(text)?.text ?? text;
}

function equal<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  return a.size === b.size && a.isSubsetOf(b);
}
