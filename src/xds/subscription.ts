import type { EncodedResource } from '../snapshot/resource.ts';

/** The explicit name for "every resource of this type". */
export const WILDCARD = '*';

/** What a subscription reads. Names and bytes, nothing else. */
export interface Resources {
  get(name: string): EncodedResource | undefined;
  all(): Iterable<EncodedResource>;
}

export interface SubscriptionRequest {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Name → version of what the client has from an earlier stream; meaningful in the first request only. */
  readonly initialVersions: Readonly<Record<string, string>>;
}

/** One response to be sent. */
export interface Batch {
  readonly resources: readonly EncodedResource[];
  readonly removed: readonly string[];
}

/** A resource that the client rejected. It is not sent again before its content changes. */
export interface HeldResource {
  readonly version: string;
  readonly error: string;
}

/** Stands for "the client was told that there is no such resource". No content hashes to it. */
const ABSENT = '';

/** Whether a resource that the client has in another version may be sent now; if not, it stays due. */
export type MayResend = (resource: EncodedResource) => boolean;

const ALWAYS: MayResend = () => true;

/** Responses that a client may leave unanswered before the oldest is no longer waited for. */
const MAX_UNANSWERED = 1_024;

/**
 * The incremental xDS protocol for one type on one stream: what the client wants, what it has, and what has to be
 * sent. Pure: no I/O, no clock.
 *
 * Names and versions are kept as the strings that the resources themselves have, not as those that were decoded from the
 * request: 20,000 of them for each client would be as much memory as all the rest of it.
 */
export class Subscription {
  readonly #resources: Resources;
  #wildcard = false;
  #started = false;
  /** A first response is owed even if it is empty: Envoy waits for it before it goes on starting. */
  #owed = false;
  readonly #names = new Set<string>();
  /** Name → version that the client was sent, or says it has; `ABSENT` if told that there is none. */
  readonly #sent = new Map<string, string>();
  /** Names to look at; true: send even if the client has this version. */
  readonly #dirty = new Map<string, boolean>();
  /** Names known to be gone that are to be told in the removal phase. */
  readonly #gone = new Set<string>();
  /** Parts of a rejected response, to be sent each in a response of its own. */
  #suspects: string[][] = [];
  readonly #unanswered = new Map<string, readonly string[]>();
  readonly #held = new Map<string, HeldResource>();

  constructor(resources: Resources) {
    this.#resources = resources;
  }

  /** How many names the client named itself. */
  get nameCount(): number {
    return this.#names.size;
  }

  get sentCount(): number {
    return this.#sent.size;
  }

  get unansweredCount(): number {
    return this.#unanswered.size;
  }

  get held(): ReadonlyMap<string, HeldResource> {
    return this.#held;
  }

  get hasWork(): boolean {
    return this.#owed || this.#dirty.size > 0 || this.#gone.size > 0 || this.#suspects.length > 0;
  }

  /** Whether the client has been sent, and has acknowledged, this version of the resource. */
  isAcknowledged(name: string, version: string): boolean {
    if (this.#sent.get(name) !== version || this.#held.get(name)?.version === version) return false;
    for (const names of this.#unanswered.values()) if (names.includes(name)) return false;
    return true;
  }

  get isWildcard(): boolean {
    return this.#wildcard;
  }

  isSubscribed(name: string): boolean {
    return this.#wildcard || this.#names.has(name);
  }

  /** A request's subscriptions. They count whatever its nonce says. */
  request({ subscribe, unsubscribe, initialVersions }: SubscriptionRequest): void {
    const isFirst = !this.#started;
    if (isFirst) this.#start(initialVersions, subscribe, unsubscribe);
    // A name in both lists: the client is left subscribed, and answered.
    const wanted = unsubscribe.length > 0 ? new Set(subscribe) : undefined;
    for (const name of unsubscribe) if (wanted?.has(name) !== true) this.#unsubscribe(name);
    for (const name of subscribe) {
      if (name === WILDCARD) {
        this.#subscribeToAll();
        continue;
      }
      // "must be resent even if the server thinks the client has it", save for what the client itself says it has.
      const force = !isFirst || this.#names.has(name) || !this.#sent.has(name);
      const own = this.#resources.get(name)?.name ?? name;
      this.#names.add(own);
      this.#mark(own, force);
    }
  }

  #start(
    initial: Readonly<Record<string, string>>,
    subscribe: readonly string[],
    unsubscribe: readonly string[],
  ) {
    this.#started = true;
    for (const [name, version] of Object.entries(initial)) {
      const resource = this.#resources.get(name);
      const isCurrent = resource?.version === version;
      this.#sent.set(resource?.name ?? name, isCurrent ? resource.version : version);
    }
    if (subscribe.length === 0 && unsubscribe.length === 0) this.#subscribeToAll();
    if (this.#wildcard || subscribe.includes(WILDCARD)) {
      // What the client has and we do not: to be told, where it was subscribed to all.
      for (const name of Object.keys(initial)) this.#mark(name, false);
      this.#owed = true;
    } else {
      const wanted = new Set(subscribe);
      for (const name of Object.keys(initial)) if (!wanted.has(name)) this.#sent.delete(name);
    }
  }

  #subscribeToAll(): void {
    if (this.#wildcard) return;
    this.#wildcard = true;
    for (const { name } of this.#resources.all()) this.#mark(name, false);
  }

  #unsubscribe(name: string): void {
    if (name === WILDCARD) {
      this.#wildcard = false;
      for (const known of [...this.#sent.keys(), ...this.#dirty.keys(), ...this.#gone]) {
        if (!this.#names.has(known)) this.#forget(known);
      }
      return;
    }
    if (!this.#names.delete(name)) return;
    // Still wanted by the wildcard: the client has dropped it and has to hear what is true now.
    if (this.#wildcard) this.#mark(name, true);
    else this.#forget(name);
  }

  #forget(name: string): void {
    this.#sent.delete(name);
    this.#dirty.delete(name);
    this.#gone.delete(name);
    this.#held.delete(name);
  }

  /** The resource changed, came or went. */
  changed(name: string): void {
    if (this.isSubscribed(name)) this.#mark(name, false);
  }

  /** To be sent though unchanged, if the client has asked for it: Envoy waits for it, see `references`. */
  resend(name: string): void {
    if (this.isSubscribed(name)) this.#mark(name, true);
  }

  #mark(name: string, force: boolean): void {
    this.#gone.delete(name);
    this.#dirty.set(name, force || this.#dirty.get(name) === true);
  }

  /**
   * The next resources to send, at most `maxResources` and about `maxBytes`; `undefined` if there are none. Names
   * that turn out to be gone are kept for `nextRemovals`.
   */
  nextResources(maxResources: number, maxBytes: number, mayResend: MayResend = ALWAYS): Batch | undefined {
    for (let suspects = this.#suspects.shift(); suspects !== undefined; suspects = this.#suspects.shift()) {
      for (const name of suspects) this.#mark(name, true);
      const due = suspects.map((name) => [name, true] as const);
      const batch = this.#take(due, due.length, Number.POSITIVE_INFINITY);
      if (batch !== undefined) return batch;
    }
    return this.#take(this.#dirty, maxResources, maxBytes, mayResend);
  }

  #take(
    due: Iterable<readonly [name: string, force: boolean]>,
    maxResources: number,
    maxBytes: number,
    mayResend: MayResend = ALWAYS,
  ): Batch | undefined {
    const resources: EncodedResource[] = [];
    let bytes = 0;
    // Sending everything to a client comes by here once for each name: no look into a map that can be done without.
    for (const [name, force] of due) {
      const resource = this.#resources.get(name);
      if (resource === undefined) {
        this.#dirty.delete(name);
        // Not known to the client and not asked for by name: nothing to tell.
        if (force || this.#names.has(name) || this.#sent.has(name)) this.#gone.add(name);
        continue;
      }
      if (resources.length > 0 && bytes + resource.bytes.length > maxBytes) break;
      const sent = this.#sent.get(name);
      const isHeld = this.#held.size > 0 && this.#held.get(name)?.version === resource.version;
      const isNews = !isHeld && (force || sent !== resource.version);
      if (isNews && sent !== undefined && sent !== ABSENT && !mayResend(resource)) continue;
      this.#dirty.delete(name);
      if (!isNews) continue;
      if (this.#held.size > 0) this.#held.delete(name);
      this.#sent.set(name, resource.version);
      resources.push(resource);
      bytes += resource.bytes.length;
      if (resources.length >= maxResources) break;
    }
    if (resources.length === 0) return undefined;
    this.#owed = false;
    return { resources, removed: [] };
  }

  /** The next names to tell as removed, or the empty response that is owed; `undefined` if there is nothing. */
  nextRemovals(maxNames: number): Batch | undefined {
    const removed: string[] = [];
    for (const name of this.#gone) {
      this.#gone.delete(name);
      this.#held.delete(name);
      if (this.#names.has(name)) this.#sent.set(name, ABSENT);
      else this.#sent.delete(name);
      removed.push(name);
      if (removed.length >= maxNames) break;
    }
    if (removed.length === 0 && (!this.#owed || this.#dirty.size > 0)) return undefined;
    this.#owed = false;
    return { resources: [], removed };
  }

  /** The batch went out under this nonce. */
  sent(nonce: string, batch: Batch): void {
    this.#unanswered.set(
      nonce,
      batch.resources.map(({ name }) => name),
    );
    if (this.#unanswered.size <= MAX_UNANSWERED) return;
    for (const oldest of this.#unanswered.keys()) {
      this.#unanswered.delete(oldest);
      break;
    }
  }

  /** Returns how many resources it acknowledges, or `undefined` for a nonce that is unknown or stale. */
  acknowledge(nonce: string): number | undefined {
    const names = this.#unanswered.get(nonce);
    this.#unanswered.delete(nonce);
    return names?.length;
  }

  /**
   * The client rejected a response. What it names is held back until it changes, and the rest is sent again: Envoy
   * may have rejected it with it. If it names nothing, the response is halved until it is clear what it means.
   * Returns the names held back now, or `undefined` for a nonce that is unknown or stale.
   */
  reject(nonce: string, error: string): readonly string[] | undefined {
    const names = this.#unanswered.get(nonce);
    this.#unanswered.delete(nonce);
    if (names === undefined) return undefined;
    const named = names.filter((name) => mentions(error, name));
    const culprits = names.length === 1 ? names : named;
    const rest = names.filter((name) => !culprits.includes(name));
    for (const name of culprits) {
      const version = this.#sent.get(name);
      if (version !== undefined) this.#held.set(name, { version, error });
    }
    if (culprits.length > 0) {
      if (rest.length > 0) this.#suspects.push([...rest]);
    } else if (rest.length > 1) {
      const half = Math.ceil(rest.length / 2);
      this.#suspects.push(rest.slice(0, half), rest.slice(half));
    }
    return culprits;
  }

  /** Sends once more what was held back, each in a response of its own. Returns how many those are. */
  retryHeld(): number {
    const names = [...this.#held.keys()];
    this.#held.clear();
    for (const name of names) this.#suspects.push([name]);
    return names.length;
  }
}

/** Whether the text names exactly this resource, and not one whose name contains it. */
export function mentions(text: string, name: string): boolean {
  if (name === '') return false;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text.slice(at + name.length);
    if (!/[\w.*/-]/.test(before) && !/^(?:[\w*/-]|\.\w)/.test(after)) return true;
  }
  return false;
}
