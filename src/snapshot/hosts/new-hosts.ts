/** So many of the latest are known at least; what an Envoy may be told of is fewer. */
const REMEMBERED = 4_096;

/**
 * The exact hosts that came below wildcards of one binding, by the names of their clusters, numbered in the order in which they came. A
 * listener that was made when so many had come names them all: an Envoy that has it lacks those with higher numbers.
 */
export class NewHosts {
  readonly #clusters: string[] = [];
  #count = 0;

  /** How many came so far. */
  get count(): number {
    return this.#count;
  }

  add(cluster: string): void {
    this.#count += 1;
    this.#clusters.push(cluster);
    if (this.#clusters.length > 2 * REMEMBERED) this.#clusters.splice(0, REMEMBERED);
  }

  /** Those with higher numbers that are known, the oldest first. One that went and came again may be there twice. */
  *after(number: number): Generator<readonly [cluster: string, number: number]> {
    const forgotten = this.#count - this.#clusters.length;
    for (let index = Math.max(0, number - forgotten); index < this.#clusters.length; index += 1)
      yield [this.#clusters[index] ?? '', forgotten + index + 1];
  }
}
