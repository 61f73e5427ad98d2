import { isIP } from 'node:net';

/** Whether an IP address (or the name `localhost`) is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^::ffff:(?=\d+\.)/i, '');
  return address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}
