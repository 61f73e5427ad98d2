import { type Lane, processTurns } from '../../event-loop/turns.ts';
import { type Clock, type Random, systemClock } from '../../kubernetes-api/clock.ts';
import type { CredentialsOptions } from '../../kubernetes-api/credentials.ts';
import { createHttpTransport } from '../../kubernetes-api/http-transport.ts';
import { Readiness } from '../../kubernetes-api/readiness.ts';
import { WATCHED_KINDS, type WatchedKind } from '../../kubernetes-api/watched-kind.ts';
import type { Source, SourceSink } from '../../model/events.ts';
import { decodeObject } from '../objects/decode.ts';
import { FailureLog, type SourceLogger } from './failure-log.ts';
import type { Decode } from './known-objects.ts';
import { DEFAULT_LIMITS, type ReflectorLimits } from './limits.ts';
import { ReferencedSecrets } from './referenced-secrets.ts';
import { Reflector } from './reflector.ts';

export interface KubernetesSourceOptions extends CredentialsOptions {
  readonly logger: SourceLogger;
  /** What differs from `DEFAULT_LIMITS`. */
  readonly limits?: Partial<ReflectorLimits>;
  /** All that Sluice reads, unless given. */
  readonly kinds?: readonly WatchedKind[];
  readonly decode?: Decode;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Where objects are read; that of the process unless given. */
  readonly lane?: Lane;
  /** `sluice` unless given. */
  readonly userAgent?: string;
}

/**
 * The Kubernetes API as a source: one reflector for each kind. Never gives up: without usable credentials, without a
 * server or without a permission it says so in the log, in `pending()` and as a problem, and keeps trying.
 */
export function createKubernetesSource(options: KubernetesSourceOptions): Source {
  const clock = options.clock ?? systemClock;
  const limits: ReflectorLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const kinds = options.kinds ?? WATCHED_KINDS;
  const transport = createHttpTransport({ ...options, clock });
  const failures = new FailureLog(options.logger, clock);
  const stopping = new AbortController();
  let reflectors: readonly Reflector[] = [];
  let secrets: ReferencedSecrets | undefined;
  let running: Promise<unknown> | undefined;

  return {
    async start(sink: SourceSink): Promise<void> {
      if (running !== undefined) throw new Error('a source is started once');
      const onProblems = (): void => {
        if (!stopping.signal.aborted) sink.problems(reflectors.flatMap((reflector) => reflector.problems()));
      };
      const { logger, random = Math.random, decode = decodeObject, lane = processTurns.reading } = options;
      const readiness = new Readiness({ transport, clock, random, limits });
      const common = { transport, limits, clock, random, logger, failures, readiness, lane, sink };
      secrets = new ReferencedSecrets(common);
      reflectors = kinds.map((watched) => new Reflector({ ...common, watched, decode, onProblems }));
      running = Promise.all(reflectors.map((reflector) => reflector.run(stopping.signal)));
    },
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.all([running, secrets?.stop()]);
      transport.close();
    },
    readSecrets: (names) => {
      if (!stopping.signal.aborted) secrets?.read(names);
    },
    pending: () =>
      running === undefined
        ? kinds.map(({ kind }) => ({ kind, reason: 'not started' }))
        : reflectors.flatMap((reflector) => {
            const reason = reflector.pending();
            return reason === undefined ? [] : [{ kind: reflector.kind, reason }];
          }),
  };
}
