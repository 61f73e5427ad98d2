import { isInRanges, parseAddressRange } from '../parents/address-pool.ts';
import { addressScope, type IpAddress, isMetadataAddress } from '../values/ip-address.ts';

export interface RefusalRules {
  readonly allowLoopbackEndpoints: boolean;
  /** Whether the operator denies the address. */
  readonly isDenied?: ((address: IpAddress) => boolean) | undefined;
}

/** The rules as flags say them; a range that is none is left out, as the flags refuse it. */
export function refusalRules({
  allowLoopbackEndpoints,
  deniedEndpoints,
}: {
  readonly allowLoopbackEndpoints: boolean;
  readonly deniedEndpoints: readonly string[];
}): RefusalRules {
  const denied = deniedEndpoints.flatMap((text) => parseAddressRange(text) ?? []);
  if (denied.length === 0) return { allowLoopbackEndpoints };
  return { allowLoopbackEndpoints, isDenied: (address) => isInRanges(address, denied) };
}

/** Why no tenant's connection may be sent to an address, for a condition's message; `undefined`: it may. */
export function addressRefusal(address: IpAddress, rules: RefusalRules): string | undefined {
  if (rules.isDenied?.(address) === true) return 'denied by the operator';
  const scope = addressScope(address);
  if (scope === 'loopback') return rules.allowLoopbackEndpoints ? undefined : 'a loopback address';
  if (scope !== 'global') return `a ${scope} address`;
  return isMetadataAddress(address) ? 'the address of a metadata service' : undefined;
}
