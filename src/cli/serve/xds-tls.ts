import { KeyMaterialError } from '../../xds/tls/key-material.ts';
import { MutualTlsCredentials } from '../../xds/tls/server-credentials.ts';
import { WatchedKeyMaterial } from '../../xds/tls/watched-key-material.ts';
import { isLoopback } from '../admin/access/loopback.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { SocketAddress } from '../flag-values.ts';
import type { Logger } from '../logger.ts';
import type { XdsTlsConfig } from '../tls-flags.ts';

const DAY_MS = 86_400_000;

/** The TLS of the xDS port while it is served. */
export interface XdsTls {
  readonly credentials: MutualTlsCredentials;
  /** When the certificate in use expires. */
  notAfter(): Date;
  close(): void;
}

/**
 * Reads the files of the flags and follows them; `undefined` where TLS was not asked for. Rejects with a `CliError`
 * where only some files are given (78), one cannot be read (66) or they do not fit together (78).
 */
export async function openXdsTls(config: XdsTlsConfig, logger: Logger): Promise<XdsTls | undefined> {
  const { xdsTlsCert: certificate, xdsTlsKey: key, xdsTlsClientCa: clientAuthority } = config;
  if (certificate === undefined && key === undefined && clientAuthority === undefined) return undefined;
  if (certificate === undefined || key === undefined || clientAuthority === undefined) {
    throw new CliError(
      'SLUICE_XDS_TLS_INCOMPLETE',
      EXIT.config,
      'TLS takes all three of --xds-tls-cert, --xds-tls-key and --xds-tls-client-ca; "sluice certs" makes the files',
    );
  }
  let credentials: MutualTlsCredentials | undefined;
  const watched = await opened({
    paths: { certificate, key, clientAuthority },
    onChange: (material) => {
      credentials?.update(material);
      const { serialNumber, notAfter } = material;
      logger.info(
        { code: 'SLUICE_XDS_TLS_RELOADED', serialNumber, notAfter },
        'new TLS certificate or authorities in use',
      );
    },
    onFailure: (error) =>
      logger.error(
        { code: 'SLUICE_XDS_TLS_RELOAD', error: error.message, notAfter: watched.current.notAfter },
        'the new TLS files cannot be used, the last ones stay; put the files right',
      ),
  });
  credentials = new MutualTlsCredentials({
    material: watched.current,
    allowedClients: config.xdsAllowedClients,
    onRefused: ({ names, peer }) =>
      logger.warn(
        { code: 'SLUICE_XDS_CLIENT_NOT_ALLOWED', names, peer, allowed: config.xdsAllowedClients },
        'refused a client whose certificate is for none of the allowed names',
      ),
  });
  const { serialNumber, notAfter } = watched.current;
  const days = Math.floor((notAfter.getTime() - Date.now()) / DAY_MS);
  logger.info({ serialNumber, notAfter, allowed: config.xdsAllowedClients }, 'serving xDS with mutual TLS');
  if (days < 0) {
    logger.error(
      { code: 'SLUICE_XDS_TLS_EXPIRED', notAfter },
      'the TLS certificate has expired: no Envoy will connect; replace it ("sluice certs" makes one)',
    );
  }
  return { credentials, notAfter: () => watched.current.notAfter, close: () => watched.close() };
}

/** Without TLS whoever reaches the port reads every tenant's host names and addresses. */
export function warnOfPlaintext(address: SocketAddress, logger: Logger): void {
  const { host } = address;
  if (isLoopback(host)) return;
  logger.warn(
    { code: 'SLUICE_XDS_PLAINTEXT', xds: `${host}:${address.port}` },
    'xDS is served without TLS: whoever reaches the port reads all hosts and endpoints; set --xds-tls-cert, --xds-tls-key and --xds-tls-client-ca',
  );
}

async function opened(options: Parameters<typeof WatchedKeyMaterial.open>[0]): Promise<WatchedKeyMaterial> {
  try {
    return await WatchedKeyMaterial.open(options);
  } catch (cause) {
    if (!(cause instanceof KeyMaterialError)) throw cause;
    const exitCode = cause.isUnreadable ? EXIT.noInput : EXIT.config;
    throw new CliError('SLUICE_XDS_TLS_UNUSABLE', exitCode, `${cause.message}; put the file right`, {
      cause,
    });
  }
}
