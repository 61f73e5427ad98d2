/** What a machine must have for real nodes, besides the programs that are built. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';

/** Command → the Debian package that has it. */
const COMMANDS: Readonly<Record<string, string>> = {
  runc: 'runc',
  nft: 'nftables',
  iptables: 'iptables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  mount: 'mount',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  pgrep: 'procps',
};

export const CNI_PLUGINS = '/usr/lib/cni';

/**
 * One line that says what this machine lacks and how to get it; `undefined` where it has all. As root on Debian the
 * missing packages are installed first, unless `SLUICE_INSTALL_PACKAGES=no`.
 */
export function missingRequirement(say: (line: string) => void): string | undefined {
  if (process.platform !== 'linux') return 'real nodes need Linux';
  if (process.getuid?.() !== 0) return 'real nodes need root: namespaces, mounts and control groups';
  const before = missingPackages();
  if (before.length === 0) return undefined;
  if (process.env['SLUICE_INSTALL_PACKAGES'] !== 'no' && hasCommand('apt-get')) {
    say(`installing ${before.join(' ')}`);
    apt('update', '-qq');
    apt('install', '-qq', '--yes', '--no-install-recommends', ...before);
  }
  const after = missingPackages();
  return after.length === 0 ? undefined : `not installed: ${after.join(' ')} (the names are Debian's)`;
}

function missingPackages(): string[] {
  const missing = Object.entries(COMMANDS).flatMap(([command, name]) => (hasCommand(command) ? [] : [name]));
  if (!existsSync(`${CNI_PLUGINS}/bridge`)) missing.push('containernetworking-plugins');
  return [...new Set(missing)];
}

function hasCommand(command: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((directory) => existsSync(`${directory}/${command}`));
}

function apt(...args: string[]): void {
  // Another installation may hold the lock for a while; what is missing after this is told by the caller.
  spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}
