import { networkInterfaces } from 'node:os';
import { CliError, EXIT } from '../cli-error.ts';
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

/** As on the command line. */
export function at({ host }: SocketAddress, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The port that is listened on at last; throws `CliError` where the address of the flag cannot be. */
export async function listening(
  flag: string,
  address: SocketAddress,
  port: Promise<number>,
): Promise<number> {
  try {
    return await port;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(
      'SLUICE_ADDRESS_UNAVAILABLE',
      EXIT.unavailable,
      `${flag} ${at(address, address.port)} cannot be listened on (${reason}); is another Sluice running, or is it not an address of this machine?`,
      { cause },
    );
  }
}
