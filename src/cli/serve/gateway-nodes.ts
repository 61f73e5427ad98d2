import { nodeAddresses } from '../../gateway/status/addresses.ts';
import { expectedNodes } from '../../gateway/status/expected-nodes.ts';
import { GATEWAY_NODE_LABEL } from '../../model/names.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import { ENVOY_GRACE_MS } from '../../status/envoy-fleet.ts';
import type { StatusController } from '../../status/status-controller.ts';
import type { AdsServer, ConnectedNode } from '../../xds/server.ts';
import type { ExpectedNode } from '../admin/api/shapes.ts';
import { type NodeProblem, nodeProblems } from './node-limits.ts';

export interface GatewayNodesOptions {
  readonly engine: Engine;
  readonly server: Pick<AdsServer, 'nodes'>;
  /** `undefined`: this replica is the only one. */
  readonly status: StatusController | undefined;
  /** What a namespace may take that has no budget of its own. */
  readonly namespaceConnections: number;
}

/** The gateway nodes: which there should be, and which are there. */
export class GatewayNodes {
  readonly #options: GatewayNodesOptions;
  readonly #startedAt = performance.now();

  constructor(options: GatewayNodesOptions) {
    this.#options = options;
  }

  /** Node ids of Envoys that are connected to any replica; `undefined` where this one cannot say. */
  present(): ReadonlySet<string> | undefined {
    const { status, server } = this.#options;
    if (status !== undefined) return status.presentEnvoys;
    const nodes = server.nodes();
    // They come back in seconds, or start with us.
    if (nodes.length === 0 && performance.now() - this.#startedAt < ENVOY_GRACE_MS) return undefined;
    return new Set(nodes.map(({ id }) => id));
  }

  /** `missing` is null where this replica cannot say, because another one leads. */
  expected(): { readonly expected: readonly string[]; readonly missing: readonly string[] | null } {
    const present = this.present();
    const nodes = this.#options.engine.world.all('Node');
    const { expected, missing } = expectedNodes(nodes, present ?? new Set());
    return { expected, missing: present === undefined ? null : missing };
  }

  /** Those that should be there, with their addresses, by name. */
  addresses(): readonly ExpectedNode[] {
    return [...this.#options.engine.world.all('Node')]
      .filter(({ meta }) => meta.labels[GATEWAY_NODE_LABEL] === 'true')
      .map((node) => ({ node: node.meta.name, addresses: nodeAddresses(node) }))
      .sort((a, b) => (a.node < b.node ? -1 : 1));
  }

  problemsOf(node: Pick<ConnectedNode, 'limits'>): readonly NodeProblem[] {
    return nodeProblems(node, this.#options.namespaceConnections);
  }

  /** Connected Envoys with too few descriptors or connections. */
  limitedCount(): number {
    return this.#options.server.nodes().filter((node) => this.problemsOf(node).length > 0).length;
  }
}
