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
    for (const claim of claims) this.#add(claim, claimant, affected);
    if (claims.length > 0) this.#claimsOf.set(claimant.key, claims);
    else this.#claimsOf.delete(claimant.key);
    affected.delete(claimant.key);
    return affected;
  }

  /** Key of the claimant that has it; `undefined`: nobody wants it. */
  holder(claim: string): string | undefined {
    return this.#claimants.get(claim)?.[0]?.key;
  }

  #add(claim: string, claimant: Claimant, affected: Set<string>): void {
    const present = this.#claimants.get(claim) ?? [];
    const others = present.filter(({ key }) => key !== claimant.key);
    const next = [...others, claimant].sort(
      (a, b) => compareText(a.created, b.created) || compareText(a.key, b.key),
    );
    this.#claimants.set(claim, next);
    if (next[0]?.key === present[0]?.key) return;
    for (const { key } of others) affected.add(key);
  }

  #drop(claim: string, key: string, affected: Set<string>): void {
    const present = this.#claimants.get(claim) ?? [];
    const rest = present.filter((each) => each.key !== key);
    if (rest.length > 0) this.#claimants.set(claim, rest);
    else this.#claimants.delete(claim);
    if (present[0]?.key === key) for (const each of rest) affected.add(each.key);
  }
}
