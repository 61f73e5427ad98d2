/** The rules of nftables that limit clients by their addresses (deploy/), with other numbers, loaded into this process's network. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const CLIENT_LIMITS = path.join(
  import.meta.dirname,
  '..',
  '..',
  'deploy',
  'systemd',
  'sluice-client-limits.nft',
);

export interface ClientLimits {
  readonly port: number;
  /** Connections at once of one client. */
  readonly connections: number;
  /** New ones a second, and how many more at once. */
  readonly perSecond: number;
  readonly burst: number;
}

/** Why the rules cannot be loaded on this machine; `undefined` where they can. */
export function withoutNftables(): string | undefined {
  const { error } = spawnSync('nft', ['--version']);
  return error === undefined ? undefined : 'nft does not start: install the package nftables';
}

/** The shipped rules with these numbers. */
export function clientLimits({ port, connections, perSecond, burst }: ClientLimits): string {
  const text = readFileSync(CLIENT_LIMITS, 'utf8');
  return text
    .replace('elements = { 443 }', `elements = { ${port} }`)
    .replaceAll(/ct count over \d+/g, `ct count over ${connections}`)
    .replaceAll(/over \d+\/second burst \d+ packets/g, `over ${perSecond}/second burst ${burst} packets`);
}

/** Runs `nft`, as root of the network namespace. Throws what it says if it fails. */
export function nft(args: readonly string[], input?: string): string {
  const { status, stdout, stderr, error } = spawnSync('nft', args, { encoding: 'utf8', input });
  if (status === 0) return stdout;
  throw new Error(`nft ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

/** How many packets one of the counters of the rules has seen. */
export function counted(counter: 'too-fast' | 'too-many'): number {
  const text = nft(['list', 'counter', 'inet', 'sluice-clients', counter]);
  return Number(/packets (\d+)/.exec(text)?.[1]);
}
