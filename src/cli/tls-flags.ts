import type { FlagSet, FlagValues } from './flag.ts';
import { alternativeName, filePath } from './flag-values.ts';

/** The name that the certificates of gateways have unless told otherwise. */
export const GATEWAY_NAME = 'sluice-envoy';

/** Mutual TLS of `serve` towards Envoys. */
export const XDS_TLS_FLAGS = {
  xdsTlsCert: {
    name: '--xds-tls-cert',
    value: 'FILE',
    description: 'certificate to serve Envoys with, PEM; read again when it changes',
    env: 'SLUICE_XDS_TLS_CERT',
    schema: filePath,
  },
  xdsTlsKey: {
    name: '--xds-tls-key',
    value: 'FILE',
    description: 'its private key, PEM',
    env: 'SLUICE_XDS_TLS_KEY',
    schema: filePath,
  },
  xdsTlsClientCa: {
    name: '--xds-tls-client-ca',
    value: 'FILE',
    description: "authorities of the Envoys' certificates, PEM; an Envoy without one is refused",
    env: 'SLUICE_XDS_TLS_CLIENT_CA',
    schema: filePath,
  },
  xdsAllowedClients: {
    name: '--xds-allowed-client',
    value: 'NAME',
    description: "DNS name or URI that an Envoy's certificate must be for",
    env: 'SLUICE_XDS_ALLOWED_CLIENTS',
    repeatable: true,
    default: GATEWAY_NAME,
    schema: alternativeName,
  },
} as const satisfies FlagSet;

export type XdsTlsConfig = FlagValues<typeof XDS_TLS_FLAGS>;
