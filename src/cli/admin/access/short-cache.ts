/** Most answers that are kept; the oldest goes. */
const MOST = 2_000;

/** Answers by key, each good for a short time; who asks for one that is under way waits for it. A failure is not kept. */
export class ShortCache<T> {
  readonly #ms: number;
  readonly #now: () => number;
  readonly #answers = new Map<string, { readonly until: number; readonly answer: Promise<T> }>();

  constructor(ms: number, now: () => number) {
    this.#ms = ms;
    this.#now = now;
  }

  get(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(key);
    if (known !== undefined && known.until > this.#now()) return known.answer;
    this.#answers.delete(key);
    const answer = ask();
    const entry = { until: this.#now() + this.#ms, answer };
    this.#answers.set(key, entry);
    answer.catch(() => {
      if (this.#answers.get(key) === entry) this.#answers.delete(key);
    });
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MOST && oldest !== undefined) this.#answers.delete(oldest);
    return answer;
  }
}
