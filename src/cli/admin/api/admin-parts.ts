import { hostname } from 'node:os';
import type { GatewayConfig } from '../../../gateway/config.ts';
import { KINDS } from '../../../model/kinds.ts';
import type { Engine } from '../../../snapshot/engine/engine.ts';
import type { StatusController } from '../../../status/status-controller.ts';
import type { AdsServer } from '../../../xds/server.ts';
import type { GatewayNodes } from '../../serve/gateway-nodes.ts';
import { version } from '../../version.ts';
import type { NamespacePage } from '../namespace-page.ts';
import type { ChangeFeed } from './change-feed.ts';
import { RouteNames } from './route-names.ts';
import { API_VERSION, type ReplicaState } from './shapes.ts';

/** What the control plane lends its admin pages: read, never changed. */
export interface AdminView {
  readonly engine: Engine;
  readonly config: GatewayConfig;
  /** `--gateway-address` */
  readonly gatewayAddresses: readonly string[];
  readonly server: AdsServer;
  readonly nodes: GatewayNodes;
  readonly namespaces: NamespacePage;
  /** `undefined`: nothing is written back. */
  readonly status: StatusController | undefined;
  readonly changes: ChangeFeed;
  isReady(): boolean;
  /** What is not read yet, each with the reason. */
  pending(): readonly string[];
  /** What is served as it was saved. */
  saved(): readonly string[];
  /** Of the source, and of Gateways and routes. */
  problemCount(): number;
  certificateNotAfter(): Date | undefined;
  sinceLastChangeMs(): number | undefined;
}

/** The view, and what the pages of `/api/v1` have in common. */
export interface AdminParts extends AdminView {
  readonly routeNames: RouteNames;
  replica(): ReplicaState;
  /** The first fields of an answer. */
  answer<Kind extends string>(
    kind: Kind,
  ): { readonly apiVersion: typeof API_VERSION; readonly kind: Kind; readonly replica: ReplicaState };
  objectCounts(): Readonly<Record<string, number>>;
}

export function adminParts(view: AdminView): AdminParts {
  const startedAt = new Date().toISOString();
  const replica = (): ReplicaState => ({
    name: hostname(),
    version: version(),
    startedAt,
    ready: view.isReady(),
    leader: view.status?.leading ?? true,
    pending: view.pending(),
    saved: view.saved(),
  });
  return {
    ...view,
    routeNames: new RouteNames(view.engine.world),
    replica,
    answer: (kind) => ({ apiVersion: API_VERSION, kind, replica: replica() }),
    objectCounts: () => Object.fromEntries(KINDS.map((kind) => [kind, view.engine.world.count(kind)])),
  };
}
