import type { HeartbeatLimits } from '../../kubernetes-api/heartbeat.ts';
import type { ReadinessLimits } from '../../kubernetes-api/readiness.ts';

/** Sizes and times of the reflectors. Times in milliseconds of the monotonic clock. */
export interface ReflectorLimits extends ReadinessLimits, HeartbeatLimits {
  /** Most objects in one page of a list; fewer where they are large, see `pageBytes`. */
  readonly pageObjects: number;
  /**
   * What a page should measure: parsing one holds the event loop, at some 6 ms a megabyte of JSON. For each page the API
   * server goes through all objects that are left, so many small ones cost it more.
   */
  readonly pageBytes: number;
  /** A longer watch event is not read. 1.5 MB is the most that etcd keeps of an object. */
  readonly eventBytes: number;
  /** A request that is not answered for this long, or an answer that stops, is given up. */
  readonly requestSilenceMs: number;
  /** A watch on which not even a bookmark came for this long is opened anew. The API server sends one a minute. */
  readonly watchSilenceMs: number;
  /** The server ends each watch after one to two times this long, so that load spreads over its replicas. */
  readonly watchMs: number;
  /**
   * A watch from a version that was saved is ended after one to two times this long, and followed by a list: only that finds what a
   * cluster that was restored from a backup no longer has, and objects that cannot be read.
   */
  readonly verifyMs: number;
  /** A watch that lasted this long was a good one: what ends it is not counted as one failure in a row. */
  readonly steadyMs: number;
  /** After a failure. */
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** The most that is added to what the server asks for with `Retry-After`. */
  readonly toldBackoffMaxMs: number;
  /** After a server that has just started said that it reads a kind: it has by the time, and costs nothing to ask. */
  readonly startingMaxMs: number;
  /** Between two looks for a CRD that is not installed. */
  readonly absenceBaseMs: number;
  readonly absenceMaxMs: number;
  /** Longest `Retry-After` that is obeyed. */
  readonly maxRetryAfterMs: number;
}

export const DEFAULT_LIMITS: ReflectorLimits = {
  pageObjects: 1000,
  pageBytes: 1024 * 1024,
  eventBytes: 16 * 1024 * 1024,
  requestSilenceMs: 30_000,
  watchSilenceMs: 150_000,
  watchMs: 300_000,
  verifyMs: 15_000,
  steadyMs: 5_000,
  backoffBaseMs: 200,
  backoffMaxMs: 30_000,
  toldBackoffMaxMs: 1_000,
  startingMaxMs: 300,
  absenceBaseMs: 500,
  absenceMaxMs: 30_000,
  maxRetryAfterMs: 300_000,
  probeMs: 250,
  probeSilenceMs: 500,
  recallMs: 1_000,
  heartbeatMs: 5_000,
  heartbeatSilenceMs: 2_000,
};
