import { compareText } from '../../gateway/values/order.ts';

export interface Claimant {
  readonly key: string;
  /** RFC 3339; the oldest wins. */
  readonly created: string;
}

/** Who wants a host or an object of a name, of which there can be one. */
export class Claims {
  /** The winner first. */
  readonly #claimants = new Map<string, Claimant[]>();
  readonly #claimsOf = new Map<string, readonly string[]>();

  /** Replaces what the claimant wants; gives the others that win or lose something by it. */
  set(claimant: Claimant, claims: readonly string[]): ReadonlySet<string> {
    const affected = new Set<string>();
    const before = this.#claimsOf.get(claimant.key) ?? [];
    for (const claim of before) if (!claims.includes(claim)) this.#drop(claim, claimant.key, affected);
    for (const claim of claims) this.#add(claim, claimant, before.includes(claim), affected);
    if (claims.length > 0) this.#claimsOf.set(claimant.key, claims);
    else this.#claimsOf.delete(claimant.key);
    affected.delete(claimant.key);
    return affected;
  }

  /** Key of the claimant that has it; `undefined`: nobody wants it. */
  holder(claim: string): string | undefined {
    return this.#claimants.get(claim)?.[0]?.key;
  }

  /** Thousands may want one host: they are never sorted anew. */
  #add(claim: string, claimant: Claimant, hasIt: boolean, affected: Set<string>): void {
    const claimants = this.#claimants.get(claim);
    if (claimants === undefined) {
      this.#claimants.set(claim, [claimant]);
      return;
    }
    const [first] = claimants;
    const index = hasIt ? claimants.findIndex(({ key }) => key === claimant.key) : -1;
    if (index >= 0 && claimants[index]?.created === claimant.created) return;
    if (index >= 0) claimants.splice(index, 1);
    claimants.splice(placeOf(claimant, claimants), 0, claimant);
    if (claimants[0]?.key === first?.key) return;
    for (const { key } of claimants) affected.add(key);
  }

  #drop(claim: string, key: string, affected: Set<string>): void {
    const present = this.#claimants.get(claim) ?? [];
    const rest = present.filter((each) => each.key !== key);
    if (rest.length > 0) this.#claimants.set(claim, rest);
    else this.#claimants.delete(claim);
    if (present[0]?.key === key) for (const each of rest) affected.add(each.key);
  }
}

/** Index in those that are in order. */
function placeOf(claimant: Claimant, claimants: readonly Claimant[]): number {
  let from = 0;
  let to = claimants.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const other = claimants[middle];
    if (other !== undefined && precedes(other, claimant)) from = middle + 1;
    else to = middle;
  }
  return from;
}

function precedes(a: Claimant, b: Claimant): boolean {
  return (compareText(a.created, b.created) || compareText(a.key, b.key)) < 0;
}
