import type { Lane } from '../../event-loop/turns.ts';
import { ApiFailure, asApiFailure, type FailureReason } from '../../kubernetes-api/api-failure.ts';
import { Backoff } from '../../kubernetes-api/backoff.ts';
import { type Clock, type Random, sleep } from '../../kubernetes-api/clock.ts';
import type { Readiness } from '../../kubernetes-api/readiness.ts';
import type { ApiTransport } from '../../kubernetes-api/transport.ts';
import { type Resource, resourceOf, type WatchedKind } from '../../kubernetes-api/watched-kind.ts';
import type { ObjectEvent, SourceProblem, SourceSink } from '../../model/events.ts';
import { apiVersionOf } from '../../model/kinds.ts';
import type { Kind } from '../../model/objects.ts';
import type { KindPosition } from '../../model/positions.ts';
import { explain, type FailureLog, type SourceLogger } from './failure-log.ts';
import { isAway, OUTAGES, UNRECALLED, waitAfter } from './failure-waits.ts';
import { KindDiscovery } from './kind-discovery.ts';
import { checkCached, KindList } from './kind-list.ts';
import type { Decode } from './known-objects.ts';
import type { ReflectorLimits } from './limits.ts';
import { ObjectFeed } from './object-feed.ts';
import { PresentWatch } from './present-watch.ts';
import { watchStream } from './watch-stream.ts';

export interface ReflectorOptions {
  readonly watched: WatchedKind;
  readonly transport: ApiTransport;
  readonly decode: Decode;
  readonly limits: ReflectorLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: SourceLogger;
  readonly failures: Pick<FailureLog, 'failed' | 'recovered'>;
  readonly readiness: Pick<Readiness, 'wait'>;
  /** Where objects are decoded and handed on. */
  readonly lane: Lane;
  readonly sink: Pick<SourceSink, 'apply' | 'synced'>;
  /** `problems()` has changed. */
  readonly onProblems: () => void;
}

/** After so many watches in a row on which nothing was heard, the list is read again, in case the version is bad. */
const SILENT_WATCHES = 3;
/** Some ten seconds. */
const CACHE_LOOKS = 40;
const FORBIDDEN_TRIES = 20;

/**
 * Reads one kind: finds the version that is served, lists, watches from there, and resumes for as long as the server
 * remembers. Whatever fails is tried again; what was read stays in place meanwhile.
 */
export class Reflector {
  readonly present = new PresentWatch();
  readonly #options: ReflectorOptions;
  readonly #feed: ObjectFeed;
  readonly #listBackoff: Backoff;
  readonly #watchBackoff: Backoff;
  readonly #discovery: KindDiscovery;
  /** Undefined: to be discovered. */
  #resource: Resource | undefined;
  /** That is being read. */
  #list: KindList | undefined;
  /** What the sink has been told is the state at this version; undefined: to be listed. */
  #version: string | undefined;
  #synced = false;
  /** Not listed yet since `resume`. */
  #isResumed = false;
  #silentWatches = 0;
  /** How often a server that came back may say that it reads the kind into its cache, before a list is tried. */
  #looksForCache = 0;
  /** The same of a server that says that the kind may not be read. */
  #forbiddenTries = 0;
  /** Has gone back to a list or to discovery, and heard nothing on a watch since. */
  #turnedBack = false;
  #failure: ApiFailure | undefined;
  /** Whether the server has accepted the present watch. */
  #established = false;
  #watchAskedAt = 0;
  #heardAt = 0;

  constructor(options: ReflectorOptions) {
    const { watched, limits, random } = options;
    this.#options = options;
    this.#feed = new ObjectFeed({ ...options, kind: watched.kind });
    const failure = { baseMs: limits.backoffBaseMs, maxMs: limits.backoffMaxMs, random };
    this.#listBackoff = new Backoff(failure);
    this.#watchBackoff = new Backoff(failure);
    this.#discovery = new KindDiscovery(options);
  }

  get kind(): Kind {
    return this.#options.watched.kind;
  }

  /** Why the initial content is not complete yet; undefined once it has been. */
  pending(): string | undefined {
    if (this.#synced) return undefined;
    const { watched } = this.#options;
    if (this.#failure !== undefined) return `${this.#failure.code}: ${explain(watched, this.#failure)}`;
    if (this.#discovery.isDoubtful) return 'not served so far; asking again to be sure';
    if (this.#isResumed) return 'saved, not confirmed by the API server yet';
    return this.#list === undefined ? 'not read yet' : `${this.#list.objects} objects read so far`;
  }

  /** Unix time in milliseconds at which the server last said something of it; 0: not since the start; `undefined`: it is not served. */
  get heardAt(): number | undefined {
    return this.#discovery.isAbsent ? undefined : this.#heardAt;
  }

  /** Of what was read before, and the sink was told. */
  know(event: ObjectEvent): void {
    this.#feed.know(event);
  }

  /** Goes on from there, and lists once all is quiet, for a watch cannot tell everything: see `verifyMs`. Before `run`. */
  resume({ at }: KindPosition): void {
    const { watched } = this.#options;
    const version = watched.versions.find((each) => apiVersionOf(watched.group, each) === at?.apiVersion);
    if (at === undefined || version === undefined) return;
    this.#resource = resourceOf(watched, version);
    this.#version = at.resourceVersion;
    this.#isResumed = true;
  }

  /** Up to where the sink has been told everything; `isCurrent`: nothing keeps it from being told what changes. */
  position(): { readonly position: KindPosition | 'reading'; readonly isCurrent: boolean } {
    const { kind } = this;
    const reason = this.#failure?.reason;
    const isCurrent = reason === undefined || reason === 'forbidden';
    if (!this.#synced) return { position: this.#isResumed ? 'reading' : { kind, at: undefined }, isCurrent };
    if (this.#discovery.isAbsent) return { position: { kind, at: undefined }, isCurrent };
    const version = this.#version;
    if (this.#resource === undefined || version === undefined) return { position: 'reading', isCurrent };
    const { apiVersion } = this.#resource;
    return { position: { kind, at: { apiVersion, resourceVersion: version } }, isCurrent };
  }

  problems(): readonly SourceProblem[] {
    if (this.#failure === undefined) return this.#feed.problems();
    const { watched } = this.#options;
    const message = `${watched.kind} cannot be read: ${explain(watched, this.#failure)}`;
    return [{ code: this.#failure.code, message }, ...this.#feed.problems()];
  }

  /** Until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const delay = await this.#step(signal);
      if (delay > 0) await this.#wait(delay, signal);
    }
  }

  /** Back-offs begin anew where the API server is ready again before the time is over. */
  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const { clock, readiness } = this.#options;
    const reason = this.#failure?.reason;
    if (reason === undefined || UNRECALLED.has(reason)) await sleep(clock, ms, signal);
    else if (await readiness.wait(ms, OUTAGES.has(reason), signal)) {
      this.#listBackoff.reset();
      this.#progress();
    }
  }

  /** Does what is to be done next; returns how long to wait after it. */
  async #step(signal: AbortSignal): Promise<number> {
    const resource = this.#resource;
    const version = this.#version;
    const watching = resource !== undefined && version !== undefined;
    try {
      if (resource === undefined) return await this.#discover(signal);
      if (version !== undefined) return await this.#watch(resource, version, signal);
      await this.#readList(resource, signal);
      return 0;
    } catch (error) {
      return signal.aborted || this.present.isRenewed ? 0 : this.#failed(asApiFailure(error), watching);
    } finally {
      this.#established = false;
    }
  }

  async #discover(signal: AbortSignal): Promise<number> {
    this.#resource = await this.#discovery.find(signal);
    if (this.#resource !== undefined) return 0;
    this.#recovered();
    if (this.#discovery.becameAbsent) {
      this.#feed.beginList();
      await this.#feed.endList(this.#options.limits.pageObjects, signal);
      this.#complete(signal);
    }
    return this.#discovery.nextDelay();
  }

  async #readList(resource: Resource, signal: AbortSignal): Promise<void> {
    if (this.#looksForCache > 0) {
      this.#looksForCache -= 1;
      await checkCached(resource, this.#options, signal);
      this.#looksForCache = 0;
    }
    this.#list ??= new KindList(resource, this.#feed, this.#synced, this.#options);
    this.#version = await this.#list.read(() => this.#listBackoff.reset(), signal);
    this.#list = undefined;
    this.#isResumed = false;
    this.#complete(signal);
  }

  async #watch(resource: Resource, version: string, signal: AbortSignal): Promise<number> {
    const { limits, transport, random, clock, lane } = this.#options;
    const options = {
      resourceVersion: version,
      timeoutSeconds: ((this.#isResumed ? limits.verifyMs : limits.watchMs) * (1 + random())) / 1000,
      acceptMs: limits.requestSilenceMs,
      silenceMs: limits.watchSilenceMs,
      maxLineBytes: limits.eventBytes,
    };
    let heard = false;
    this.#watchAskedAt = clock.now();
    for await (const batch of watchStream(resource, transport, options, this.present.begin(signal))) {
      if (signal.aborted) return 0;
      this.#heardAt = Date.now();
      this.present.heard(clock.now());
      if (batch.length === 0) {
        this.#established = true;
        this.#looksForCache = 0;
        this.#complete(signal);
        continue;
      }
      heard = true;
      this.#silentWatches = 0;
      this.#progress();
      await lane.run(() => {
        if (!signal.aborted) this.#version = this.#feed.follow(batch, this.#version ?? version, resource);
      });
    }
    if (this.#steady()) {
      this.#progress();
      if (this.#isResumed) this.#relist();
      return 0;
    }
    // Something between us and the server ends watches long before their time: do not keep it busy.
    if (heard) return this.#watchBackoff.next();
    throw new ApiFailure('unreachable', `watch of ${resource.path} was ended at once`);
  }

  #progress(): void {
    this.#watchBackoff.reset();
    this.#turnedBack = false;
  }

  /** The sink has everything. */
  #complete(signal: AbortSignal): void {
    this.#recovered();
    if (this.#synced || signal.aborted) return;
    this.#synced = true;
    this.#options.sink.synced([this.kind]);
  }

  #steady(): boolean {
    const { clock, limits } = this.#options;
    return this.#established && clock.now() - this.#watchAskedAt >= limits.steadyMs;
  }

  #recovered(): void {
    const { failures, watched, onProblems } = this.#options;
    this.#heardAt = Date.now();
    this.#forbiddenTries = 0;
    failures.recovered(watched);
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    onProblems();
  }

  /** Decides where to go on after a failure; returns how long to wait before. */
  #failed(failure: ApiFailure, watching: boolean): number {
    const { watched, limits, failures, logger, onProblems } = this.#options;
    if (this.#steady()) this.#progress();
    const backoff = watching ? this.#watchBackoff : this.#listBackoff;
    const cut = this.#established && backoff.failures === 0;
    const turned = this.#turn(failure.reason) && !this.#turnedBack;
    this.#discovery.interrupted();
    const delay = turned ? 0 : backoff.next();
    const isBelieved = this.#isBelieved(failure);
    // Once, all of this is the normal course of things: a watch is cut, a version forgotten, a CRD replaced.
    if (cut || turned || !isBelieved) {
      this.#turnedBack ||= turned;
      logger.debug({ code: failure.code, kind: this.kind }, `Kubernetes API: ${failure.message}; going on`);
      return isBelieved ? delay : Math.min(delay, limits.startingMaxMs);
    }
    if (!watching && isAway(failure, backoff.failures) && this.#synced) {
      // The rest of a list would come from etcd.
      this.#relist();
      this.#looksForCache = CACHE_LOOKS;
    }
    const wait = waitAfter(failure, delay, limits);
    this.#failure = failure;
    failures.failed(watched, failure, wait);
    onProblems();
    return wait;
  }

  /** Not at once that we may not read the kind: a server that starts says so to everybody until it has read who may do what. */
  #isBelieved({ reason, isStarting }: ApiFailure): boolean {
    if (OUTAGES.has(reason) && !isStarting) this.#forbiddenTries = FORBIDDEN_TRIES;
    if (reason !== 'forbidden' || this.#forbiddenTries === 0) return true;
    this.#forbiddenTries -= 1;
    return false;
  }

  /** Goes back as far as the failure demands; whether something else than before is to be tried, at once. */
  #turn(reason: FailureReason): boolean {
    const { watched, transport } = this.#options;
    switch (reason) {
      case 'gone':
        this.#relist();
        return true;
      case 'malformed':
        this.#relist();
        return false;
      case 'not-found': {
        const served = watched.custom && this.#resource !== undefined;
        if (served) {
          this.#relist();
          this.#resource = undefined;
        }
        return served;
      }
      case 'unauthorized':
        transport.refuseCredentials();
        return false;
      case 'silent':
        if (this.#established) this.#silentWatches += 1;
        if (this.#silentWatches >= SILENT_WATCHES) this.#relist();
        return false;
      default:
        return false;
    }
  }

  #relist(): void {
    this.#list?.close();
    this.#list = undefined;
    this.#version = undefined;
    this.#silentWatches = 0;
  }
}
