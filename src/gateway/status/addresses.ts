import { GATEWAY_NODE_LABEL } from '../../model/names.ts';
import type { Node } from '../../model/objects.ts';

/**
 * The addresses of the gateway nodes whose Envoy serves: of each node its ExternalIPs, else its InternalIPs. A node's
 * Envoy is the one whose node id is the node's name. Sorted, each once.
 */
export function gatewayNodeAddresses(
  nodes: Iterable<Node>,
  servingEnvoys: ReadonlySet<string>,
): readonly string[] {
  const addresses = new Set<string>();
  for (const node of nodes) {
    const { meta } = node;
    if (meta.labels[GATEWAY_NODE_LABEL] !== 'true' || !servingEnvoys.has(meta.name)) continue;
    for (const address of nodeAddresses(node)) addresses.add(address);
  }
  return [...addresses].sort();
}

/** Of a node its ExternalIPs, else its InternalIPs. */
export function nodeAddresses({ addresses }: Node): readonly string[] {
  const external = addresses.filter(({ type }) => type === 'ExternalIP');
  const chosen = external.length > 0 ? external : addresses.filter(({ type }) => type === 'InternalIP');
  return chosen.map(({ address }) => address);
}

export interface AddressSources {
  /** `--gateway-address`: the addresses by which the nodes are reached, whatever they themselves say. */
  readonly configured: readonly string[];
  readonly nodes: readonly string[];
}

/**
 * What is published for something that is bound to `bound`. Its own address, from its spec or from the pool, is the
 * one; on the nodes' addresses (`isShared`) what the operator configured, else specific listen addresses, and for the
 * unspecified one, which nobody can connect to, the nodes'.
 */
export function publishedAddresses(
  bound: readonly string[],
  isShared: boolean,
  sources: AddressSources,
): readonly string[] {
  const specific = bound.filter((address) => !isUnspecified(address));
  if (!isShared) return [...new Set(specific)].sort();
  if (sources.configured.length > 0) return [...new Set(sources.configured)].sort();
  const nodes = bound.some(isUnspecified) ? sources.nodes : [];
  return [...new Set([...specific, ...nodes])].sort();
}

/** In canonical form, as everything that comes from the gateway model is. */
function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
