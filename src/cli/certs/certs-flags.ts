import type { FlagSet, FlagValues } from '../flag.ts';
import { alternativeName, certificateHost, enabled, filePath, wholeNumber } from '../flag-values.ts';
import { GATEWAY_NAME } from '../tls-flags.ts';

export const CERTS_FLAGS = {
  out: {
    name: '--out',
    value: 'DIR',
    description: 'folder for what is made; with "certs" also of the authority made before',
    env: 'SLUICE_CERTS_OUT',
    required: true,
    schema: filePath,
  },
  hosts: {
    name: '--hosts',
    value: 'NAME',
    description: 'DNS name or IP address that Envoys reach Sluice at',
    env: 'SLUICE_CERTS_HOSTS',
    repeatable: true,
    default: [
      'sluice.sluice-system.svc',
      'sluice.sluice-system.svc.cluster.local',
      'sluice.sluice-system',
    ].join(),
    schema: certificateHost,
  },
  clientName: {
    name: '--client-name',
    value: 'NAME',
    description: 'DNS name or URI for the certificate of the gateways, see --xds-allowed-client of serve',
    env: 'SLUICE_CERTS_CLIENT_NAME',
    default: GATEWAY_NAME,
    schema: alternativeName,
  },
  days: {
    name: '--days',
    value: 'N',
    description: 'validity of the two certificates; never beyond that of the authority, which is ten years',
    env: 'SLUICE_CERTS_DAYS',
    default: '365',
    schema: wholeNumber(1, 3650),
  },
  renewCa: {
    name: '--renew-ca',
    description:
      'make a new authority; ca.crt then holds the one before as well, until it is removed by hand',
    env: 'SLUICE_CERTS_RENEW_CA',
    default: 'false',
    schema: enabled,
  },
} as const satisfies FlagSet;

export type CertsConfig = FlagValues<typeof CERTS_FLAGS>;
