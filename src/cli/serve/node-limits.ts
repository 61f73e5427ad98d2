import type { NodeIdentity } from '../../xds/node-identity.ts';
import { roomFor } from '../bootstrap-limits.ts';
import type { Logger } from '../logger.ts';

/** What is wrong with the limits of a connected Envoy. */
export interface NodeProblem {
  readonly reason: 'TooFewDescriptors' | 'NamespaceTakesMost';
  readonly message: string;
}

/** `namespaceConnections`: what a namespace may take that has no budget of its own. */
export function nodeProblems(
  { limits }: Pick<NodeIdentity, 'limits'>,
  namespaceConnections: number,
): readonly NodeProblem[] {
  if (limits === undefined) return [];
  const { maxConnections, descriptors } = limits;
  const problems: NodeProblem[] = [];
  const room = descriptors === undefined ? Infinity : roomFor(descriptors);
  if (room < maxConnections)
    problems.push({
      reason: 'TooFewDescriptors',
      message: `it may open ${descriptors} files, which is room for ${room} connections, and takes ${maxConnections}; raise the limit (LimitNOFILE= of the service or of containerd), or lower "sluice bootstrap --max-connections"`,
    });
  if (namespaceConnections > maxConnections / 2)
    problems.push({
      reason: 'NamespaceTakesMost',
      message: `it takes ${maxConnections} connections, of which one namespace may have ${namespaceConnections}; lower --namespace-connections to a tenth, or give it more files and connections`,
    });
  return problems;
}

/** One line for each problem of an Envoy that has connected. */
export function logNodeProblems(node: NodeIdentity, namespaceConnections: number, logger: Logger): void {
  for (const { reason, message } of nodeProblems(node, namespaceConnections))
    logger.warn({ code: 'SLUICE_ENVOY_LIMITS', node: node.id, reason }, message);
}
