import path from 'node:path';
import { CLUSTER_TYPE, LISTENER_TYPE } from '../../src/snapshot/resources/resource.ts';
import { Child } from './child.ts';
import { XDS_PORT } from './sluice.ts';

/** What each node must have received on its present stream, by type URL. */
export interface Awaited {
  readonly resources?: Readonly<Record<string, number>>;
  readonly responses?: Readonly<Record<string, number>>;
}

export interface NodesAnswer {
  /** When the last node had answered what was awaited (`monotonicMs`). */
  readonly at: number;
  /** Of all nodes' present streams. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** That every node is connected and has been answered, if only that there is nothing. */
export const ANSWERED: Awaited = { responses: { [CLUSTER_TYPE]: 1, [LISTENER_TYPE]: 1 } };

/** Simulated nodes with real delta streams to Sluice, a connection each. */
export async function startNodes(count: number): Promise<Child> {
  const nodes = new Child(path.join(import.meta.dirname, 'nodes-process.ts'), [
    String(XDS_PORT),
    String(count),
  ]);
  await nodes.receive();
  return nodes;
}
