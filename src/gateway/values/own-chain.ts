import type { HostPolicy } from '../../model/gateway.ts';

/**
 * A host is served through a filter chain of its own where the chain that all share cannot serve it: a wildcard has no
 * cluster named after the SNI, and a setting that lives in a chain cannot be one of the shared chain.
 */
export function needsOwnChain(host: string, policy: HostPolicy): boolean {
  return policy.closeOnDelete === true || cannotShareChain(host, policy);
}

/** The same but for `closeOnDelete`, without which a host can be served after all. */
export function cannotShareChain(host: string, { idleTimeoutMs }: HostPolicy): boolean {
  return host.startsWith('*') || idleTimeoutMs !== undefined;
}
