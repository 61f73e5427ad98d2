import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { CliError, EXIT } from '../cli-error.ts';
import { makeFolder } from '../folder.ts';
import { type AlternativeName, type Authority, createAuthority, loadAuthority } from './authority.ts';
import type { CertsConfig } from './certs-flags.ts';

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** Authorities that ca.crt keeps: the present one and, while one takes over, the one before. */
const KEPT_AUTHORITIES = 2;

/**
 * Makes or renews what mutual TLS needs, each folder with the keys of a Kubernetes TLS Secret:
 *
 *     DIR/ca.crt, DIR/ca.key              the authority; the key is needed here only
 *     DIR/server/{tls.crt,tls.key,ca.crt}   for Sluice
 *     DIR/gateway/{tls.crt,tls.key,ca.crt}  for every Envoy
 *
 * Resolves with what to do next, for stdout. Rejects with a `CliError` where files cannot be read or written (66), or
 * the authority there cannot be used (78).
 */
export async function makeCertificates(config: CertsConfig, now = new Date()): Promise<string> {
  const { out, days, clientName } = config;
  await makeDirectory(out);
  const { authority, bundle, isNew } = await authorityIn(config, now);
  const hosts = config.hosts.map(alternativeNameOf);
  const client = alternativeNameOf(clientName);
  const server = await authority.issue(
    { commonName: config.hosts[0] ?? 'sluice', names: hosts, usage: 'server', days },
    now,
  );
  const gateway = await authority.issue(
    { commonName: clientName, names: [client], usage: 'client', days },
    now,
  );
  if (isNew) {
    // The key first: a certificate whose key is lost could sign nothing.
    await replace(join(out, 'ca.key'), authority.key, 0o600);
    await replace(join(out, 'ca.crt'), bundle, 0o644);
  }
  for (const [name, pair] of [
    ['server', server],
    ['gateway', gateway],
  ] as const) {
    const directory = join(out, name);
    await makeDirectory(directory);
    await replace(join(directory, 'ca.crt'), bundle, 0o644);
    await replace(join(directory, 'tls.crt'), pair.certificate, 0o644);
    await replace(join(directory, 'tls.key'), pair.key, 0o600);
  }
  return nextSteps(config, { isNew, notAfter: server.notAfter });
}

interface AuthorityFound {
  readonly authority: Authority;
  /** PEM of all authorities to be trusted, the present one first. */
  readonly bundle: string;
  readonly isNew: boolean;
}

async function authorityIn({ out, renewCa }: CertsConfig, now: Date): Promise<AuthorityFound> {
  const [certificates, key] = await Promise.all([
    readIfThere(join(out, 'ca.crt')),
    readIfThere(join(out, 'ca.key')),
  ]);
  if (renewCa || (certificates === undefined && key === undefined)) {
    const authority = await createAuthority(now);
    const before = (certificates ?? '').match(CERTIFICATES) ?? [];
    const kept = before.slice(0, KEPT_AUTHORITIES - 1).map((text) => `${text}\n`);
    return { authority, bundle: [authority.certificate, ...kept].join(''), isNew: true };
  }
  const authority = await loaded(out, certificates, key);
  if (authority.notAfter <= now) {
    throw unusable(out, `the authority has expired on ${authority.notAfter.toISOString()}`);
  }
  return { authority, bundle: certificates ?? '', isNew: false };
}

async function loaded(
  out: string,
  certificates: string | undefined,
  key: string | undefined,
): Promise<Authority> {
  if (certificates === undefined) throw unusable(out, 'there is ca.key and no ca.crt');
  if (key === undefined) throw unusable(out, 'there is ca.crt and no ca.key');
  try {
    return await loadAuthority(certificates, key);
  } catch (cause) {
    throw unusable(out, cause instanceof Error ? cause.message : String(cause));
  }
}

function unusable(out: string, reason: string): CliError {
  return new CliError(
    'SLUICE_CERTS_CA_UNUSABLE',
    EXIT.config,
    `the authority in ${out} cannot be used (${reason}); restore ca.crt and ca.key, or make a new one with --renew-ca`,
  );
}

function alternativeNameOf(name: string): AlternativeName {
  if (isIP(name) !== 0) return { type: 'ip', value: name };
  return { type: name.includes(':') ? 'url' : 'dns', value: name };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw failed('read', path, cause);
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await makeFolder(path, 0o700);
  } catch (cause) {
    throw failed('make', path, cause);
  }
}

/** Whole at every moment: Sluice and Envoy may be watching. */
async function replace(path: string, content: string, mode: number): Promise<void> {
  const scratch = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(scratch, content, { mode, flag: 'wx' });
    await rename(scratch, path);
  } catch (cause) {
    await rm(scratch, { force: true });
    throw failed('write', path, cause);
  }
}

function failed(doing: 'read' | 'write' | 'make', path: string, cause: unknown): CliError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CliError(
    'SLUICE_CERTS_FILES',
    EXIT.noInput,
    `cannot ${doing} ${path} (${reason}); give a folder that can be written with --out`,
    { cause },
  );
}

function nextSteps(config: CertsConfig, made: { readonly isNew: boolean; readonly notAfter: Date }): string {
  const { out, clientName } = config;
  const secret = (name: string, folder: string): string =>
    [
      `  kubectl -n sluice-system create secret generic ${name} --from-file=${shellWord(join(out, folder))} \\`,
      '    --dry-run=client -o yaml | kubectl apply -f -',
    ].join('\n');
  return `${made.isNew ? 'Made an authority' : `Used the authority in ${out}`}, and certificates that are good until ${made.notAfter.toISOString()}:
  ${join(out, 'server')}   for ${config.hosts.join(', ')}
  ${join(out, 'gateway')}  for ${clientName}

Hand them to the cluster, or copy the two folders to where Sluice and Envoy run without one; both follow without a restart, within
two minutes:
${secret('sluice-xds-server', 'server')}
${secret('sluice-xds-gateway', 'gateway')}

Keep ${join(out, 'ca.key')} out of the cluster: who has it can make certificates for gateways.
Run the same command again before ${made.notAfter.toISOString().slice(0, 10)}; it renews both certificates and keeps the authority.
`;
}

/** So that what is printed can be pasted. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
