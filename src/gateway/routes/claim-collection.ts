import type { Binding, Claim, HostPolicy, ParentListeners, WeightedBackend } from '../../model/gateway.ts';
import type { AttachedHost } from '../parents/attached-host.ts';
import { append, NONE } from '../values/append.ts';
import { compareSpecificity } from '../values/hostname.ts';
import { ClaimLimits } from './claim-limits.ts';

/** `[0]`, `[1]`, …: shared, as nearly every claim comes from one parent. */
const PARENTS: readonly (readonly number[])[] = Array.from({ length: 8 }, (_, index) => [index]);

/**
 * The claims of one route while its parents are evaluated: one for each binding and host, whichever and however
 * many of its parents it comes from.
 */
export class ClaimCollection {
  #claims: readonly Claim[] = NONE;
  /** Positions in `#claims`, from the second claim on. */
  #positions: Map<string, number> | undefined;
  readonly #backends: readonly WeightedBackend[];
  readonly #policy: HostPolicy;
  readonly #limits = new ClaimLimits();

  constructor(backends: readonly WeightedBackend[], policy: HostPolicy) {
    this.#backends = backends;
    this.#policy = policy;
  }

  /**
   * Claims the hosts on each of the bindings, through the parent at index `parent` of the route's parents. Hosts beyond
   * the limits are left out, see `takeNote`.
   */
  add(
    bindings: readonly Binding[],
    hosts: readonly AttachedHost[],
    { gateway, closeOnDelete }: Pick<ParentListeners, 'gateway' | 'closeOnDelete'>,
    parent: number,
  ): void {
    const policy =
      closeOnDelete && this.#policy.closeOnDelete === undefined
        ? { ...this.#policy, closeOnDelete }
        : this.#policy;
    for (const binding of bindings) {
      for (const { host, original } of hosts) {
        const position = this.#positionOf(binding, host);
        const known = position === undefined ? undefined : this.#claims[position];
        if (position === undefined || known === undefined) {
          if (!this.#limits.takeHost(host, policy)) continue;
          this.#push({
            binding,
            host,
            original,
            parents: PARENTS[parent] ?? [parent],
            gateway,
            backends: this.#backends,
            policy,
          });
        } else {
          (this.#claims as Claim[])[position] = {
            ...known,
            original: compareSpecificity(original, known.original) < 0 ? original : known.original,
            parents: known.parents.includes(parent) ? known.parents : [...known.parents, parent],
            policy: closeOnDelete ? policy : known.policy,
          };
        }
      }
    }
  }

  /** What was left out since the last call, for the route's owner. */
  takeNote(): string | undefined {
    return this.#limits.takeNote();
  }

  all(): readonly Claim[] {
    return this.#claims;
  }

  #push(claim: Claim): void {
    this.#positions?.set(keyOf(claim.binding, claim.host), this.#claims.length);
    this.#claims = append(this.#claims, claim);
  }

  #positionOf(binding: Binding, host: string): number | undefined {
    if (this.#claims.length === 0) return undefined;
    this.#positions ??= new Map(
      this.#claims.map((claim, index) => [keyOf(claim.binding, claim.host), index]),
    );
    return this.#positions.get(keyOf(binding, host));
  }
}

function keyOf(binding: Binding, host: string): string {
  return `${binding.name}/${host}`;
}
