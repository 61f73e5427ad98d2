import type { ApiFailure, FailureReason } from '../../kubernetes-api/api-failure.ts';
import type { Clock } from '../../kubernetes-api/clock.ts';
import type { WatchedKind } from '../../kubernetes-api/watched-kind.ts';
import type { Kind } from '../../model/objects.ts';

/** What is used of a pino logger. */
export interface SourceLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What hits one kind like this hits all: one line for all of them. */
const SHARED: ReadonlySet<FailureReason> = new Set([
  'config',
  'unreachable',
  'silent',
  'unauthorized',
  'throttled',
]);

/** A failure that lasts is told again after this long. */
const REMINDER_MS = 60_000;

/** A failure with what to do about it, in one sentence. */
export function explain(watched: WatchedKind, failure: ApiFailure): string {
  return `${failure.message}; ${advice(watched, failure.reason)}`;
}

function advice(watched: WatchedKind, reason: FailureReason): string {
  switch (reason) {
    case 'config':
      return 'check the kubeconfig, its context and the files that it names';
    case 'unreachable':
    case 'silent':
      return 'check the server address of the kubeconfig, and whether the API server runs';
    case 'unauthorized':
      return 'renew the token or the client certificate of the kubeconfig';
    case 'forbidden': {
      const group = watched.group === '' ? 'the core API group' : `the API group ${watched.group}`;
      return `allow list and watch on ${watched.plural} of ${group} in a ClusterRole of Sluice`;
    }
    case 'throttled':
      return 'nothing to do unless it lasts: the API server is busy';
    case 'not-found':
    case 'malformed':
      return 'check that the server address of the kubeconfig is that of a Kubernetes API server';
    case 'gone':
    case 'server':
      return 'look into the log of the API server if it lasts';
  }
}

/** Tells an outage in a few lines: when it starts, once a minute, and when it is over; not once for each try. */
export class FailureLog {
  readonly #logger: SourceLogger;
  readonly #clock: Clock;
  readonly #outages = new Map<string, { readonly kinds: Set<Kind>; readonly code: string; toldAt: number }>();

  constructor(logger: SourceLogger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  failed(watched: WatchedKind, failure: ApiFailure, retryInMs: number): void {
    const { kind } = watched;
    const key = SHARED.has(failure.reason) ? failure.reason : `${kind} ${failure.reason}`;
    for (const [other, outage] of this.#outages) {
      // It fails for another reason now: the old one is not over, but no longer what holds this kind up.
      if (other !== key && outage.kinds.delete(kind) && outage.kinds.size === 0) this.#outages.delete(other);
    }
    const now = this.#clock.now();
    const outage = this.#outages.get(key) ?? {
      kinds: new Set(),
      code: failure.code,
      toldAt: Number.NEGATIVE_INFINITY,
    };
    this.#outages.set(key, outage);
    outage.kinds.add(kind);
    const due = now - outage.toldAt >= REMINDER_MS;
    if (due) outage.toldAt = now;
    const fields = { code: failure.code, kind, retryInMs: Math.round(retryInMs) };
    this.#logger[due ? 'warn' : 'debug'](
      fields,
      `Kubernetes API: ${explain(watched, failure)}. What was read before stays in place; trying again`,
    );
  }

  /** The kind is read again; does nothing where it never failed. */
  recovered(watched: WatchedKind): void {
    for (const [key, outage] of this.#outages) {
      if (!outage.kinds.delete(watched.kind) || outage.kinds.size > 0) continue;
      this.#outages.delete(key);
      this.#logger.info(
        { code: outage.code, kind: watched.kind },
        `Kubernetes API: ${watched.kind} is read again`,
      );
    }
  }
}
