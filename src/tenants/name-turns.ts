/** Names of one group that are asked for at the same time: a group whose name servers do not answer leaves room for the others. */
const MOST_OF_GROUP = 8;

/** A name whose turn it is, on account of a group that wants it. */
export interface NameTurn {
  readonly group: string;
  readonly name: string;
}

/** DNS names that wait to be asked for, in turns by the groups that want them: who has thousands does not hold up who has one. */
export class NameTurns {
  /** The group whose turn is next is first; none is empty. */
  readonly #waiting = new Map<string, Set<string>>();
  readonly #running = new Map<string, number>();

  /** Once, however often it is added. */
  add(group: string, name: string): void {
    const names = this.#waiting.get(group);
    if (names === undefined) this.#waiting.set(group, new Set([name]));
    else names.add(name);
  }

  delete(group: string, name: string): void {
    const names = this.#waiting.get(group);
    if (names?.delete(name) === true && names.size === 0) this.#waiting.delete(group);
  }

  /** `undefined`: none waits, or only of groups that have enough under way. `end` gives the turn back. */
  take(): NameTurn | undefined {
    for (const [group, names] of this.#waiting) {
      const running = this.#running.get(group) ?? 0;
      const [name] = names;
      if (running >= MOST_OF_GROUP || name === undefined) continue;
      names.delete(name);
      this.#waiting.delete(group);
      if (names.size > 0) this.#waiting.set(group, names);
      this.#running.set(group, running + 1);
      return { group, name };
    }
    return undefined;
  }

  end({ group }: NameTurn): void {
    const left = (this.#running.get(group) ?? 0) - 1;
    if (left > 0) this.#running.set(group, left);
    else this.#running.delete(group);
  }
}
