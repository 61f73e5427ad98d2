import { hash } from 'node:crypto';
import type { ApiClient } from '../kubernetes-api/api-client.ts';
import { ApiFailure, failureOfStatus } from '../kubernetes-api/api-failure.ts';
import { backoffAfter } from '../kubernetes-api/backoff.ts';
import { type Clock, sleep } from '../kubernetes-api/clock.ts';
import type { DesiredStatus, StatusKind } from '../model/desired-status.ts';
import { type ObjectKey, objectKey, parseObjectKey } from '../model/key.ts';
import { isStatusKind, objectPath, type StatusResources } from './kubernetes/status-resources.ts';
import type { Transition } from './merge-conditions.ts';
import type { PresentObject } from './merge-status.ts';
import type { StatusLogger } from './status-logger.ts';
import { StatusMerger, type StatusMode } from './status-mode.ts';
import { HELD_UP_MS, type Outcome, WorkQueue } from './work-queue.ts';

/** An object whose status was written, or just read and found right. */
export interface WrittenStatus {
  readonly kind: StatusKind;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly transitions: readonly Transition[];
}

export interface StatusWriterOptions {
  readonly client: ApiClient;
  readonly resources: StatusResources;
  /** `own` unless given; in `off` it is never to lead. */
  readonly mode?: StatusMode | undefined;
  /** What the status of the object of this key should say; `undefined` where it is none of ours. */
  readonly desired: (key: ObjectKey) => DesiredStatus | undefined;
  readonly onWritten: (written: WrittenStatus) => void;
  /** A sweep came by this object. */
  readonly onLooked: (key: ObjectKey) => void;
  /** Statuses read and written each second, on average. */
  readonly perSecond: number;
  /** While it says so nothing is read or written. */
  readonly isHeldUp?: (() => boolean) | undefined;
  readonly clock: Clock;
  /** The wall clock, for lastTransitionTime. */
  readonly wallClock: () => Date;
  readonly logger: StatusLogger;
}

export interface WriterCounts {
  written: number;
  unchanged: number;
  conflicts: number;
  failed: number;
}

const CONCURRENCY = 8;
/** Objects in a page of a sweep: reading one holds the event loop for some milliseconds. */
const PAGE = 100;
const CONFLICT_BACKOFF = { baseMs: 50, maxMs: 5_000 };
const OUTAGE_BACKOFF = { baseMs: 500, maxMs: 30_000 };
/** Objects of so many namespaces in a row: it is the server that fails, and not something about one of them. */
const FAILING_NAMESPACES = 3;
/** A refusal lasts until somebody changes the rules or the object. */
const REFUSED_AGAIN_MS = 60_000;

/**
 * Writes statuses, paced, each as a compare-and-swap: read, merge, patch with the resourceVersion that was read. What is
 * right already is not written, and what was found right is not even read again before it should say something else.
 */
export class StatusWriter {
  readonly counts: WriterCounts = { written: 0, unchanged: 0, conflicts: 0, failed: 0 };
  readonly #options: StatusWriterOptions;
  readonly #queue: WorkQueue<ObjectKey>;
  readonly #merger: StatusMerger;
  /** Object key → fingerprint of what its status is known to say. */
  readonly #confirmed = new Map<ObjectKey, string>();
  #leading: AbortController | undefined;
  /** Namespaces of objects that the server failed at since it last took one. */
  readonly #failing = new Set<string>();
  readonly #outage = new Map<string, number>();

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#merger = new StatusMerger(options.mode ?? 'own', () => this.#now());
    this.#queue = new WorkQueue({
      groupOf: (key) => parseObjectKey(key).namespace,
      perSecond: options.perSecond,
      concurrency: CONCURRENCY,
      isHeldUp: options.isHeldUp,
      isNeeded: (key) => this.#isNeeded(key),
      work: (key, failures) => this.#work(key, failures),
      clock: options.clock,
    });
  }

  /** Statuses that wait to be written. */
  get pending(): number {
    return this.#queue.size;
  }

  /** Objects whose status is left to others, as far as they were looked at. */
  get withheld(): ReadonlySet<ObjectKey> {
    return this.#merger.withheld;
  }

  /** This replica writes from now on. Looks through all objects for what is not right. */
  lead(): void {
    if (this.#leading !== undefined) return;
    this.#leading = new AbortController();
    this.#confirmed.clear();
  }

  /** Another replica may write from now on: what is under way is broken off. */
  follow(): void {
    this.#leading?.abort();
    this.#leading = undefined;
    this.#queue.clear();
    this.#confirmed.clear();
    this.#merger.clear();
  }

  /** The status of the object of this key may differ. */
  statusChanged(key: ObjectKey, urgent = true): void {
    if (this.#leading === undefined || !isStatusKind(parseObjectKey(key).kind)) return;
    this.#queue.add(key, urgent);
  }

  stop(): void {
    this.follow();
    this.#queue.stop();
  }

  /**
   * Reads all objects of a kind, page by page, and enqueues those whose status is not right. One request for 100
   * objects, where the queue needs one for each.
   */
  async sweep(kind: StatusKind): Promise<void> {
    const leading = this.#leading;
    if (leading === undefined) return;
    const { clock, isHeldUp } = this.#options;
    const resource = await this.#options.resources.get(kind);
    let limit = PAGE;
    for (let token = ''; resource !== undefined && !leading.signal.aborted; ) {
      if (isHeldUp?.() === true) {
        await sleep(clock, HELD_UP_MS, leading.signal);
        continue;
      }
      const query = { limit: String(limit), ...(token === '' ? {} : { continue: token }) };
      const page = await this.#page(resource.path, query, leading.signal);
      if (page === undefined && limit > 1) {
        limit = Math.ceil(limit / 8);
        continue;
      }
      if (page === undefined)
        throw new ApiFailure('malformed', `one object of ${resource.path} is too large`);
      for (const present of page.items ?? []) this.#look(kind, present);
      token = page.metadata?.continue ?? '';
      if (token === '') return;
    }
  }

  /** `undefined` where it is larger than can be read: a tenant's objects may be of more than a megabyte each. */
  async #page(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal) {
    try {
      return (await this.#options.client.read('GET', path, { query, signal })) as {
        readonly metadata?: { readonly continue?: string };
        readonly items?: readonly PresentObject[];
      };
    } catch (error) {
      if (error instanceof ApiFailure && /the answer has more than/.test(error.message)) return undefined;
      throw error;
    }
  }

  #look(kind: StatusKind, present: PresentObject): void {
    const { namespace = '', name } = present.metadata;
    const key = objectKey({ kind, namespace, name });
    this.#options.onLooked(key);
    const desired = this.#options.desired(key);
    if (desired === undefined) return;
    if (this.#merger.merge(key, desired, present) === undefined) this.#confirm(key, desired, present);
    else {
      this.#confirmed.delete(key);
      this.statusChanged(key, kind === 'GatewayClass' || kind === 'Gateway');
    }
  }

  #isNeeded(key: ObjectKey): boolean {
    const desired = this.#options.desired(key);
    if (desired === undefined) {
      this.#confirmed.delete(key);
      this.#merger.forget(key);
      return false;
    }
    const known = this.#confirmed.get(key);
    return known !== fingerprint(settled(desired)) && known !== fingerprint(desired);
  }

  async #work(key: ObjectKey, failures: number): Promise<Outcome> {
    const leading = this.#leading;
    if (leading === undefined) return { type: 'done' };
    try {
      return await this.#reconcile(key, failures, leading.signal);
    } catch (error) {
      if (leading.signal.aborted) return { type: 'done' };
      return this.#failed(key, failures, error);
    }
  }

  async #reconcile(key: ObjectKey, failures: number, signal: AbortSignal): Promise<Outcome> {
    const { kind, namespace, name } = parseObjectKey(key);
    if (!isStatusKind(kind)) return { type: 'done' };
    const { client, resources } = this.#options;
    const resource = await resources.get(kind);
    if (resource === undefined) return { type: 'done' };
    const path = objectPath(resource, namespace, name);
    const read = await client.send('GET', path, { signal });
    if (read.status === 404) return this.#notFound(key, kind, name, read.body);
    if (read.status !== 200) throw failureOfStatus(`GET ${path}`, read.status, read.body, read.retryAfterMs);
    const present = read.body as PresentObject;
    // What it should say now, not what it should have said when it was enqueued.
    const desired = this.#options.desired(key);
    if (desired === undefined) return { type: 'done' };
    const merged = this.#merger.merge(key, desired, present);
    if (merged === undefined) {
      this.counts.unchanged += 1;
      this.#confirm(key, desired, present);
      return { type: 'done' };
    }
    const { resourceVersion, uid = '' } = present.metadata;
    const patched = await client.send('PATCH', `${path}/status`, {
      body: { metadata: { resourceVersion, uid }, status: merged.status },
      contentType: 'application/merge-patch+json',
      query: { fieldManager: 'sluice' },
      signal,
    });
    if (patched.status === 409) {
      this.counts.conflicts += 1;
      return { type: 'again', afterMs: backoffAfter(CONFLICT_BACKOFF, failures, Math.random) };
    }
    if (patched.status === 404) return this.#notFound(key, kind, name, patched.body);
    if (patched.status < 200 || patched.status >= 300) {
      throw failureOfStatus(`PATCH ${path}/status`, patched.status, patched.body, patched.retryAfterMs);
    }
    this.counts.written += 1;
    this.#failing.clear();
    this.#confirm(key, desired, patched.body as PresentObject);
    this.#recovered(kind);
    this.#options.onWritten({
      kind,
      apiVersion: resource.apiVersion,
      namespace,
      name,
      uid,
      transitions: merged.transitions,
    });
    return { type: 'done' };
  }

  /**
   * Remembers what the status says. What was kept only tentatively has to be looked at again when that is over; and an
   * object that is another than we evaluated needs a status that its own evaluation brings.
   */
  #confirm(key: ObjectKey, desired: DesiredStatus, present: PresentObject): void {
    const { uid } = present.metadata;
    if (desired.uid !== '' && uid !== undefined && uid !== desired.uid) return;
    const final = settled(desired);
    const isFinal = final === desired || this.#merger.isWritten(final, present);
    this.#confirmed.set(key, fingerprint(isFinal ? final : desired));
  }

  /** An object that is gone names itself in the answer; a version that is no longer served does not. */
  #notFound(key: ObjectKey, kind: StatusKind, name: string, body: unknown): Outcome {
    this.#confirmed.delete(key);
    const { details } = (body ?? {}) as { readonly details?: { readonly name?: unknown } };
    if (details?.name === name) return { type: 'done' };
    this.#options.resources.forget(kind);
    return { type: 'again', afterMs: OUTAGE_BACKOFF.baseMs };
  }

  #failed(key: ObjectKey, failures: number, error: unknown): Outcome {
    this.counts.failed += 1;
    const failure =
      error instanceof ApiFailure
        ? error
        : new ApiFailure('malformed', `the status of ${key} could not be written: ${String(error)}`, {
            cause: error,
          });
    this.#tell(key, failure);
    const isRefused = failure.reason === 'forbidden' || isInvalid(failure);
    if (isRefused) return { type: 'again', afterMs: REFUSED_AGAIN_MS };
    const afterMs = Math.min(
      failure.retryAfterMs ?? backoffAfter(OUTAGE_BACKOFF, failures, Math.random),
      REFUSED_AGAIN_MS,
    );
    // An object that etcd finds too large is answered 500, and is its owner's trouble alone.
    if (failure.reason === 'server') {
      this.#failing.add(parseObjectKey(key).namespace);
      if (this.#failing.size < FAILING_NAMESPACES) return { type: 'again', afterMs };
    }
    return { type: 'pause', afterMs };
  }

  /** Once a minute for each kind and reason: an outage hits thousands of objects alike. */
  #tell(key: ObjectKey, failure: ApiFailure): void {
    const { clock, logger } = this.#options;
    const outage = `${parseObjectKey(key).kind} ${failure.reason}`;
    const toldAt = this.#outage.get(outage) ?? Number.NEGATIVE_INFINITY;
    if (clock.now() - toldAt < REFUSED_AGAIN_MS) return;
    this.#outage.set(outage, clock.now());
    const advice =
      failure.reason === 'forbidden'
        ? `allow get, list and patch on ${parseObjectKey(key).kind} and its status in a ClusterRole of Sluice`
        : 'it is tried again';
    logger.warn(
      {
        code: failure.reason === 'forbidden' ? 'SLUICE_STATUS_FORBIDDEN' : 'SLUICE_STATUS_FAILED',
        object: key,
      },
      `a status could not be written: ${failure.message}; ${advice}. What Envoy serves is not affected`,
    );
  }

  #recovered(kind: StatusKind): void {
    for (const outage of [...this.#outage.keys()]) {
      if (outage.startsWith(`${kind} `)) this.#outage.delete(outage);
    }
  }

  /** RFC 3339 in UTC and whole seconds. */
  #now(): string {
    return `${this.#options.wallClock().toISOString().slice(0, 19)}Z`;
  }
}

/** 400 or 422: the API server will not take it, however often it is asked. */
function isInvalid({ reason, message }: ApiFailure): boolean {
  return reason === 'server' && / was answered 4(00|22)\b/.test(message);
}

/** Twenty thousand of them are kept. */
function fingerprint(desired: DesiredStatus): string {
  return hash('sha1', JSON.stringify(desired), 'base64');
}

/** The status once nothing of it is tentative any more. */
function settled(desired: DesiredStatus): DesiredStatus {
  return 'tentative' in desired && desired.tentative ? { ...desired, tentative: false } : desired;
}
