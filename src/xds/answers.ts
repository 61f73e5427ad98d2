import type { EncodedResource } from '../snapshot/resources/resource.ts';
import { mentions } from './mentions.ts';

/** A resource that the client rejected. It is held back: not sent again before its content changes, or it is tried again. */
export interface HeldResource {
  readonly version: string;
  readonly error: string;
}

/** Responses that a client may leave unanswered before the oldest is no longer waited for. */
const MAX_UNANSWERED = 1_024;

/**
 * A client's answers to the responses of one type on one stream: which responses it has not answered, which resources it
 * rejected, and which are to be sent once more to find out which one it meant.
 */
export class Answers {
  readonly #unanswered = new Map<string, readonly string[]>();
  readonly #held = new Map<string, HeldResource>();
  /** Names of resources that are to be sent again, those of one response together. */
  readonly #retries: (readonly string[])[] = [];

  /** By name of the resource. */
  get held(): ReadonlyMap<string, HeldResource> {
    return this.#held;
  }

  get unansweredCount(): number {
    return this.#unanswered.size;
  }

  get hasRetries(): boolean {
    return this.#retries.length > 0;
  }

  /**
   * Tells of a version of a resource that was sent whether the client has answered all responses that have it, none is to come
   * again, and it is not held back; good until something happens.
   */
  accepted(): (name: string, version: string) => boolean {
    const unanswered = new Set<string>();
    for (const names of [...this.#unanswered.values(), ...this.#retries])
      for (const name of names) unanswered.add(name);
    return (name, version) => !this.isHeld({ name, version }) && !unanswered.has(name);
  }

  isHeld({ name, version }: Pick<EncodedResource, 'name' | 'version'>): boolean {
    return this.#held.size > 0 && this.#held.get(name)?.version === version;
  }

  /** The resource is not held back any more: another version of it is sent, it has gone, or nobody wants it. */
  release(name: string): void {
    if (this.#held.size > 0) this.#held.delete(name);
  }

  /** A response with these resources went out under this nonce. */
  sent(nonce: string, names: readonly string[]): void {
    this.#unanswered.set(nonce, names);
    if (this.#unanswered.size <= MAX_UNANSWERED) return;
    for (const oldest of this.#unanswered.keys()) {
      this.#unanswered.delete(oldest);
      break;
    }
  }

  /** Returns how many resources are acknowledged, or `undefined` for a nonce that is unknown or stale. */
  acknowledge(nonce: string): number | undefined {
    const names = this.#unanswered.get(nonce);
    this.#unanswered.delete(nonce);
    return names?.length;
  }

  /**
   * The client rejected a response. What its error names is held back, unless it was sent again since and another answer is
   * to come. The rest is sent again: Envoy may have rejected it with it. If the error names nothing, the response is halved until it
   * is clear what it means.
   * Returns the names held back now, or `undefined` for a nonce that is unknown or stale.
   */
  reject(
    nonce: string,
    error: string,
    sentVersion: (name: string) => string | undefined,
  ): readonly string[] | undefined {
    const names = this.#unanswered.get(nonce);
    if (names === undefined) return undefined;
    const again = this.#sentAfter(nonce);
    this.#unanswered.delete(nonce);
    const rejected = names.length === 1 ? names : names.filter((name) => mentions(error, name));
    const rest = names.filter((name) => !rejected.includes(name));
    const held = rejected.filter((name) => !again.has(name));
    for (const name of held) {
      const version = sentVersion(name);
      if (version !== undefined) this.#held.set(name, { version, error });
    }
    if (rejected.length > 0) {
      if (rest.length > 0) this.#retries.push(rest);
    } else if (rest.length > 1) {
      const half = Math.ceil(rest.length / 2);
      this.#retries.push(rest.slice(0, half), rest.slice(half));
    }
    return held;
  }

  /** Names in responses behind this one that are not answered yet. */
  #sentAfter(nonce: string): ReadonlySet<string> {
    const responses = [...this.#unanswered];
    const index = responses.findIndex(([each]) => each === nonce);
    return new Set(responses.slice(index + 1).flatMap(([, names]) => names));
  }

  /** What was held back is to be sent once more, each in a response of its own. Returns how many those are. */
  retryHeld(): number {
    const names = [...this.#held.keys()];
    this.#held.clear();
    for (const name of names) this.#retries.push([name]);
    return names.length;
  }

  /** The next names to send again in one response; `undefined` if there are none. */
  takeRetry(): readonly string[] | undefined {
    return this.#retries.shift();
  }
}
