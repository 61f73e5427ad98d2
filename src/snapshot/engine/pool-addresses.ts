import type { GatewayConfig } from '../../gateway/config.ts';
import { assignAddresses } from '../../gateway/parents/address-pool.ts';
import { isServedNamespace } from '../../gateway/parents/evaluate-gateway.ts';
import { isOurGatewayClass } from '../../gateway/parents/gateway-class.ts';
import type { NamespacedName } from '../../model/key.ts';
import type { World } from '../world/world.ts';
import type { RecordingLookup } from './recording-lookup.ts';

/** Which Gateway has which address of the pool. Stays empty where there is no pool. */
export class PoolAddresses {
  readonly assigned = new Map<NamespacedName, string>();
  #isDirty = false;

  /** A Gateway or a GatewayClass changed. */
  mark(): void {
    this.#isDirty = true;
  }

  /**
   * Brings the assignment up to date; returns the Gateways whose address differs. The pool is looked at as a whole: there
   * are tens or hundreds of Gateways, not thousands of routes.
   */
  settle(world: World, lookup: RecordingLookup, config: GatewayConfig): readonly NamespacedName[] {
    if (!this.#isDirty || config.addressPool.length === 0) return [];
    this.#isDirty = false;
    const ours = [...world.all('Gateway')].filter(
      ({ gatewayClassName, meta }) =>
        isServedNamespace(meta.namespace, config) && isOurGatewayClass(gatewayClassName, lookup, config),
    );
    // No evaluation read these.
    lookup.takeKeys();
    const after = assignAddresses(ours, config.addressPool, this.assigned);
    const changed: NamespacedName[] = [];
    for (const name of new Set([...this.assigned.keys(), ...after.keys()])) {
      const address = after.get(name);
      if (this.assigned.get(name) === address) continue;
      if (address === undefined) this.assigned.delete(name);
      else this.assigned.set(name, address);
      changed.push(name);
    }
    return changed;
  }
}
