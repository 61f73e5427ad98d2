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

/** What is listened on at last; throws `CliError` where `where`, the value of the flag, cannot be. `question`: what may be wrong. */
export async function listening<T>(
  flag: string,
  where: string,
  listen: Promise<T>,
  question: string,
): Promise<T> {
  try {
    return await listen;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(
      'SLUICE_ADDRESS_UNAVAILABLE',
      EXIT.unavailable,
      `${flag} ${where} cannot be listened on (${reason}); ${question}`,
      { cause },
    );
  }
}

/** The same of a server of `sluice serve`: its port. */
export async function listeningAt(
  flag: string,
  address: SocketAddress,
  server: { listen(address: SocketAddress): Promise<number> },
): Promise<number> {
  const question = 'is another Sluice running, or is it not an address of this machine?';
  return await listening(flag, at(address, address.port), server.listen(address), question);
}
