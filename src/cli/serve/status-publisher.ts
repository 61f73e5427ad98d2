import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { GatewayConfig } from '../../gateway/config.ts';
import { podNamespace } from '../../kubernetes-api/service-account.ts';
import type { ObjectEvent } from '../../model/events.ts';
import type { ObjectKey } from '../../model/key.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import type { ElectionTimes } from '../../status/leader-election.ts';
import { StatusController } from '../../status/status-controller.ts';
import type { AdsServer } from '../../xds/server.ts';
import type { Logger } from '../logger.ts';
import { OWN_NAMESPACE, type StatusConfig } from '../status-flags.ts';
import type { BusyGate } from './busy-gate.ts';
import { EngineStatuses } from './engine-statuses.ts';

export interface StatusOptions extends StatusConfig {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** For tests; the defaults else. */
  readonly electionTimes?: ElectionTimes;
  readonly envoyGraceMs?: number;
}

export interface StatusParts {
  readonly engine: Engine;
  readonly config: GatewayConfig;
  readonly server: Pick<AdsServer, 'nodes' | 'rejections'>;
  /** While it is closed, no status is read or written. */
  readonly gate: BusyGate;
  readonly logger: Logger;
}

/** Writes statuses and Events to the Kubernetes API while it is the source. */
export class StatusPublisher {
  readonly controller: StatusController;
  readonly #world: EngineStatuses;

  constructor(options: StatusOptions, { engine, config, server, gate, logger }: StatusParts) {
    // A pod's name alone comes back when a StatefulSet or a static pod restarts.
    const identity = `${hostname()}_${randomUUID()}`;
    this.#world = new EngineStatuses({
      engine,
      config,
      gatewayAddresses: options.gatewayAddresses,
      server,
    });
    const { electionTimes, envoyGraceMs } = options;
    this.controller = new StatusController({
      kubeconfig: options.kubeconfig,
      context: options.context,
      world: this.#world,
      mode: options.statusMode,
      statusesPerSecond: options.statusRate,
      isHeldUp: () => gate.isClosed,
      election: options.leaderElection
        ? {
            namespace: options.leaderElectionNamespace ?? podNamespace(OWN_NAMESPACE),
            identity,
            ...(electionTimes === undefined ? {} : { times: electionTimes }),
          }
        : undefined,
      identity,
      namespace: options.leaderElectionNamespace ?? podNamespace(OWN_NAMESPACE),
      ...(envoyGraceMs === undefined ? {} : { envoyGraceMs }),
      logger,
    });
    if (options.statusMode !== 'own')
      logger.info(
        { code: 'SLUICE_STATUS_MODE', statusMode: options.statusMode },
        'not all statuses are written; see /debug/statuses',
      );
    server.rejections.onEvent((event) => {
      if (event.type === 'rejected') this.controller.envoysChanged();
    });
  }

  /** Everything is evaluated; `keys` are the objects whose status may differ. */
  flushed(keys: Iterable<ObjectKey>): void {
    if (!this.controller.start()) this.controller.statusesChanged(keys);
    // A listener that no Envoy has yet, or that is gone.
    this.controller.envoysChanged();
  }

  objectsChanged(events: readonly ObjectEvent[]): void {
    const isNode = (event: ObjectEvent): boolean =>
      (event.type === 'upsert' ? event.object.kind : event.ref.kind) === 'Node';
    if (!events.some(isNode)) return;
    this.#world.nodesChanged();
    this.controller.nodesChanged();
  }

  envoysChanged(): void {
    this.controller.envoysChanged();
  }

  async stop(): Promise<void> {
    await this.controller.stop();
  }
}
