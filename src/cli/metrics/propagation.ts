import { Histogram, type Registry } from 'prom-client';
import { CLUSTER_TYPE, ENDPOINT_TYPE, type SnapshotChange } from '../../snapshot/resources/resource.ts';

/** Changes that are followed on one connection at once; of those that come meanwhile none is. */
const MOST_FOLLOWED = 8;

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What is asked of the resources and of the flush loop. */
export interface PropagationParts {
  /** Version of a resource now; `undefined`: it has gone. */
  readonly versionOf: (typeUrl: string, name: string) => string | undefined;
  /** When the oldest event was read that the published change contains (`performance.now`). */
  readonly eventAt: () => number | undefined;
}

/** As much of a connection as is looked at. */
export interface FollowedConnection {
  readonly stream: {
    readonly hasBeenCurrent: boolean;
    readonly isCurrent: boolean;
    readonly window: { readonly isOpen: boolean };
    /** Whether the last that was sent of a resource is this version of it. */
    hasSent(typeUrl: string, name: string, version: string): boolean;
  };
}

type FollowedStream = FollowedConnection['stream'];

/** One resource of a change, on its way to one Envoy. */
interface Followed {
  readonly typeUrl: string;
  readonly name: string;
  readonly eventAt: number;
  /** Of the response that it was sent in, a number that rises; `undefined` before. */
  nonce: number | undefined;
}

interface StreamState {
  followed: readonly Followed[];
  /** The last acknowledgement, or when the stream began. */
  heardAt: number;
}

/**
 * How long changes take from the event that was read until they are computed, sent, and acknowledged by each Envoy: of every
 * flush the last of its clusters and endpoint sets is followed, on each stream that had everything once.
 */
export class Propagation {
  readonly #seconds: Histogram<'stage'>;
  readonly #parts: PropagationParts;
  readonly #streams = new Map<FollowedStream, StreamState>();

  constructor(registry: Registry, parts: PropagationParts) {
    this.#parts = parts;
    this.#seconds = new Histogram({
      name: 'sluice_propagation_seconds',
      help: 'From reading the first event of a flush until the flush was computed, and until a resource of it was sent to, and acknowledged by, each Envoy.',
      labelNames: ['stage'],
      buckets: SECONDS,
      registers: [registry],
    });
    for (const stage of ['computed', 'sent', 'acknowledged']) this.#seconds.zero({ stage });
  }

  /** A flush is complete. */
  computed(seconds: number): void {
    this.#seconds.observe({ stage: 'computed' }, seconds);
  }

  connected({ stream }: FollowedConnection): void {
    this.#streams.set(stream, { followed: [], heardAt: performance.now() });
  }

  disconnected({ stream }: FollowedConnection): void {
    this.#streams.delete(stream);
  }

  /** To be called before anything of the change is sent. */
  published({ upserts }: SnapshotChange): void {
    const eventAt = this.#parts.eventAt();
    const last = upserts.findLast(({ typeUrl }) => typeUrl === CLUSTER_TYPE || typeUrl === ENDPOINT_TYPE);
    if (eventAt === undefined || last === undefined) return;
    const { typeUrl, name } = last;
    for (const [stream, state] of this.#streams) {
      const isFull = state.followed.length >= MOST_FOLLOWED;
      // What an Envoy that starts is told first is what clients ask for.
      if (isFull || !stream.hasBeenCurrent || stream.window.isOpen) continue;
      state.followed = [...state.followed, { typeUrl, name, eventAt, nonce: undefined }];
    }
  }

  /** A response of the type was handed to the transport. */
  sent({ stream }: FollowedConnection, typeUrl: string, nonce: string): void {
    const state = this.#streams.get(stream);
    if (state === undefined || state.followed.length === 0) return;
    const gone = new Set<Followed>();
    for (const followed of state.followed) {
      if (followed.nonce !== undefined || followed.typeUrl !== typeUrl) continue;
      const version = this.#parts.versionOf(typeUrl, followed.name);
      if (version === undefined) gone.add(followed);
      else if (stream.hasSent(typeUrl, followed.name, version)) {
        followed.nonce = Number(nonce);
        this.#observe('sent', followed);
      }
    }
    if (gone.size > 0) state.followed = state.followed.filter((each) => !gone.has(each));
  }

  /** The response of the type that had the nonce was acknowledged. */
  acknowledged({ stream }: FollowedConnection, typeUrl: string, nonce: string): void {
    const state = this.#streams.get(stream);
    if (state === undefined) return;
    state.heardAt = performance.now();
    if (state.followed.length === 0) return;
    const answered = Number(nonce);
    // Envoy answers in order: what was before this one was rejected.
    const isAnswered = (each: Followed): boolean =>
      each.typeUrl === typeUrl && each.nonce !== undefined && each.nonce <= answered;
    for (const followed of state.followed)
      if (followed.nonce === answered && isAnswered(followed)) this.#observe('acknowledged', followed);
    // Who has everything does not want what is left.
    state.followed = stream.isCurrent ? [] : state.followed.filter((each) => !isAnswered(each));
  }

  /**
   * For how many seconds an Envoy has owed an acknowledgement of something; 0: it has acknowledged all there is. An Envoy that
   * always has something to acknowledge, since changes come all the time, lags by the oldest of it.
   */
  lagOf({ stream, behindSince }: FollowedConnection & { readonly behindSince: number | undefined }): number {
    const state = this.#streams.get(stream);
    if (state === undefined || stream.isCurrent || behindSince === undefined) return 0;
    const since = state.followed[0]?.eventAt ?? Math.max(state.heardAt, behindSince);
    return Math.max(0, performance.now() - since) / 1000;
  }

  /** How many changes are on their way to it and followed. */
  followedCount({ stream }: FollowedConnection): number {
    return this.#streams.get(stream)?.followed.length ?? 0;
  }

  #observe(stage: 'sent' | 'acknowledged', { eventAt }: Followed): void {
    this.#seconds.observe({ stage }, (performance.now() - eventAt) / 1000);
  }
}
