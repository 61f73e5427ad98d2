import type { ResourceView } from '../../snapshot/resources/resource.ts';
import type { NodeIdentity } from '../../xds/connection.ts';
import type { ConnectedNode } from '../../xds/server.ts';
import type { Rejection } from '../../xds/stream.ts';
import type { Logger } from '../logger.ts';
import { typeLabel } from './metrics.ts';

/** Names in one line: an Envoy may reject thousands at once. */
const MAX_NAMES = 20;

/** Remembers what each Envoy rejected, to tell in the log when it is in force after all. */
export class HeldReport {
  readonly #view: ResourceView;
  readonly #logger: Logger;
  readonly #nodes: () => readonly ConnectedNode[];
  /** By the stream's own identity object; by type, name and the version that was rejected. */
  readonly #held = new Map<NodeIdentity, Map<string, Map<string, string>>>();

  constructor(view: ResourceView, nodes: () => readonly ConnectedNode[], logger: Logger) {
    this.#view = view;
    this.#nodes = nodes;
    this.#logger = logger;
  }

  rejected(node: NodeIdentity, { typeUrl, held }: Rejection): void {
    const versions = this.#streamOf(node)
      ?.state()
      .find((each) => each.typeUrl === typeUrl)?.held;
    if (held.length === 0 || versions === undefined) return;
    let ofNode = this.#held.get(node);
    if (ofNode === undefined) {
      ofNode = new Map();
      this.#held.set(node, ofNode);
    }
    let ofType = ofNode.get(typeUrl);
    if (ofType === undefined) {
      ofType = new Map();
      ofNode.set(typeUrl, ofType);
    }
    for (const name of held) ofType.set(name, versions.get(name)?.version ?? '');
  }

  acknowledged(node: NodeIdentity, typeUrl: string): void {
    const held = this.#held.get(node)?.get(typeUrl);
    const stream = held === undefined || held.size === 0 ? undefined : this.#streamOf(node);
    if (held === undefined || stream === undefined) return;
    const inForce: string[] = [];
    for (const [name, rejected] of held) {
      const version = this.#view.get(typeUrl, name)?.version;
      if (version === undefined) held.delete(name);
      // What is tried again as it was is neither held nor sent for a moment.
      else if ((version !== rejected || stream.isCurrent) && stream.isAcknowledged(typeUrl, name, version)) {
        held.delete(name);
        inForce.push(name);
      }
    }
    if (inForce.length === 0) return;
    this.#logger.info(
      { node, type: typeLabel(typeUrl), resources: inForce.slice(0, MAX_NAMES), count: inForce.length },
      'what Envoy had rejected was accepted: it is no longer held back, it is in force again',
    );
  }

  disconnected(node: NodeIdentity): void {
    this.#held.delete(node);
  }

  #streamOf({ id, peer }: NodeIdentity) {
    return this.#nodes().find((each) => each.id === id && each.peer === peer)?.stream;
  }
}
