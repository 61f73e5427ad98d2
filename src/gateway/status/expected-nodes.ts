import { GATEWAY_NODE_LABEL } from '../../model/names.ts';
import type { Node } from '../../model/objects.ts';

/** The nodes that should run an Envoy, by name, sorted. */
export interface ExpectedNodes {
  readonly expected: readonly string[];
  /** Of those the ones whose Envoy nobody is connected to. */
  readonly missing: readonly string[];
}

/** A node's Envoy is the one whose node id is the node's name. `present`: node ids of Envoys. */
export function expectedNodes(nodes: Iterable<Node>, present: ReadonlySet<string>): ExpectedNodes {
  const expected: string[] = [];
  for (const { meta } of nodes) if (meta.labels[GATEWAY_NODE_LABEL] === 'true') expected.push(meta.name);
  expected.sort();
  return { expected, missing: expected.filter((name) => !present.has(name)) };
}
