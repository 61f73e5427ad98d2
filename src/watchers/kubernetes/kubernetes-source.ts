import { type Lane, processTurns } from '../../event-loop/turns.ts';
import { type Clock, type Random, systemClock } from '../../kubernetes-api/clock.ts';
import { clusterUid } from '../../kubernetes-api/cluster-identity.ts';
import type { CredentialsOptions } from '../../kubernetes-api/credentials.ts';
import { Heartbeat } from '../../kubernetes-api/heartbeat.ts';
import { createHttpTransport } from '../../kubernetes-api/http-transport.ts';
import { Readiness } from '../../kubernetes-api/readiness.ts';
import { WATCHED_KINDS, type WatchedKind } from '../../kubernetes-api/watched-kind.ts';
import type { ObjectEvent, Source, SourceProblem, SourceSink } from '../../model/events.ts';
import type { Kind } from '../../model/objects.ts';
import type { ReadPositions } from '../../model/positions.ts';
import type { SavedState } from '../../model/saved-state.ts';
import { decodeObject } from '../objects/decode.ts';
import { FailureLog, type SourceLogger } from './failure-log.ts';
import type { Decode } from './known-objects.ts';
import { DEFAULT_LIMITS, type ReflectorLimits } from './limits.ts';
import { ReferencedSecrets } from './referenced-secrets.ts';
import { Reflector } from './reflector.ts';
import { SavedStart } from './saved-start.ts';

export interface KubernetesSourceOptions extends CredentialsOptions {
  readonly logger: SourceLogger;
  /**
   * What was read before; asked for once, with what asks for the cluster's uid, which is `''` where it cannot be had soon.
   * `undefined`: all is listed.
   */
  readonly saved?: ((uid: () => Promise<string>) => Promise<SavedState | undefined>) | undefined;
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

/** How long the cluster's uid is waited for, in milliseconds: it is one small request. */
const UID_MS = 300;

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
  let savedStart: SavedStart | undefined;

  return {
    async start(sink: SourceSink): Promise<void> {
      if (running !== undefined) throw new Error('a source is started once');
      const onProblems = (): void => {
        if (stopping.signal.aborted) return;
        sink.problems([...silence(heartbeat), ...reflectors.flatMap((reflector) => reflector.problems())]);
      };
      const heartbeat = new Heartbeat({
        ...{ transport, clock, limits, random: options.random ?? Math.random, onChange: onProblems },
        heardAt: () => Math.max(...reflectors.map(({ present }) => present.heardAt)),
        onReturn: (since) => {
          const awayMs = Math.round(clock.now() - since);
          options.logger.info(
            { code: 'SLUICE_KUBE_UNREACHABLE', awayMs },
            'Kubernetes API: reached again; watches are opened anew',
          );
          for (const { present } of reflectors) present.renew(since);
        },
      });
      const { logger, random = Math.random, decode = decodeObject, lane = processTurns.reading } = options;
      const readiness = new Readiness({ transport, clock, random, limits });
      const common = { transport, limits, clock, random, logger, failures, readiness, lane, sink };
      secrets = new ReferencedSecrets(common);
      const overheard = {
        sink: {
          apply: (events: readonly ObjectEvent[]) => sink.apply(events),
          synced: (read: readonly Kind[] = []) => {
            if (savedStart === undefined) sink.synced(read);
            else savedStart.confirmed(read);
          },
        },
        failures: {
          failed: (...failed: Parameters<FailureLog['failed']>) => {
            failures.failed(...failed);
            savedStart?.heard(failed[0].kind);
          },
          recovered: failures.recovered.bind(failures),
        },
      };
      reflectors = kinds.map(
        (watched) => new Reflector({ ...common, ...overheard, watched, decode, onProblems }),
      );
      running = begin();

      async function begin(): Promise<void> {
        await restore();
        const { signal } = stopping;
        await Promise.all([heartbeat.run(signal), ...reflectors.map((each) => each.run(signal))]);
      }

      /** By itself, so that what was saved is not kept for as long as the source runs. */
      async function restore(): Promise<void> {
        const state = await options.saved?.(() => clusterUid(transport, UID_MS, stopping.signal));
        if (state === undefined) return;
        savedStart = new SavedStart({ positions: state.positions, reflectors, lane, clock, sink });
        await savedStart.restore(state, stopping.signal);
      }
    },
    async stop(): Promise<void> {
      stopping.abort();
      savedStart?.stop();
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
    positions: () => positionsOf(reflectors),
    heard: () =>
      reflectors.flatMap(({ kind, heardAt }) => (heardAt === undefined ? [] : [{ kind, at: heardAt }])),
    unconfirmed: () => savedStart?.unconfirmed ?? [],
  };
}

function silence({ awaySince }: Heartbeat): readonly SourceProblem[] {
  if (awaySince === undefined) return [];
  const message =
    'the API server does not answer, and no connection to it was closed: what was read is served on; look at the network between the two';
  return [{ code: 'SLUICE_KUBE_SILENT', message }];
}

function positionsOf(reflectors: readonly Reflector[]): ReadPositions | undefined {
  const read = reflectors.map((reflector) => reflector.position());
  const positions = read.flatMap(({ position }) => (position === 'reading' ? [] : [position]));
  if (positions.length < read.length || read.length === 0) return undefined;
  return { positions, isCurrent: read.every(({ isCurrent }) => isCurrent) };
}
