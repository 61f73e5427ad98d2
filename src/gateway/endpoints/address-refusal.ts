import { addressScope, type IpAddress, isMetadataAddress } from '../values/ip-address.ts';

export interface RefusalRules {
  readonly allowLoopbackEndpoints: boolean;
  /** Whether the operator denies the address. */
  readonly isDenied?: ((address: IpAddress) => boolean) | undefined;
}

/** Why no tenant's connection may be sent to an address, for a condition's message; `undefined`: it may. */
export function addressRefusal(address: IpAddress, rules: RefusalRules): string | undefined {
  if (rules.isDenied?.(address) === true) return 'denied by the operator';
  const scope = addressScope(address);
  if (scope === 'loopback') return rules.allowLoopbackEndpoints ? undefined : 'a loopback address';
  if (scope !== 'global') return `a ${scope} address`;
  return isMetadataAddress(address) ? 'the address of a metadata service' : undefined;
}
