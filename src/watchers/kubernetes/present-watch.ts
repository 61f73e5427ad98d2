/** The watch of a kind that is open now: when something was heard on it, and the way to open another one in its place. */
export class PresentWatch {
  #heardAt = Number.NEGATIVE_INFINITY;
  #renewal = new AbortController();

  /** When something was last heard on this one or one before it. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Whether it was ended by `renew`. */
  get isRenewed(): boolean {
    return this.#renewal.signal.aborted;
  }

  /** Another one begins; gives what ends it. */
  begin(signal: AbortSignal): AbortSignal {
    this.#renewal = new AbortController();
    return AbortSignal.any([signal, this.#renewal.signal]);
  }

  heard(at: number): void {
    this.#heardAt = at;
  }

  /** Ends it, unless something was heard since then. */
  renew(since: number): void {
    if (this.#heardAt < since) this.#renewal.abort();
  }
}
