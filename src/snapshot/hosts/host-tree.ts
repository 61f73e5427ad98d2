/**
 * Names by what is below what, so that the hosts under a suffix are found without a look at all others. Of each suffix it knows the
 * names one label below it.
 */
export class HostTree {
  /** Suffix → the next longer ones that are hosts, or that hosts are below of. `''`: of all. */
  readonly #below = new Map<string, Set<string>>();
  readonly #isHost: (name: string) => boolean;

  /** `isHost`: whether a name is that of a host, and not only of what is above one. */
  constructor(isHost: (name: string) => boolean) {
    this.#isHost = isHost;
  }

  add(host: string): void {
    for (let name = host; name !== ''; name = parentOf(name)) {
      const parent = parentOf(name);
      const names = this.#below.get(parent);
      if (names === undefined) this.#below.set(parent, new Set([name]));
      else {
        names.add(name);
        return;
      }
    }
  }

  /** Once it is no host any more. */
  delete(host: string): void {
    for (
      let name = host;
      name !== '' && !this.#isHost(name) && !this.#below.has(name);
      name = parentOf(name)
    ) {
      const parent = parentOf(name);
      const names = this.#below.get(parent);
      names?.delete(name);
      if (names === undefined || names.size > 0) return;
      this.#below.delete(parent);
    }
  }

  /** The hosts below a suffix, at any depth; `''`: all. */
  *under(suffix: string): Generator<string> {
    for (const name of this.#below.get(suffix) ?? []) {
      if (this.#isHost(name)) yield name;
      yield* this.under(name);
    }
  }
}

function parentOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1);
}
