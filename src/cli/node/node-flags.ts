import { BOOTSTRAP_FLAGS } from '../bootstrap-flags.ts';
import type { FlagSet, FlagValues } from '../flag.ts';
import { listenAddress, listenSocket, peerAddress } from '../flag-values.ts';
import { LOG_FLAGS } from '../flags.ts';
import { STATE_FLAGS } from '../serve/state-flags.ts';

export const NODE_FLAGS = {
  controlPlane: {
    name: '--control-plane',
    value: 'HOST:PORT',
    description: 'where Sluice serves; several for several replicas',
    env: 'SLUICE_CONTROL_PLANE',
    repeatable: true,
    required: true,
    schema: peerAddress,
  },
  xdsAddress: {
    name: '--listen',
    value: 'unix:PATH|HOST:PORT',
    description: 'where the Envoy of this node connects to; whoever reaches it reads all hosts',
    env: 'SLUICE_NODE_LISTEN',
    default: 'unix:/run/sluice-node/xds.sock',
    schema: listenSocket,
  },
  xdsTlsCertFile: {
    ...BOOTSTRAP_FLAGS.xdsTlsCertFile,
    description: "this gateway's certificate, PEM; read again for each connection",
  },
  xdsTlsKeyFile: BOOTSTRAP_FLAGS.xdsTlsKeyFile,
  xdsTlsCaFile: BOOTSTRAP_FLAGS.xdsTlsCaFile,
  xdsServerName: {
    ...BOOTSTRAP_FLAGS.xdsServerName,
    description: "what Sluice's certificate must be for; unless set, the host of --control-plane",
  },
  stateDir: {
    ...STATE_FLAGS.stateDir,
    description:
      'folder, of this node and this Envoy alone, to keep what Sluice said in, for a start without it; unless set, nothing is kept',
  },
  stateMaxAgeMs: STATE_FLAGS.stateMaxAgeMs,
  adminAddress: {
    name: '--admin-address',
    value: 'HOST:PORT',
    description: '/healthz, /readyz and /metrics',
    env: 'SLUICE_NODE_ADMIN_ADDRESS',
    default: '127.0.0.1:15004',
    schema: listenAddress,
  },
  ...LOG_FLAGS,
} as const satisfies FlagSet;

export type NodeConfig = FlagValues<typeof NODE_FLAGS>;
