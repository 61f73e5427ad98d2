import type { HostPolicy } from '../../model/gateway.ts';
import { cannotShareChain } from '../values/own-chain.ts';

/**
 * What one route may ask of every Envoy. A host on a listener is a cluster, some kilobytes; a wildcard, or a host with
 * an idle time-out, is a part of the listener that all tenants share. How many routes a namespace has is the
 * business of a ResourceQuota (docs/operations.md).
 */
export const MAX_CLAIMS = 4_096;
export const MAX_OWN_CHAINS = 64;

/** Counts the claims of one route, and tells which are beyond the limits. */
export class ClaimLimits {
  #claims = 0;
  #ownChains = 0;
  #leftOut = 0;

  /** Whether a further claim is within the limits; it is counted. */
  takeHost(host: string, policy: HostPolicy): boolean {
    // A chain for closing alone is left out by the budget of the namespace, the host with it is not.
    const isOwnChain = cannotShareChain(host, policy);
    if (this.#claims >= MAX_CLAIMS || (isOwnChain && this.#ownChains >= MAX_OWN_CHAINS)) {
      this.#leftOut += 1;
      return false;
    }
    this.#claims += 1;
    if (isOwnChain) this.#ownChains += 1;
    return true;
  }

  /** For the route's owner; `undefined` where nothing was left out since the last call. */
  takeNote(): string | undefined {
    if (this.#leftOut === 0) return undefined;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return (
      `${leftOut} hosts are beyond what one route may have (${MAX_CLAIMS} hosts, ${MAX_OWN_CHAINS} of them wildcards ` +
      'or with an idle time-out, each counted once for each address and port); divide it into several'
    );
  }
}
