import type { FlagSet } from '../flag.ts';
import { duration, filePath } from '../flag-values.ts';

const MINUTE_MS = 60_000;

/** What `serve` keeps for its next start. */
export const STATE_FLAGS = {
  stateDir: {
    name: '--state-dir',
    value: 'DIR',
    description:
      'for --source kubernetes: folder, of this replica alone, to keep what was read in, for a start to serve at once',
    env: 'SLUICE_STATE_DIR',
    schema: filePath,
  },
  stateMaxAgeMs: {
    name: '--state-max-age',
    value: 'DURATION',
    description: 'age from which on what was kept is not served at a start',
    env: 'SLUICE_STATE_MAX_AGE',
    default: '24h',
    schema: duration(MINUTE_MS, 30 * 24 * 60 * MINUTE_MS, 'from 1m to 720h'),
  },
} as const satisfies FlagSet;
