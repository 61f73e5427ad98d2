/** How much of an Envoy one owner may take at a time. */
export interface OwnerTurnsOptions {
  /** Resources of one owner that may be under way: sent, and not acknowledged. */
  readonly underWay: number;
  /** Resources of one owner that go at once after a quiet time, and in the long run each second. */
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * Envoy takes 0.2 to 0.4 ms of its main thread for a cluster that is replaced (docs/design/envoy.md), one response after the
 * other: what is under way of one tenant is what the change of another waits for. 32 are some 10 ms. In the long run
 * a tenant that never stops may take a sixth of the thread.
 */
export const DEFAULT_OWNER_TURNS: OwnerTurnsOptions = { underWay: 32, burst: 20_000, perSecond: 500 };

interface Bucket {
  tokens: number;
  at: number;
}

/** Owners that are remembered at least; those that have been quiet are forgotten when there are more. */
const REMEMBERED = 1_024;

/**
 * Turns by owner on one stream: whose resources may go into the next response. What has to wait stays due, and goes once, as
 * it is then. `now` in milliseconds.
 */
export class OwnerTurns {
  readonly #options: OwnerTurnsOptions;
  readonly #now: () => number;
  readonly #underWay = new Map<string, number>();
  readonly #responses = new Map<string, readonly string[]>();
  readonly #buckets = new Map<string, Bucket>();
  #forgetAt = REMEMBERED;
  /** Owners of the resources of the response that is being made. */
  #taken: string[] = [];
  #waitMs = 0;

  constructor(options: OwnerTurnsOptions = DEFAULT_OWNER_TURNS, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
  }

  /** In how many milliseconds an owner that was held off may be asked for again; 0 where only an answer can change that. */
  get waitMs(): number {
    return this.#waitMs;
  }

  /** A response is being made. */
  begin(): void {
    this.#taken = [];
    this.#waitMs = 0;
  }

  /** Whether a resource of the owner may go into the response, which then has it. */
  take(owner: string): boolean {
    const underWay = this.#underWay.get(owner) ?? 0;
    if (underWay >= this.#options.underWay || !this.#pay(owner)) return false;
    this.#underWay.set(owner, underWay + 1);
    this.#taken.push(owner);
    return true;
  }

  /** The response was sent. */
  sent(nonce: string): void {
    if (this.#taken.length > 0) this.#responses.set(nonce, this.#taken);
    this.#taken = [];
  }

  /** The client answered a response, whatever it said. */
  answered(nonce: string): void {
    for (const owner of this.#responses.get(nonce) ?? []) {
      const left = (this.#underWay.get(owner) ?? 0) - 1;
      if (left > 0) this.#underWay.set(owner, left);
      else this.#underWay.delete(owner);
    }
    this.#responses.delete(nonce);
  }

  #pay(owner: string): boolean {
    const { burst, perSecond } = this.#options;
    const now = this.#now();
    const bucket = this.#buckets.get(owner) ?? this.#open(owner, now);
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) * perSecond) / 1_000);
    bucket.at = now;
    if (bucket.tokens < 1) {
      const wait = Math.ceil(((1 - bucket.tokens) * 1_000) / perSecond);
      this.#waitMs = this.#waitMs === 0 ? wait : Math.min(this.#waitMs, wait);
      return false;
    }
    bucket.tokens -= 1;
    return true;
  }

  #open(owner: string, now: number): Bucket {
    if (this.#buckets.size >= this.#forgetAt) this.#forgetQuiet(now);
    const bucket = { tokens: this.#options.burst, at: now };
    this.#buckets.set(owner, bucket);
    return bucket;
  }

  /** A bucket that is full again says nothing. */
  #forgetQuiet(now: number): void {
    const { burst, perSecond } = this.#options;
    for (const [owner, { tokens, at }] of this.#buckets)
      if (tokens + ((now - at) * perSecond) / 1_000 >= burst) this.#buckets.delete(owner);
    this.#forgetAt = Math.max(REMEMBERED, 2 * this.#buckets.size);
  }
}
