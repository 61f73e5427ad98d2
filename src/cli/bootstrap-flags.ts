import type { FlagSet, FlagValues } from './flag.ts';
import {
  byteSize,
  certificateHost,
  filePath,
  listenAddress,
  nodeId,
  peerAddress,
  peerSocket,
  wholeNumber,
} from './flag-values.ts';

export const BOOTSTRAP_FLAGS = {
  xdsAddresses: {
    name: '--xds-address',
    value: 'HOST:PORT|unix:PATH',
    description:
      'where Sluice serves, several for several replicas; or where "sluice node" does, beside this Envoy',
    env: 'SLUICE_XDS_ADDRESS',
    repeatable: true,
    default: '127.0.0.1:18000',
    schema: peerSocket,
  },
  xdsTlsCertFile: {
    name: '--xds-tls-cert-file',
    value: 'FILE',
    description: "this Envoy's certificate, PEM, where Envoy finds it; read again when it changes",
    env: 'SLUICE_XDS_TLS_CERT_FILE',
    schema: filePath,
  },
  xdsTlsKeyFile: {
    name: '--xds-tls-key-file',
    value: 'FILE',
    description: 'its private key, PEM',
    env: 'SLUICE_XDS_TLS_KEY_FILE',
    schema: filePath,
  },
  xdsTlsCaFile: {
    name: '--xds-tls-ca-file',
    value: 'FILE',
    description: "authorities of Sluice's certificate, PEM",
    env: 'SLUICE_XDS_TLS_CA_FILE',
    schema: filePath,
  },
  xdsServerName: {
    name: '--xds-server-name',
    value: 'NAME',
    description: "what Sluice's certificate must be for; unless set, the host of --xds-address",
    env: 'SLUICE_XDS_SERVER_NAME',
    schema: certificateHost,
  },
  out: {
    name: '--out',
    value: 'DIR',
    description: 'write envoy.yaml and the files that TLS needs there, and print their names',
    env: 'SLUICE_BOOTSTRAP_OUT',
    schema: filePath,
  },
  nodeId: {
    name: '--node-id',
    value: 'ID',
    description: 'name of this Envoy, of its node usually',
    env: 'SLUICE_NODE_ID',
    required: true,
    schema: nodeId,
  },
  envoyAdminAddress: {
    name: '--envoy-admin-address',
    value: 'HOST:PORT',
    description: "Envoy's own admin address; whoever reaches it can stop Envoy",
    env: 'SLUICE_ENVOY_ADMIN_ADDRESS',
    default: '127.0.0.1:15000',
    schema: listenAddress,
  },
  metricsAddress: {
    name: '--metrics-address',
    value: 'HOST:PORT',
    description: 'where /stats/prometheus and /ready of Envoy are shown to others; unless set, nowhere',
    env: 'SLUICE_ENVOY_METRICS_ADDRESS',
    schema: peerAddress,
  },
  memoryLimitBytes: {
    name: '--memory-limit',
    value: 'SIZE',
    description: "memory limit of Envoy's container, for the default of --max-heap",
    env: 'SLUICE_ENVOY_MEMORY_LIMIT',
    schema: byteSize(384 * 1024 ** 2, 1024 ** 5, 'from 384MiB to 1024TiB'),
  },
  maxHeapBytes: {
    name: '--max-heap',
    value: 'SIZE',
    description:
      'at 98 % of this much memory Envoy takes no more connections; unless set, two thirds of --memory-limit, or 2GiB; 20,000 hosts take 0.5 GiB',
    env: 'SLUICE_ENVOY_MAX_HEAP',
    schema: byteSize(256 * 1024 ** 2, 1024 ** 4, 'from 256MiB to 1TiB'),
  },
  maxConnections: {
    name: '--max-connections',
    value: 'N',
    description:
      "most connections of all hosts together; unless set, 100000, or as many as the limit of this process's file descriptors leaves room for: two each",
    env: 'SLUICE_ENVOY_MAX_CONNECTIONS',
    schema: wholeNumber(1, 10_000_000),
  },
  accessLogPercent: {
    name: '--access-log-percent',
    value: 'N',
    description: 'share of connections in the access log, 0 for none',
    env: 'SLUICE_ACCESS_LOG_PERCENT',
    default: '100',
    schema: wholeNumber(0, 100),
  },
} as const satisfies FlagSet;

export type BootstrapOptions = FlagValues<typeof BOOTSTRAP_FLAGS>;
