import { processTurns } from '../../event-loop/turns.ts';
import { NodeRelay, type NodeRelayEvents } from '../../relay/node-relay.ts';
import { StateFolder } from '../../relay/state-folder.ts';
import { StateKeeper } from '../../relay/state-keeper.ts';
import { CLUSTER_TYPE } from '../../snapshot/resources/resource.ts';
import { type AdminPage, AdminServer, textPage } from '../admin/admin-server.ts';
import type { SocketAddress, SocketPath } from '../flag-values.ts';
import type { Logger } from '../logger.ts';
import { LineBudget } from '../serve/line-budget.ts';
import { at, listening } from '../serve/listen-address.ts';
import { logRejection } from '../serve/rejection-log.ts';
import { type ControlPlaneTargets, controlPlaneTargets } from './control-plane-targets.ts';
import type { NodeConfig } from './node-flags.ts';
import { NodeMetrics } from './node-metrics.ts';
import { claimSocket, openSocket } from './unix-socket.ts';

/** How long Envoy has to leave when this node stops. */
const CLOSE_MS = 1_000;

/** Everything that `sluice node` runs. */
export class GatewayNode {
  readonly #config: NodeConfig;
  readonly #logger: Logger;
  readonly #plane: ControlPlaneTargets;
  readonly #relay: NodeRelay;
  readonly #folder: StateFolder | undefined;
  readonly #keeper: StateKeeper | undefined;
  readonly #admin: AdminServer;
  /** Unix time in milliseconds of what was read from the disk, and is served until the control plane has confirmed it. */
  #servedAt: number | undefined;
  /** Since when there is no control plane (ISO 8601); `undefined`: there is, or nobody has asked for it. */
  #lostAt: string | undefined;

  /** Listens, and serves what was kept. Rejects with a `CliError` where an address cannot be had or flags do not go together. */
  static async start(config: NodeConfig, logger: Logger): Promise<GatewayNode> {
    const node = new GatewayNode(config, logger);
    try {
      await node.#start();
    } catch (error) {
      await node.stop();
      throw error;
    }
    return node;
  }

  private constructor(config: NodeConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
    this.#plane = controlPlaneTargets(config);
    this.#relay = new NodeRelay({ targets: this.#plane.targets, events: this.#events() });
    const lines = new LineBudget(logger);
    this.#relay.server.rejections.onEvent((event) => logRejection(event, lines));
    const { stateDir } = config;
    if (stateDir !== undefined) {
      this.#folder = new StateFolder(stateDir, processTurns.reports);
      this.#keeper = new StateKeeper({
        folder: this.#folder,
        resources: this.#relay.resources,
        identity: () => this.#plane.identity(),
        isCurrent: () => this.#relay.isCurrent,
        now: Date.now,
        onFailure: (error) =>
          logger.warn(
            { code: 'SLUICE_STATE_WRITE', directory: stateDir, error: String(error) },
            'what the control plane says cannot be kept; a start without it would have nothing newer to serve',
          ),
        onRecovery: () =>
          logger.info(
            { code: 'SLUICE_STATE_WRITE', directory: stateDir },
            'what the control plane says is kept again',
          ),
      });
    }
    const metrics = new NodeMetrics(this.#relay, () => this.#keeper);
    this.#admin = new AdminServer({
      '/healthz': () => textPage('ok'),
      '/readyz': () => this.#readyPage(),
      '/metrics': async () => ({
        contentType: metrics.registry.contentType,
        body: await metrics.registry.metrics(),
      }),
    });
  }

  async stop(): Promise<void> {
    await this.#keeper?.stop();
    await this.#relay.close(CLOSE_MS);
    await this.#admin.close();
  }

  async #start(): Promise<void> {
    const { adminAddress, xdsAddress, stateDir } = this.#config;
    const adminPort = await listeningAt('--admin-address', adminAddress, this.#admin.listen(adminAddress));
    const xdsPort = await listeningAt('--listen', xdsAddress, this.#listen(xdsAddress));
    this.#logger.info(
      {
        xds: textOf(xdsAddress, xdsPort),
        admin: textOf(adminAddress, adminPort),
        controlPlane: this.#plane.targets.map(({ authority }) => authority),
        ...(stateDir !== undefined && { stateDir }),
      },
      'listening',
    );
    await this.#serveKept();
  }

  async #listen(address: SocketAddress | SocketPath): Promise<number> {
    if (!('path' in address)) return await this.#relay.server.listen(address);
    await claimSocket(address.path);
    const port = await this.#relay.server.listen(address);
    await openSocket(address.path);
    return port;
  }

  async #serveKept(): Promise<void> {
    const startedAt = performance.now();
    const now = Date.now();
    const state = await this.#folder?.read({
      identity: this.#plane.identity(),
      maxAgeMs: this.#config.stateMaxAgeMs,
      now,
      onProblem: ({ code, message }) => this.#logger.warn({ code }, message),
    });
    const { resources, wasComplete } = this.#relay;
    // Quick as it is, the control plane may have been quicker.
    if (state === undefined || wasComplete || resources.table.synced) return;
    for (const update of state.updates) resources.apply(update);
    resources.waitNoLonger();
    this.#servedAt = state.at;
    resources.table.setProvisional();
    resources.table.setReady();
    const { file, at, unreadBytes } = state;
    this.#logger.info(
      {
        code: 'SLUICE_STATE_SERVED',
        file,
        at: new Date(at).toISOString(),
        ageSeconds: Math.round((now - at) / 1000),
        hosts: resources.table.count(CLUSTER_TYPE),
        unreadBytes,
        ms: Math.round(performance.now() - startedAt),
      },
      'serving what was kept, until the control plane says what has changed',
    );
  }

  #events(): NodeRelayEvents {
    const logger = this.#logger;
    return {
      onEnvoyConnect: (node) => logger.info({ code: 'SLUICE_XDS_CONNECTED', node }, 'Envoy connected'),
      onEnvoyDisconnect: (node, reason) =>
        logger.info({ code: 'SLUICE_XDS_DISCONNECTED', node, reason }, 'Envoy disconnected'),
      onUpdate: (_update, response) => this.#keeper?.changed(response),
      onComplete: () => {
        logger.info(
          {
            code: 'SLUICE_SYNCED',
            hosts: this.#relay.resources.table.count(CLUSTER_TYPE),
            ...(this.#lostAt !== undefined && { lostAt: this.#lostAt }),
          },
          'the control plane has told everything',
        );
        this.#lostAt = undefined;
        this.#servedAt = undefined;
        this.#keeper?.completed();
      },
      onUpstreamConnect: (controlPlane) =>
        logger.info({ code: 'SLUICE_NODE_CONTROL_PLANE', controlPlane }, 'connected to the control plane'),
      onUpstreamEnd: (controlPlane, reason, wasOpen) => {
        const line = { code: 'SLUICE_NODE_CONTROL_PLANE_LOST', controlPlane, reason };
        if (this.#lostAt !== undefined && !wasOpen)
          return logger.debug(line, 'the control plane is still not reached');
        this.#lostAt ??= new Date().toISOString();
        logger.warn(line, 'no control plane: what it said last is served on, changes are late');
      },
    };
  }

  #readyPage(): AdminPage {
    const { resources, connectedAt, wasComplete } = this.#relay;
    const isReady = resources.table.ready;
    const now = Date.now();
    const lines = [
      isReady ? 'ok' : 'not ready: nothing was kept, and the control plane has not told everything',
    ];
    if (this.#servedAt !== undefined && !wasComplete)
      lines.push(
        `served as kept ${Math.round((now - this.#servedAt) / 1000)} s ago (${new Date(this.#servedAt).toISOString()}), until the control plane confirms it`,
      );
    if (connectedAt !== undefined)
      lines.push(`connected to the control plane since ${connectedAt.toISOString()}`);
    else if (this.#lostAt !== undefined) lines.push(`no control plane since ${this.#lostAt}`);
    else lines.push('no Envoy has connected, so neither is the control plane');
    return textPage(lines.join('\n'), isReady ? 200 : 503);
  }
}

function textOf(address: SocketAddress | SocketPath, port: number): string {
  if ('path' in address) return `unix:${address.path}`;
  return at(address, port);
}

async function listeningAt(
  flag: string,
  address: SocketAddress | SocketPath,
  port: Promise<number>,
): Promise<number> {
  const where = textOf(address, 'port' in address ? address.port : 0);
  return await listening(flag, where, port, 'is another "sluice node" running?');
}
