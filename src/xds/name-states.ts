interface State {
  isNamed: boolean;
  sent: string | undefined;
}

/** Stands for "the client was told that there is no such resource". No content hashes to it. */
export const ABSENT = '';

/**
 * What one stream remembers of names that there is no resource of: those that the client invented, those whose resource
 * has gone, and which of them the client has still to be told of.
 */
export class NameStates {
  readonly #states = new Map<string, State>();
  /** To be told in the removal phase; true: once there is a resource, it is to be sent. */
  readonly #due = new Map<string, boolean>();
  #namedCount = 0;

  get size(): number {
    return this.#states.size;
  }

  /** Of those, which the client asked for by name. */
  get namedCount(): number {
    return this.#namedCount;
  }

  get dueCount(): number {
    return this.#due.size;
  }

  get isEmpty(): boolean {
    return this.#states.size === 0 && this.#due.size === 0;
  }

  /** Names of which the client was told something, or says so. */
  get sentCount(): number {
    let count = 0;
    for (const { sent } of this.#states.values()) if (sent !== undefined) count += 1;
    return count;
  }

  has(name: string): boolean {
    return this.#states.has(name);
  }

  isNamed(name: string): boolean {
    return this.#states.get(name)?.isNamed === true;
  }

  /** The version that the client was sent, or says it has; `ABSENT` if told that there is none. */
  sent(name: string): string | undefined {
    return this.#states.get(name)?.sent;
  }

  /** Replaces what was known of the name. */
  set(name: string, isNamed: boolean, sent: string | undefined): void {
    this.#namedCount += Number(isNamed) - Number(this.isNamed(name));
    this.#states.set(name, { isNamed, sent });
  }

  /** The client asked for the name, or (`false`) does so no longer. */
  setNamed(name: string, isNamed: boolean): void {
    this.set(name, isNamed, this.sent(name));
  }

  /** To be told that there is none, unless the name is neither known to the client nor asked for by it. */
  tell(name: string, isForced: boolean): void {
    if (isForced || this.#states.has(name)) this.#due.set(name, isForced || this.#due.get(name) === true);
  }

  /** Whether there was something to tell by force: if there is a resource now, it is to be sent. */
  untell(name: string): boolean {
    const isForced = this.#due.get(name) === true;
    this.#due.delete(name);
    return isForced;
  }

  forget(name: string): void {
    this.#namedCount -= Number(this.isNamed(name));
    this.#states.delete(name);
    this.#due.delete(name);
  }

  /** All that the client did not ask for by name. */
  forgetUnnamed(): void {
    for (const [name, { isNamed }] of this.#states) if (!isNamed) this.forget(name);
    for (const name of this.#due.keys()) if (!this.#states.has(name)) this.#due.delete(name);
  }

  /** The next names to tell, at most so many. */
  takeNames(maxNames: number): string[] {
    const names: string[] = [];
    for (const name of this.#due.keys()) {
      if (names.length >= maxNames) break;
      this.#due.delete(name);
      if (this.isNamed(name)) this.set(name, true, ABSENT);
      else this.#states.delete(name);
      names.push(name);
    }
    return names;
  }
}
