import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import type { UpstreamIdentity } from '../../relay/state-file.ts';
import type { UpstreamTarget } from '../../relay/upstream.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { SocketAddress } from '../flag-values.ts';
import type { NodeConfig } from './node-flags.ts';

/** How the control plane is reached, and what tells it from another one. */
export interface ControlPlaneTargets {
  readonly targets: readonly UpstreamTarget[];
  /** As the file of authorities is now; rejects nothing: one that cannot be read is as the one before. */
  identity(): UpstreamIdentity;
}

/** Throws a `CliError` (78) where only some files of TLS are given. */
export function controlPlaneTargets(config: NodeConfig): ControlPlaneTargets {
  const { xdsTlsCertFile: certificate, xdsTlsKeyFile: key, xdsTlsCaFile: authority } = config;
  const addresses = config.controlPlane.map(textOf);
  const isPlain = certificate === undefined && key === undefined && authority === undefined;
  if (!isPlain && (certificate === undefined || key === undefined || authority === undefined))
    throw new CliError(
      'SLUICE_NODE_TLS_INCOMPLETE',
      EXIT.config,
      'TLS takes all three of --xds-tls-cert-file, --xds-tls-key-file and --xds-tls-ca-file',
    );
  let digest = '';
  return {
    targets: config.controlPlane.map((address) => ({
      authority: isIP(address.host) === 0 ? `dns:///${textOf(address)}` : ipTarget(address),
      credentials: (): ChannelCredentials =>
        isPlain ? credentials.createInsecure() : mutualTls({ certificate, key, authority }),
      serverName: isPlain ? undefined : (config.xdsServerName ?? address.host),
    })),
    identity() {
      digest = authority === undefined ? '' : (digestOf(authority) ?? digest);
      return { addresses, authority: digest };
    },
  };
}

function mutualTls(paths: Readonly<Record<'certificate' | 'key' | 'authority', string | undefined>>) {
  const read = (path: string | undefined): Buffer => readFileSync(path ?? '');
  const context = createSecureContext({
    cert: read(paths.certificate),
    key: read(paths.key),
    ca: read(paths.authority),
    minVersion: 'TLSv1.3',
  });
  return credentials.createFromSecureContext(context);
}

function digestOf(path: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(path, 'utf8').trim()).digest('hex');
  } catch {
    return undefined;
  }
}

function ipTarget(address: SocketAddress): string {
  return `${isIP(address.host) === 6 ? 'ipv6' : 'ipv4'}:${textOf(address)}`;
}

function textOf({ host, port }: SocketAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
