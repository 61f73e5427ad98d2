import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { BootstrapOptions } from './bootstrap-flags.ts';
import { CliError, EXIT } from './cli-error.ts';

/** Mutual TLS of an Envoy towards Sluice. Paths as Envoy sees them. */
export interface BootstrapTls {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  /** What Sluice's certificate must be for. */
  readonly serverName: string;
  /** Folder that Envoy reads the files of `secretFiles` from. */
  readonly directory: string;
}

const CERTIFICATE = { secret: 'sluice_xds_certificate', file: 'xds-certificate.yaml' } as const;
const AUTHORITY = { secret: 'sluice_xds_authority', file: 'xds-authority.yaml' } as const;
const TLS_API = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3';

/** `undefined` where TLS is not asked for. Throws a `CliError` (78) where flags are missing, or do not go together. */
export function bootstrapTls(options: BootstrapOptions): BootstrapTls | undefined {
  const { xdsTlsCertFile: certificate, xdsTlsKeyFile: key, xdsTlsCaFile: authority, out } = options;
  const isPlain = certificate === undefined && key === undefined && authority === undefined;
  if (options.xdsAddresses.some((each) => 'path' in each) && !(isPlain && options.xdsAddresses.length === 1))
    throw new CliError(
      'SLUICE_BOOTSTRAP_SOCKET',
      EXIT.config,
      'a Unix socket is that of "sluice node", which has the addresses of Sluice and the TLS files itself; give no other --xds-address and no --xds-tls-…-file',
    );
  if (isPlain) return undefined;
  if (certificate === undefined || key === undefined || authority === undefined) {
    throw incomplete('TLS takes all three of --xds-tls-cert-file, --xds-tls-key-file and --xds-tls-ca-file');
  }
  if (out === undefined) {
    throw incomplete('TLS takes files beside the bootstrap, so that certificates can rotate; add --out DIR');
  }
  const hosts = [...new Set(options.xdsAddresses.flatMap((each) => ('host' in each ? [each.host] : [])))];
  const serverName = options.xdsServerName ?? (hosts.length === 1 ? hosts[0] : undefined);
  if (serverName === undefined) {
    throw incomplete(
      `Sluice has ${hosts.length} names in --xds-address; say with --xds-server-name which one its certificate is for`,
    );
  }
  return { certificate, key, authority, serverName, directory: out };
}

function incomplete(message: string): CliError {
  return new CliError('SLUICE_BOOTSTRAP_TLS_INCOMPLETE', EXIT.config, message);
}

/** `Cluster.transport_socket`. The secrets come from files, which Envoy watches: static ones would never change. */
export function tlsTransportSocket(tls: BootstrapTls): Record<string, unknown> {
  const secret = ({ secret: name, file }: { readonly secret: string; readonly file: string }) => ({
    name,
    sds_config: {
      resource_api_version: 'V3',
      path_config_source: { path: join(tls.directory, file) },
    },
  });
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': `${TLS_API}.UpstreamTlsContext`,
      // An IP address is no server name (RFC 6066, section 3).
      ...(isIP(tls.serverName) === 0 && { sni: tls.serverName }),
      // One connection for days: nothing to resume, and Sluice shall see the certificate each time.
      max_session_keys: 0,
      common_tls_context: {
        alpn_protocols: ['h2'],
        tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
        tls_certificate_sds_secret_configs: [secret(CERTIFICATE)],
        validation_context_sds_secret_config: secret(AUTHORITY),
      },
    },
  };
}

/** The files, by name, that `tlsTransportSocket` points at. They name certificates and hold none. */
export function secretFiles(tls: BootstrapTls): Readonly<Record<string, string>> {
  // A mounted Secret changes by a symbolic link beside the files; a watch on the files alone would not see it.
  const watched = (path: string) => ({ watched_directory: { path: dirname(path) } });
  return {
    [CERTIFICATE.file]: secretFile(CERTIFICATE.secret, {
      tls_certificate: {
        certificate_chain: { filename: tls.certificate },
        private_key: { filename: tls.key },
        ...watched(tls.certificate),
      },
    }),
    [AUTHORITY.file]: secretFile(AUTHORITY.secret, {
      validation_context: {
        trusted_ca: { filename: tls.authority },
        ...watched(tls.authority),
        match_typed_subject_alt_names: [
          {
            san_type: isIP(tls.serverName) === 0 ? 'DNS' : 'IP_ADDRESS',
            matcher: { exact: tls.serverName },
          },
        ],
      },
    }),
  };
}

function secretFile(name: string, content: object): string {
  return stringify({ resources: [{ '@type': `${TLS_API}.Secret`, name, ...content }] }, { lineWidth: 0 });
}
