import type { GatewayConfig } from '../../gateway/config.ts';
import { gatewayNodeAddresses } from '../../gateway/status/addresses.ts';
import { conditionsOf } from '../../gateway/status/conditions-of.ts';
import { desiredStatus, type Published, UNPUBLISHED } from '../../gateway/status/desired-status.ts';
import { expectedNodes } from '../../gateway/status/expected-nodes.ts';
import { withRejected } from '../../gateway/status/rejected.ts';
import type { Condition } from '../../model/conditions.ts';
import type { DesiredStatus, StatusKind } from '../../model/desired-status.ts';
import type { FleetView, RejectedHost } from '../../model/fleet.ts';
import { type ObjectKey, objectKey, parseObjectKey } from '../../model/key.ts';
import { isUnservedRouteKind } from '../../model/kinds.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import { CLUSTER_TYPE, LISTENER_TYPE } from '../../snapshot/resources/resource.ts';
import type { EnvoyReport } from '../../status/envoy-fleet.ts';
import type { DesiredStatuses } from '../../status/status-controller.ts';
import type { AdsServer } from '../../xds/server.ts';

export interface EngineStatusOptions {
  readonly engine: Engine;
  readonly config: GatewayConfig;
  /** `--gateway-address` */
  readonly gatewayAddresses: readonly string[];
  readonly server: Pick<AdsServer, 'nodes' | 'rejections'>;
}

/** Joins the status writer to the engine and to the Envoys that are connected. */
export class EngineStatuses implements DesiredStatuses {
  readonly #options: EngineStatusOptions;
  /** By object key; only where there is anything to remember. */
  readonly #published = new Map<ObjectKey, Published>();
  #nodes: { readonly serving: ReadonlySet<string>; readonly addresses: readonly string[] } | undefined;

  constructor(options: EngineStatusOptions) {
    this.#options = options;
  }

  /** A Node changed. */
  nodesChanged(): void {
    this.#nodes = undefined;
  }

  desired(key: ObjectKey, fleet: FleetView): DesiredStatus | undefined {
    const { engine, config, gatewayAddresses } = this.#options;
    const inputs = {
      config,
      gatewayAddresses,
      nodeAddresses: () => this.#nodeAddresses(fleet.serving),
      missingNodes: () =>
        expectedNodes(engine.world.all('Node'), new Set([...fleet.connected, ...fleet.serving])).missing,
      listenerVersion: (binding: string) => engine.resources.get(LISTENER_TYPE, binding)?.version,
      rejectedHosts: (route: ObjectKey) => this.#rejectedHosts(route, fleet),
      fleet,
    };
    const desired = desiredStatus(engine, parseObjectKey(key), inputs, this.#published.get(key));
    if (desired === undefined || desired.published === UNPUBLISHED) this.#published.delete(key);
    else this.#published.set(key, desired.published);
    return desired?.status;
  }

  /** Kinds that are served are asked for however many there are: a CRD that comes is not waited for. */
  isRead(kind: StatusKind): boolean {
    return !isUnservedRouteKind(kind) || this.#options.engine.world.count(kind) > 0;
  }

  *parentKeys(): Generator<ObjectKey> {
    for (const { ref } of this.#options.engine.gateways()) yield objectKey(ref);
    for (const { ref } of this.#options.engine.listenerSets()) yield objectKey(ref);
  }

  *ingressKeys(): Generator<ObjectKey> {
    for (const { ref } of this.#options.engine.routes()) if (ref.kind === 'Ingress') yield objectKey(ref);
  }

  envoys(): EnvoyReport {
    const { engine, server } = this.#options;
    const connected = server.nodes();
    const current = new Map<string, boolean>();
    for (const { id, stream, hasBeenCurrent } of connected) {
      // Before it asks for listeners it serves nothing, whatever it has acknowledged; once it had them, it goes on serving.
      const isServing = hasBeenCurrent || (stream.hasAskedFor(LISTENER_TYPE) && stream.isCurrent);
      current.set(id, (current.get(id) ?? false) || isServing);
    }
    const acknowledged: Record<string, string> = {};
    for (const { name, version } of engine.resources.all(LISTENER_TYPE)) {
      if (connected.some(({ stream }) => stream.isAcknowledged(LISTENER_TYPE, name, version)))
        acknowledged[name] = version;
    }
    const nodes = [...current].map(([id, isCurrent]) => ({ id, current: isCurrent }));
    return {
      nodes: nodes.sort((a, b) => (a.id < b.id ? -1 : 1)),
      acknowledged,
      rejected: Object.fromEntries(server.rejections.ofType(LISTENER_TYPE)),
      rejectedClusters: Object.fromEntries(server.rejections.ofType(CLUSTER_TYPE)),
    };
  }

  ingressConditions(key: ObjectKey, fleet: FleetView): readonly Condition[] {
    const { engine } = this.#options;
    const rejected = this.#rejectedHosts(key, fleet);
    const route = engine.route(key);
    if (rejected.length === 0 || route === undefined) return conditionsOf(engine, parseObjectKey(key));
    return withRejected(engine.routeStatus(key), rejected, route.generation).flatMap(
      ({ conditions }) => conditions,
    );
  }

  routeOfCluster(cluster: string): ObjectKey | undefined {
    return this.#options.engine.owners.hostOfCluster(cluster)?.contenders[0]?.routeKey;
  }

  #rejectedHosts(key: ObjectKey, fleet: FleetView): readonly RejectedHost[] {
    const { engine } = this.#options;
    const route = fleet.hasRejectedClusters ? engine.route(key) : undefined;
    if (route === undefined) return [];
    return engine.servedClaims(route).flatMap((claim): readonly RejectedHost[] => {
      const cluster = `${claim.binding.name}/${claim.host}`;
      const version = engine.resources.get(CLUSTER_TYPE, cluster)?.version;
      const rejected = fleet.rejectedCluster(cluster, version);
      return rejected === undefined ? [] : [{ claim, ...rejected }];
    });
  }

  ingressUid(key: ObjectKey): string {
    const { namespace, name } = parseObjectKey(key);
    return this.#options.engine.world.get('Ingress', namespace, name)?.meta.uid ?? '';
  }

  #nodeAddresses(serving: ReadonlySet<string>): readonly string[] {
    if (this.#nodes?.serving !== serving) {
      const nodes = this.#options.engine.world.all('Node');
      this.#nodes = { serving, addresses: gatewayNodeAddresses(nodes, serving) };
    }
    return this.#nodes.addresses;
  }
}
