/** How long a kind waits after a failure of the API server, and what ends the wait. */
import type { ApiFailure, FailureReason } from '../../kubernetes-api/api-failure.ts';
import type { ReflectorLimits } from './limits.ts';

/** What an API server does that is going or coming, or that cannot be reached. */
export const OUTAGES: ReadonlySet<FailureReason> = new Set(['unreachable', 'silent', 'server']);

/** It has said when to ask again, or there is nothing to ask it with. */
export const UNRECALLED: ReadonlySet<FailureReason> = new Set(['throttled', 'config']);

/** Whether a server may be started anew meanwhile: a second try failed too. */
export function isAway({ reason, isStarting }: ApiFailure, failures: number): boolean {
  return failures > 1 && OUTAGES.has(reason) && !isStarting;
}

/** Milliseconds, of which the back-off says `delay`. */
export function waitAfter(
  { retryAfterMs, isStarting }: ApiFailure,
  delay: number,
  limits: Pick<ReflectorLimits, 'toldBackoffMaxMs' | 'maxRetryAfterMs' | 'startingMaxMs'>,
): number {
  if (isStarting) return Math.min(delay, limits.startingMaxMs);
  if (retryAfterMs === undefined) return delay;
  // A server that says when to come back is not busy for longer than it says, as far as it knows.
  return Math.min(delay, limits.toldBackoffMaxMs) + Math.min(retryAfterMs, limits.maxRetryAfterMs);
}
