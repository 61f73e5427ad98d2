/** How many hosts of which namespaces use an endpoint set. Nearly every set is of one namespace, which costs no Map. */
export class SetUsers {
  size = 1;
  readonly #first: string;
  /** By namespace, from the second one on, the first included. */
  #all: Map<string, number> | undefined;

  /** One host of the namespace. */
  constructor(namespace: string) {
    this.#first = namespace;
  }

  has(namespace: string): boolean {
    return this.#all === undefined ? this.#first === namespace : this.#all.has(namespace);
  }

  namespaces(): Iterable<string> {
    return this.#all === undefined ? [this.#first] : this.#all.keys();
  }

  /** Returns whether it is the first host of the namespace. */
  add(namespace: string): boolean {
    const isNew = !this.has(namespace);
    if (isNew) this.#all ??= new Map([[this.#first, this.size]]);
    this.size += 1;
    this.#all?.set(namespace, (this.#all.get(namespace) ?? 0) + 1);
    return isNew;
  }

  /** Returns whether it was the last host of the namespace. */
  delete(namespace: string): boolean {
    this.size -= 1;
    if (this.#all === undefined) return this.size === 0;
    const hosts = (this.#all.get(namespace) ?? 0) - 1;
    if (hosts > 0) this.#all.set(namespace, hosts);
    else this.#all.delete(namespace);
    return hosts <= 0;
  }
}
