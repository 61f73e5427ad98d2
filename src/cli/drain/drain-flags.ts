import type { FlagSet, FlagValues } from '../flag.ts';
import { duration, listenAddress, peerAddress } from '../flag-values.ts';
import { LOG_FLAGS } from '../flags.ts';

export const DRAIN_FLAGS = {
  envoyAdmin: {
    name: '--envoy-admin',
    value: 'HOST:PORT',
    description: 'admin address of the Envoy to drain',
    env: 'SLUICE_DRAIN_ENVOY_ADMIN',
    default: '127.0.0.1:15000',
    schema: peerAddress,
  },
  hookAddress: {
    name: '--hook-address',
    value: 'HOST:PORT',
    description: 'where GET /drain is answered once Envoy is drained; whoever reaches it can drain Envoy',
    env: 'SLUICE_DRAIN_HOOK_ADDRESS',
    default: '127.0.0.1:15001',
    schema: listenAddress,
  },
  unreadyMs: {
    name: '--unready-time',
    value: 'DURATION',
    description:
      'how long Envoy fails its health check before it closes its ports; 0 where nothing looks at it',
    env: 'SLUICE_DRAIN_UNREADY_TIME',
    default: '5s',
    schema: duration(1, 10 * 60_000, 'from 1ms to 10m, or 0', true),
  },
  timeoutMs: {
    name: '--timeout',
    value: 'DURATION',
    description: 'how long connections may live on; those still open then are cut when Envoy ends',
    env: 'SLUICE_DRAIN_CONNECTION_TIMEOUT',
    default: '10m',
    schema: duration(1, 24 * 3_600_000, 'from 1ms to 24h, or 0', true),
  },
  partner: {
    name: '--partner',
    value: 'HOST:PORT',
    description:
      'admin address of a second Envoy on the same ports: drain only while that one serves and does not drain',
    env: 'SLUICE_DRAIN_PARTNER',
    schema: peerAddress,
  },
  partnerMs: {
    name: '--partner-time',
    value: 'DURATION',
    description: 'how long to wait until the partner serves; then Envoy is drained without it',
    env: 'SLUICE_DRAIN_PARTNER_TIME',
    default: '2m',
    schema: duration(1, 24 * 3_600_000, 'from 1ms to 24h, or 0', true),
  },
  turnAddress: {
    name: '--turn-address',
    value: 'HOST:PORT',
    description: 'what the partners agree by who drains, the same for both: whoever drains listens there',
    env: 'SLUICE_DRAIN_TURN_ADDRESS',
    default: '127.0.0.1:15003',
    schema: peerAddress,
  },
  ...LOG_FLAGS,
} as const satisfies FlagSet;

export type DrainConfig = FlagValues<typeof DRAIN_FLAGS>;
