import type { Registry } from 'prom-client';
import { processTurns } from '../../event-loop/turns.ts';
import { systemClock } from '../../kubernetes-api/clock.ts';
import { configuredCluster } from '../../kubernetes-api/cluster-identity.ts';
import type { ObjectEvent } from '../../model/events.ts';
import type { Kind } from '../../model/objects.ts';
import type { ClusterIdentity, SavedState } from '../../model/saved-state.ts';
import { StateDirectory } from '../../state/state-directory.ts';
import type { StateOwner } from '../../state/state-file.ts';
import { StateKeeper, type StateKeeperOptions } from '../../state/state-keeper.ts';
import { StateLock } from '../../state/state-lock.ts';
import type { Logger } from '../logger.ts';
import { gauge } from '../metrics/gauges.ts';

export interface StateServiceOptions {
  /** Folder of the states. */
  readonly path: string;
  readonly maxAgeMs: number;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** Version of Sluice. */
  readonly sluice: string;
  readonly logger: Logger;
}

/** What is kept of the Kubernetes API on the disk: read at the start, written from then on. */
export class StateService {
  readonly #options: StateServiceOptions;
  readonly #directory: StateDirectory;
  #cluster: ClusterIdentity | undefined;
  #askUid = (): Promise<string> => Promise.resolve('');
  #uid = '';
  #keeper: StateKeeper | undefined;
  #servedAt: number | undefined;
  #isStopped = false;

  constructor(options: StateServiceOptions) {
    this.#options = options;
    this.#directory = new StateDirectory({
      path: options.path,
      reading: processTurns.reading,
      writing: processTurns.reports,
    });
  }

  /** What the start may begin with. Never rejects: a start without it is only slower. */
  async load(uid: () => Promise<string>): Promise<SavedState | undefined> {
    const { maxAgeMs, logger } = this.#options;
    const now = Date.now();
    const startedAt = performance.now();
    try {
      this.#askUid = uid;
      const wholeOwner = this.#owner();
      // It is told where it is awaited.
      wholeOwner.catch(() => {});
      const owner = await this.#ownerWith('');
      const onProblem = ({ code, message }: { code: string; message: string }): void =>
        logger.warn({ code }, message);
      const state = await this.#directory.read({ owner, wholeOwner, maxAgeMs, now, onProblem });
      if (state === undefined) return undefined;
      this.#servedAt = state.at;
      logger.info(
        {
          code: 'SLUICE_STATE_SERVED',
          file: state.file,
          at: new Date(state.at).toISOString(),
          ageSeconds: Math.round((now - state.at) / 1000),
          unreadBytes: state.unreadBytes,
          ms: Math.round(performance.now() - startedAt),
        },
        'serving what was saved, until the API server says what has changed',
      );
      return state;
    } catch (error) {
      logger.warn(
        { code: 'SLUICE_STATE_DIRECTORY', error: String(error) },
        'no state can be read; all is listed',
      );
      return undefined;
    }
  }

  /** Begins to write; all has been read. */
  keep(parts: Pick<StateKeeperOptions, 'content' | 'positions' | 'isHeldUp'>): void {
    if (this.#keeper !== undefined || this.#isStopped) return;
    const { path, logger } = this.#options;
    this.#keeper = new StateKeeper({
      ...parts,
      directory: this.#directory,
      lock: new StateLock(path, systemClock),
      owner: () => this.#owner(),
      clock: systemClock,
      wallClock: Date.now,
      logger,
    });
    this.#keeper.start();
  }

  changed(events: readonly ObjectEvent[]): void {
    this.#keeper?.changed(events);
  }

  /** What `/readyz` says while these kinds are served as they were saved. */
  servedFrom(unconfirmed: readonly Kind[]): readonly string[] {
    if (this.#servedAt === undefined || unconfirmed.length === 0) return [];
    const at = new Date(this.#servedAt).toISOString();
    return [
      `served as saved ${this.#servedAgeSeconds()} s ago (${at}), until the API server confirms it: ${unconfirmed.join(', ')}`,
    ];
  }

  /** `isServed`: what was saved is served, and not confirmed. */
  register(registry: Registry, isServed: () => boolean): void {
    gauge(
      registry,
      'sluice_state_served_age_seconds',
      'Age of the saved state that is served; 0 once the API server has confirmed it.',
      () => (isServed() ? this.#servedAgeSeconds() : 0),
    );
    gauge(
      registry,
      'sluice_state_saved_timestamp_seconds',
      'Unix time at which what is saved was true; 0 while nothing is saved.',
      () => (this.#keeper?.savedAt ?? 0) / 1000,
    );
    gauge(registry, 'sluice_state_saved_bytes', 'Size of what is saved.', () => this.#keeper?.bytes ?? 0);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#keeper?.stop();
  }

  #servedAgeSeconds(): number {
    return this.#servedAt === undefined ? 0 : Math.max(0, Math.round((Date.now() - this.#servedAt) / 1000));
  }

  async #owner(): Promise<StateOwner> {
    if (this.#uid === '') this.#uid = await this.#askUid();
    return await this.#ownerWith(this.#uid);
  }

  async #ownerWith(uid: string): Promise<StateOwner> {
    const { kubeconfig, context, sluice } = this.#options;
    this.#cluster ??= await configuredCluster({ kubeconfig, context });
    return { sluice, cluster: { ...this.#cluster, uid } };
  }
}
