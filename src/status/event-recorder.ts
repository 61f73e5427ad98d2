import { hash } from 'node:crypto';
import { TokenBucket } from '../event-loop/token-bucket.ts';
import type { ApiClient } from '../kubernetes-api/api-client.ts';
import type { Clock } from '../kubernetes-api/clock.ts';
import { type Condition, isBadNews, isNotice, SERVING_CONDITION } from '../model/conditions.ts';
import type { ObjectRef } from '../model/events.ts';
import { bestApiVersion } from '../model/kinds.ts';
import { CONTROLLER_NAME } from '../model/names.ts';
import { microTime } from './kubernetes/lease-store.ts';
import type { Transition } from './merge-conditions.ts';
import type { StatusLogger } from './status-logger.ts';

/** The object that an Event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  /** `''` for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase. */
  readonly reason: string;
  /** What was done or tried. */
  readonly action: string;
  readonly note: string;
}

export interface EventRecorderOptions {
  readonly client: ApiClient;
  readonly identity: string;
  readonly clock: Clock;
  readonly wallClock: () => Date;
  /** Whether nothing is to be written. */
  readonly isSilent?: boolean;
  readonly logger: StatusLogger;
}

/**
 * Events of a storm are dropped: the conditions say the same, and lose nothing. Of all that are written a namespace has a
 * share, so that one that breaks its routes all the time does not silence the others.
 */
const PER_SECOND = 5;
const BURST = 50;
const PER_SECOND_OF_NAMESPACE = 0.5;
const BURST_OF_NAMESPACE = 10;
/** Namespaces whose share is remembered; when there are more, all begin anew. */
const NAMESPACES = 10_000;
/** In bytes: the API server takes 1,024. */
const LONGEST_NOTE = 1_000;
const RECENT = 10_000;

/**
 * Writes Events (events.k8s.io/v1). Their names are made of what they say, so that the same is told once an hour at
 * most, whatever restarts, and whoever leads.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #bucket = new TokenBucket(PER_SECOND, BURST);
  readonly #shares = new Map<string, TokenBucket>();
  readonly #recent = new Set<string>();
  #dropped = 0;
  #refused = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Events that were not written because there were too many at once. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Never rejects, never waits for the write: an Event that is lost does no harm. */
  record(subject: EventSubject, event: EventNote): void {
    if (this.#options.isSilent === true) return;
    const note = cut(event.note);
    const id = hash('sha1', [subject.uid, event.reason, event.action, note].join('\n')).slice(0, 16);
    if (this.#recent.has(id)) return;
    const now = this.#options.clock.now();
    if (this.#shareOf(subject.namespace).takeTokens(1, now) > 0 || this.#bucket.takeTokens(1, now) > 0) {
      this.#dropped += 1;
      return;
    }
    if (this.#recent.size >= RECENT) this.#recent.clear();
    this.#recent.add(id);
    void this.#write(subject, { ...event, note }, id);
  }

  /** What its conditions say, which the status of an Ingress has no place for. */
  recordIngress(
    { namespace, name }: Omit<ObjectRef, 'kind'>,
    uidOf: () => string,
    conditions: readonly Condition[],
  ): void {
    const notes = eventsOf(conditions.map((condition) => ({ condition, before: undefined })));
    if (notes.length === 0) return;
    const apiVersion = bestApiVersion('Ingress');
    const subject = { apiVersion, kind: 'Ingress', namespace, name, uid: uidOf() };
    for (const note of notes) this.record(subject, note);
  }

  #shareOf(namespace: string): TokenBucket {
    let share = this.#shares.get(namespace);
    if (share === undefined) {
      if (this.#shares.size >= NAMESPACES) this.#shares.clear();
      share = new TokenBucket(PER_SECOND_OF_NAMESPACE, BURST_OF_NAMESPACE);
      this.#shares.set(namespace, share);
    }
    return share;
  }

  async #write(subject: EventSubject, { type, reason, action, note }: EventNote, id: string): Promise<void> {
    const { client, identity, wallClock, logger } = this.#options;
    const { apiVersion, kind, name, uid } = subject;
    // Events of cluster-scoped objects live here, as those of Nodes do.
    const namespace = subject.namespace === '' ? 'default' : subject.namespace;
    const regarding = {
      apiVersion,
      kind,
      name,
      uid,
      ...(subject.namespace === '' ? {} : { namespace: subject.namespace }),
    };
    const body = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: `${name.slice(0, 200).replace(/[-.]+$/, '')}.${id}`, namespace },
      eventTime: microTime(wallClock()),
      reportingController: CONTROLLER_NAME,
      reportingInstance: identity.slice(0, 128),
      type,
      reason,
      action,
      note,
      regarding,
    };
    try {
      const answer = await client.send('POST', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`, {
        body,
      });
      // 409: told already; 404: the namespace is on its way out.
      if (answer.status < 300 || answer.status === 409 || answer.status === 404) return;
      const said = (answer.body as { readonly message?: unknown } | undefined)?.message;
      this.#tell(logger, `${answer.status} ${String(said ?? '').slice(0, 300)}`);
    } catch (error) {
      logger.debug({ event: reason, error: String(error) }, 'an Event could not be written');
    }
  }

  #tell(logger: StatusLogger, message: string): void {
    if (this.#refused) return;
    this.#refused = true;
    logger.warn(
      { code: 'SLUICE_EVENTS_REFUSED' },
      `Events cannot be written: ${message}; allow create on events of events.k8s.io in a ClusterRole of Sluice. Statuses are written all the same`,
    );
  }
}

/** Without half a character at its end. */
function cut(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.byteLength <= LONGEST_NOTE) return note;
  return new TextDecoder().decode(bytes.subarray(0, LONGEST_NOTE), { stream: true });
}

/**
 * What a tenant must know of a change: what is wrong with an object, and that it no longer is. That all is well from the
 * start is told by the conditions alone; so is what only waits for Envoy, and a count of endpoints that is another one now.
 * Where several conditions say the same in the same words, one Event tells it.
 */
export function eventsOf(transitions: readonly Transition[]): readonly EventNote[] {
  const notes = transitions
    .filter((each) => !isCount(each))
    .flatMap(({ condition, before }): readonly EventNote[] => {
      if (isNotice(condition)) return [noteOf(condition, 'Normal')];
      if (isBadNews(condition)) return condition.reason === 'Pending' ? [] : [noteOf(condition, 'Warning')];
      const wasBad = before !== undefined && isBadNews(before) && before.reason !== 'Pending';
      return wasBad ? [noteOf(condition, 'Normal')] : [];
    });
  return notes.filter(({ note }, index) => notes.findIndex((each) => each.note === note) === index);
}

function isCount({ condition: { type, status, reason }, before }: Transition): boolean {
  return type === SERVING_CONDITION && before?.status === status && before.reason === reason;
}

function noteOf(condition: Condition, type: EventNote['type']): EventNote {
  return {
    type,
    reason: condition.reason,
    action: condition.type.replace(/^.*\//, ''),
    note: condition.message,
  };
}
