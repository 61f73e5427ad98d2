import { networkInterfaces } from 'node:os';
import type { SocketAddress } from '../flag-values.ts';

type Interfaces = Readonly<Record<string, readonly { readonly family: string }[] | undefined>>;

/**
 * Where to listen for `[::]`, which takes IPv4 as well: 0.0.0.0 on a machine that has no IPv6, and would refuse it. So one
 * manifest is good for clusters of either family and of both.
 */
export function addressHere(
  address: SocketAddress,
  interfaces: Interfaces = networkInterfaces(),
): SocketAddress {
  if (address.host !== '::') return address;
  const hasIpv6 = Object.values(interfaces).some((each) => each?.some(({ family }) => family === 'IPv6'));
  return hasIpv6 ? address : { ...address, host: '0.0.0.0' };
}
