/**
 * A bucket of tokens that fills at a steady rate: on average so many are spent in a second, and so many at once after a
 * quiet time. Times in milliseconds, of any clock that does not go back.
 */
export class TokenBucket {
  readonly #perMs: number;
  #burst: number;
  #tokens: number;
  #filledAt: number | undefined;

  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** What a full bucket has. */
  get burst(): number {
    return this.#burst;
  }

  /** Makes the bucket larger, by tokens that are there at once. */
  raise(burst: number): void {
    this.#tokens += Math.max(0, burst - this.#burst);
    this.#burst = Math.max(burst, this.#burst);
  }

  /** Takes the tokens and returns 0, or returns after how many milliseconds there will be as many. */
  takeTokens(count: number, now: number): number {
    const wait = this.waitFor(count, now);
    if (wait === 0) this.#tokens -= Math.min(count, this.#burst);
    return wait;
  }

  /** Takes what has been used already; the bucket may owe tokens afterwards. */
  charge(count: number, now: number): void {
    this.#fill(now);
    this.#tokens -= count;
  }

  /** After how many milliseconds there will be so many tokens, at most those of a full bucket; 0: there are. */
  waitFor(count: number, now: number): number {
    this.#fill(now);
    const missing = Math.min(count, this.#burst) - this.#tokens;
    // A timer may fire a fraction of a millisecond early.
    return missing > 0.001 ? Math.ceil(missing / this.#perMs) : 0;
  }

  #fill(now: number): void {
    const elapsed = this.#filledAt === undefined ? 0 : Math.max(0, now - this.#filledAt);
    this.#filledAt = now;
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsed * this.#perMs);
  }
}
