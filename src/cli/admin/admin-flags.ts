import type { FlagSet } from '../flag.ts';
import { listenAddress, oneOf } from '../flag-values.ts';

/** Where `serve` shows what it does, and to whom. */
export const ADMIN_FLAGS = {
  adminAddress: {
    name: '--admin-address',
    value: 'HOST:PORT',
    description: '/healthz, /readyz, /metrics and more',
    env: 'SLUICE_ADMIN_ADDRESS',
    default: '127.0.0.1:18001',
    schema: listenAddress,
  },
  adminAuth: {
    name: '--admin-auth',
    value: 'off|pages|all',
    description:
      'what of the admin address the API server must allow, save to who connects from loopback: pages, or /metrics too; probes never; unless set, pages with --source kubernetes',
    env: 'SLUICE_ADMIN_AUTH',
    schema: oneOf('off', 'pages', 'all'),
  },
} as const satisfies FlagSet;
