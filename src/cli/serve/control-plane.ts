import type { ObjectEvent, Source, SourceSink } from '../../model/events.ts';
import { isOfKind, type ObjectKey } from '../../model/key.ts';
import { KINDS, UNSERVED_ROUTE_KINDS } from '../../model/kinds.ts';
import type { Kind } from '../../model/objects.ts';
import type { EngineConfig } from '../../snapshot/config.ts';
import { Engine } from '../../snapshot/engine/engine.ts';
import { DEFAULT_FLUSH_LOOP_OPTIONS, FlushLoop } from '../../snapshot/engine/flush-loop.ts';
import type { ConnectionEvents } from '../../xds/connection.ts';
import type { DemandWindowOptions } from '../../xds/demand-window.ts';
import { AdsServer } from '../../xds/server.ts';
import type { AdminGuard } from '../admin/access/admin-guard.ts';
import { adminPages } from '../admin/admin-pages.ts';
import { AdminServer } from '../admin/admin-server.ts';
import { ChangeFeed } from '../admin/api/change-feed.ts';
import type { RouteNames } from '../admin/api/route-names.ts';
import { NamespacePage } from '../admin/namespace-page.ts';
import type { SocketAddress } from '../flag-values.ts';
import type { Logger } from '../logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { BusyGate } from './busy-gate.ts';
import { ChangeLog } from './change-log.ts';
import { EndpointLog } from './endpoint-log.ts';
import { GatewayNodes } from './gateway-nodes.ts';
import { LineBudget } from './line-budget.ts';
import { addressHere, at, listeningAt } from './listen-address.ts';
import { ManifestLog } from './manifest-log.ts';
import { logNodeProblems } from './node-limits.ts';
import { logRejection } from './rejection-log.ts';
import { secretsToRead } from './secrets-to-read.ts';
import type { StateService } from './state-service.ts';
import { type StatusOptions, StatusPublisher } from './status-publisher.ts';
import { logWindowEnd } from './window-log.ts';
import type { XdsTls } from './xds-tls.ts';

/**
 * Kinds without which the rest can be served where RBAC forbids them. Not so the others: a control plane that starts
 * without TLSRoutes would take every host from every Envoy.
 */
const DISPENSABLE: ReadonlySet<Kind> = new Set<Kind>([
  'Ingress',
  'IngressClass',
  'Node',
  ...UNSERVED_ROUTE_KINDS,
]);
/** What no Envoy is told of, nor any listener counts: the CRDs may well be missing, and nobody waits to be sure of that. */
const NOT_AWAITED: ReadonlySet<Kind> = new Set<Kind>(['TCPRoute', 'UDPRoute']);
const FORBIDDEN = 'SLUICE_KUBE_FORBIDDEN';

export interface ControlPlaneOptions {
  readonly source: Source;
  readonly engine: EngineConfig;
  readonly xdsAddress: SocketAddress;
  readonly adminAddress: SocketAddress;
  /** Who may look at the admin address; whoever reaches it unless given. Closed by who opened it. */
  readonly adminGuard?: AdminGuard | undefined;
  /** Without it xDS is served in the clear. Closed by who opened it. */
  readonly xdsTls?: XdsTls | undefined;
  /** Without it no Envoy gets a demand window. */
  readonly demandWindow?: DemandWindowOptions | undefined;
  /** How long Envoys have to move to another replica at the end. */
  readonly drainTimeoutMs: number;
  /** What is written back to the Kubernetes API; nothing where it is not the source. */
  readonly status?: StatusOptions | undefined;
  /** Where what was read is kept for the next start. */
  readonly state?: StateService | undefined;
  readonly logger: Logger;
}

/** Everything that `sluice serve` runs: source → engine → ADS server, and the admin pages beside them. */
export class ControlPlane implements AsyncDisposable {
  readonly engine: Engine;
  readonly #options: ControlPlaneOptions;
  readonly #metrics = new Metrics();
  readonly #lines: LineBudget;
  readonly #report: ManifestLog;
  readonly #changes: ChangeLog;
  readonly #endpoints: EndpointLog;
  readonly #loop: FlushLoop;
  readonly #server: AdsServer;
  readonly #admin: AdminServer;
  readonly #feed: ChangeFeed;
  readonly #nodes: GatewayNodes;
  readonly #routeNames: RouteNames;
  readonly #namespaces: NamespacePage;
  readonly #gate = new BusyGate(() => this.#loop.isBusy || this.#server.isBehind);
  readonly #status: StatusPublisher | undefined;
  readonly #unsynced = new Set<Kind>(KINDS.filter((kind) => !NOT_AWAITED.has(kind)));
  #lastChangeAt: number | undefined;
  #synced = false;
  #writing = false;
  #xdsPort = 0;
  #adminPort = 0;
  #stopping: Promise<void> | undefined;

  /** Starts listening, then reading. Rejects with a `CliError` where an address or the source cannot be had. */
  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const plane = new ControlPlane(options);
    try {
      await plane.#start();
    } catch (error) {
      await plane.stop();
      throw error;
    }
    return plane;
  }

  private constructor(options: ControlPlaneOptions) {
    this.#options = options;
    this.engine = new Engine(options.engine);
    this.#lines = new LineBudget(options.logger);
    const gate = this.#gate;
    const onConditions = this.#metrics.observeRoutes(this.engine);
    const lines = this.#lines;
    this.#report = new ManifestLog(this.engine, lines, { gate, onConditions });
    this.#changes = new ChangeLog(this.engine, options.logger);
    this.#namespaces = new NamespacePage(this.engine, options.logger);
    this.#namespaces.register(this.#metrics.registry);
    this.#endpoints = new EndpointLog(this.engine, lines, { gate });
    this.#feed = new ChangeFeed(this.engine.resources, () => this.#server);
    this.#loop = new FlushLoop(this.engine, {
      ...DEFAULT_FLUSH_LOOP_OPTIONS,
      onFlush: (flush) => {
        this.#metrics.flushed(flush);
        this.#feed.flushed();
        const changed = this.engine.takeStatusChanges();
        this.#changes.flushed(changed);
        this.#report.conditionsChanged(changed);
        this.#endpoints.flushed();
        this.#readSecrets(changed);
        if (this.#isWriting()) this.#status?.flushed(changed);
      },
    });
    this.#server = new AdsServer({
      view: this.engine.resources,
      events: this.#connectionEvents(),
      demandWindow: options.demandWindow,
      // There the listener is all there is: holding it back would hold back every change.
      ...(options.engine.sniMode === 'chain' && { listenerPace: undefined }),
      ...(options.xdsTls && { credentials: options.xdsTls.credentials }),
    });
    this.#server.rejections.onEvent((event) => logRejection(event, lines));
    const { engine: config, status, logger } = options;
    const parts = { engine: this.engine, config: config.gateway, server: this.#server, gate, logger };
    this.#status = status && new StatusPublisher(status, parts);
    this.#nodes = new GatewayNodes({
      engine: this.engine,
      server: this.#server,
      status: this.#status?.controller,
      namespaceConnections: options.engine.gateway.namespaceBudget.connections,
    });
    if (this.#status !== undefined) this.#metrics.observeStatus(this.#status.controller);
    this.#metrics.observe({
      engine: this.engine,
      server: this.#server,
      loop: this.#loop,
      heard: () => options.source.heard?.() ?? [],
      xdsTls: options.xdsTls,
      problems: () => this.#report.problems.length,
      nodes: () => this.#nodes.expected(),
      limitedNodes: () => this.#nodes.limitedCount(),
    });
    options.state?.register(this.#metrics.registry, () => this.#unconfirmed.length > 0);
    const { pages, routeNames } = this.#pages();
    this.#routeNames = routeNames;
    this.#admin = new AdminServer(pages, options.adminGuard);
  }

  /** The port Envoys connect to; of interest where 0 was asked for. */
  get xdsPort(): number {
    return this.#xdsPort;
  }

  /** Pages and commands that watch changes. */
  get watchers(): number {
    return this.#feed.listenerCount;
  }

  get adminPort(): number {
    return this.#adminPort;
  }

  /** Ends everything, Envoys' streams first. May be called twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #start(): Promise<void> {
    const { source, logger } = this.#options;
    const xdsAddress = addressHere(this.#options.xdsAddress);
    const adminAddress = addressHere(this.#options.adminAddress);
    this.#adminPort = await listeningAt('--admin-address', adminAddress, this.#admin);
    this.#xdsPort = await listeningAt('--xds-address', xdsAddress, this.#server);
    logger.info(
      { xds: at(xdsAddress, this.#xdsPort), admin: at(adminAddress, this.#adminPort) },
      'listening',
    );
    await source.start(this.#sink());
  }

  async #stop(): Promise<void> {
    await this.#options.source.stop();
    this.#changes.close();
    this.#lines.close();
    // Another replica is to write on while our Envoys move.
    await this.#status?.stop();
    await this.#options.state?.stop();
    await this.#server.close(this.#options.drainTimeoutMs);
    await this.#admin.close();
  }

  #sink(): SourceSink {
    return {
      apply: (events: readonly ObjectEvent[]) => {
        this.#lastChangeAt = performance.now();
        this.#loop.takeEvents(events);
        this.#feed.objectsChanged(events);
        this.#routeNames.objectsChanged(events);
        this.#options.state?.changed(events);
        this.#status?.objectsChanged(events);
        // A directory of manifests tells itself, with the line of the file.
        if (this.#status !== undefined) this.#namespaces.objectsChanged(events);
      },
      problems: (problems) => {
        this.#report.sourceProblems(problems);
        this.#serveIfSynced();
        this.#isWriting();
      },
      synced: (kinds = KINDS) => {
        for (const kind of kinds) this.#unsynced.delete(kind);
        this.#serveIfSynced();
      },
      restored: () => this.#loop.restored(),
      confirmed: () => {
        this.#options.logger.info({ code: 'SLUICE_STATE_SERVED' }, 'what was saved is confirmed');
        this.#isWriting();
      },
    };
  }

  /** Kinds that are served as they were saved, and may be read. */
  get #unconfirmed(): readonly Kind[] {
    const forbidden = new Set(this.#forbidden().map(({ kind }) => kind));
    return this.#options.source.unconfirmed?.().filter((kind) => !forbidden.has(kind)) ?? [];
  }

  /** Whether statuses and the state are written: from when all is served, and was told by the API. */
  #isWriting(): boolean {
    if (this.#writing) return true;
    const { state, source } = this.#options;
    if (!this.engine.resources.ready || this.#unconfirmed.length > 0) return false;
    this.#writing = true;
    this.#status?.flushed([]);
    state?.keep({
      content: this.engine.world,
      positions: () => source.positions?.(),
      isHeldUp: () => this.#gate.isClosed,
    });
    return true;
  }

  /** Which Secrets matter is known of the Gateways once they are evaluated. */
  #readSecrets(changed: Iterable<ObjectKey>): void {
    const { source } = this.#options;
    const isParent = (key: ObjectKey): boolean => isOfKind(key, 'Gateway') || isOfKind(key, 'ListenerSet');
    if (source.readSecrets === undefined || ![...changed].some(isParent)) return;
    const secrets = secretsToRead(this.engine.gateways(), this.engine.listenerSets());
    // Not now: what it says of them comes back as events.
    setImmediate(() => source.readSecrets?.(secrets));
  }

  #serveIfSynced(): void {
    if (this.#synced) return;
    const forbidden = new Set(this.#forbidden().map(({ kind }) => kind));
    if ([...this.#unsynced].some((kind) => !forbidden.has(kind))) return;
    this.#synced = true;
    const without = forbidden.size === 0 ? {} : { without: [...forbidden] };
    this.#options.logger.info({ code: 'SLUICE_SYNCED', ...without }, 'source is synced');
    this.#loop.synced();
  }

  /** Kinds that we may not read and can do without; the others are waited for, whatever it takes. */
  #forbidden(): readonly { readonly kind: Kind; readonly reason: string }[] {
    const pending = this.#options.source.pending();
    return pending.filter(({ kind, reason }) => DISPENSABLE.has(kind) && reason.startsWith(FORBIDDEN));
  }

  #connectionEvents(): ConnectionEvents {
    const { logger } = this.#options;
    const counted = this.#metrics.connectionEvents;
    return {
      ...counted,
      onConnect: (node, ...connected) => {
        counted.onConnect?.(node, ...connected);
        logger.info({ code: 'SLUICE_XDS_CONNECTED', node }, 'Envoy connected');
        logNodeProblems(node, this.#options.engine.gateway.namespaceBudget.connections, logger);
        this.#status?.envoysChanged();
        this.#feed.nodeChanged(node.id, true);
      },
      onRequest: (connection) => {
        counted.onRequest?.(connection);
        this.#feed.answered(connection);
      },
      onDisconnect: (node, reason, connection) => {
        counted.onDisconnect?.(node, reason, connection);
        logger.info({ code: 'SLUICE_XDS_DISCONNECTED', node, reason }, 'Envoy disconnected');
        this.#feed.nodeChanged(node.id, false, reason);
        this.#status?.envoysChanged();
      },
      onDemand: (hosts) => this.engine.demand(hosts),
      onWindowEnd: (node, end) => {
        counted.onWindowEnd?.(node, end);
        logWindowEnd(node, end, logger);
      },
      onAck: (...acknowledged) => {
        counted.onAck?.(...acknowledged);
        this.#status?.envoysChanged();
      },
    };
  }

  #pages(): ReturnType<typeof adminPages> {
    const { engine: config, source, state, status, xdsTls } = this.#options;
    return adminPages({
      view: {
        engine: this.engine,
        config: config.gateway,
        gatewayAddresses: status?.gatewayAddresses ?? [],
        server: this.#server,
        nodes: this.#nodes,
        namespaces: this.#namespaces,
        status: this.#status?.controller,
        changes: this.#feed,
        isReady: () => this.engine.resources.ready && this.#stopping === undefined,
        pending: () => source.pending().map(({ kind, reason }) => `${kind}: ${reason}`),
        saved: () => state?.servedFrom(this.#unconfirmed) ?? [],
        problemCount: () => this.#report.problemCount,
        certificateNotAfter: () => xdsTls?.notAfter(),
        sinceLastChangeMs: () => this.#lastChangeAt && Math.round(performance.now() - this.#lastChangeAt),
      },
      registry: this.#metrics.registry,
      report: this.#report,
    });
  }
}
