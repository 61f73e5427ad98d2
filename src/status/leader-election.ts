import { ApiFailure } from '../kubernetes-api/api-failure.ts';
import type { Clock } from '../kubernetes-api/clock.ts';
import { type Lease, type LeaseStore, microTime } from './kubernetes/lease-store.ts';
import type { StatusLogger } from './status-logger.ts';

/** Times in milliseconds; `duration` > `renewDeadline` > `retry`, or two replicas could lead at once. */
export interface ElectionTimes {
  /** How long others wait for a leader that says nothing. Whole seconds. */
  readonly duration: number;
  /** A leader that could not renew for this long no longer is one. */
  readonly renewDeadline: number;
  /** Between two tries, to renew or to become leader. */
  readonly retry: number;
}

export const DEFAULT_ELECTION_TIMES: ElectionTimes = {
  duration: 15_000,
  renewDeadline: 10_000,
  retry: 2_000,
};

export interface ElectionOptions {
  readonly store: LeaseStore;
  readonly leaseName: string;
  /** What the leader does that the others do not, for the log: `writes statuses` unless given. */
  readonly duty?: string;
  /** Who this replica is; no two may be equal. */
  readonly identity: string;
  readonly times?: ElectionTimes;
  readonly clock: Clock;
  readonly wallClock: () => Date;
  /** Called with the present state whenever it changes. */
  readonly onChange: (leading: boolean) => void;
  readonly logger: StatusLogger;
}

/** Name of the Lease of the replica that writes statuses. */
export const LEADER_LEASE = 'sluice-leader';

/**
 * Leader election with a Lease: whoever writes its name into it with compare-and-swap leads until it stops renewing.
 * A lease counts as abandoned when it was not seen to change for its duration on our own clock; the times in it are
 * never compared with it, so clocks that differ do no harm.
 */
export class LeaderElection {
  readonly #options: ElectionOptions;
  readonly #times: ElectionTimes;
  #lease: Lease | undefined;
  #changedAt = 0;
  #leading = false;
  #stopped = false;
  #running: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #cancelDeadline: (() => void) | undefined;
  #failing = '';

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#times = options.times ?? DEFAULT_ELECTION_TIMES;
  }

  get leading(): boolean {
    return this.#leading;
  }

  /** Who leads, as far as is known; `''` for nobody. */
  get holder(): string {
    return this.#lease?.spec?.holderIdentity ?? '';
  }

  start(): void {
    this.#try();
  }

  /** Gives the lease up, so that another replica need not wait for it to expire. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancelRetry?.();
    await this.#running;
    this.#setLeading(false);
    if (this.#lease === undefined || this.holder !== this.#options.identity) return;
    const spec = { ...this.#lease.spec, holderIdentity: '', leaseDurationSeconds: 1 };
    // Should it fail, the lease expires.
    await this.#options.store.put({ ...this.#lease, spec }).catch(() => {});
  }

  get #duty(): string {
    return this.#options.duty ?? 'writes statuses';
  }

  #try(): void {
    this.#cancelRetry = undefined;
    this.#running = this.#acquireOrRenew()
      .catch((error: unknown) => this.#tell(error))
      .then(() => {
        if (this.#stopped) return;
        // A quarter more or less, so that replicas that started together do not ask together for ever.
        const jitter = 0.75 + Math.random() / 2;
        const delay = this.#leading ? this.#times.retry : this.#times.retry * jitter;
        this.#cancelRetry = this.#options.clock.after(delay, () => this.#try());
      });
  }

  async #acquireOrRenew(): Promise<void> {
    const { store, leaseName, identity, clock } = this.#options;
    const startedAt = clock.now();
    // A leader knows what it wrote; a conflict tells it otherwise.
    if (!this.#leading) this.#observe(await store.get(leaseName));
    const lease = this.#lease;
    const holder = lease?.spec?.holderIdentity ?? '';
    if (holder !== '' && holder !== identity && !this.#hasExpired()) return;
    const written = await store.put(this.#mine(lease, holder));
    if (written === undefined) {
      this.#observe(await store.get(leaseName));
      if (this.holder !== identity) this.#setLeading(false);
      return;
    }
    this.#failing = '';
    this.#observe(written);
    // To be given back by `stop`, which waits for us.
    if (this.#stopped) return;
    const age = clock.now() - startedAt;
    // An answer that took so long tells nothing about now.
    if (age >= this.#times.renewDeadline) return;
    this.#setLeading(true);
    this.#cancelDeadline?.();
    this.#cancelDeadline = clock.after(this.#times.renewDeadline - age, () => this.#setLeading(false));
  }

  #mine(lease: Lease | undefined, holder: string): Lease {
    const { leaseName, identity, wallClock } = this.#options;
    const now = microTime(wallClock());
    const isRenewal = holder === identity;
    const transitions = lease?.spec?.leaseTransitions ?? 0;
    return {
      metadata: lease?.metadata ?? { name: leaseName },
      spec: {
        ...lease?.spec,
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(this.#times.duration / 1000),
        renewTime: now,
        acquireTime: isRenewal ? (lease?.spec?.acquireTime ?? now) : now,
        leaseTransitions: lease === undefined || isRenewal ? transitions : transitions + 1,
      },
    };
  }

  #observe(lease: Lease | undefined): void {
    if (lease?.metadata.resourceVersion !== this.#lease?.metadata.resourceVersion || lease === undefined)
      this.#changedAt = this.#options.clock.now();
    this.#lease = lease;
  }

  #hasExpired(): boolean {
    const seconds = this.#lease?.spec?.leaseDurationSeconds ?? 0;
    return this.#options.clock.now() - this.#changedAt >= seconds * 1000;
  }

  #setLeading(leading: boolean): void {
    if (!leading) {
      this.#cancelDeadline?.();
      this.#cancelDeadline = undefined;
    }
    if (this.#leading === leading) return;
    this.#leading = leading;
    const { logger, identity, leaseName, onChange } = this.#options;
    if (leading)
      logger.info(
        { code: 'SLUICE_LEADING', identity, lease: leaseName },
        `leading: this replica ${this.#duty}`,
      );
    else
      logger.info(
        { code: 'SLUICE_LEADING', identity, lease: leaseName, holder: this.holder },
        'no longer leading',
      );
    onChange(leading);
  }

  #tell(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const { store } = this.#options;
    if (error instanceof ApiFailure && error.reason === 'not-found') {
      if (this.#failing === message) return;
      this.#failing = message;
      this.#options.logger.warn(
        { code: 'SLUICE_LEASE_NAMESPACE', namespace: store.namespace },
        `nothing is written: there is no namespace ${store.namespace} for the lease that decides which replica ${this.#duty}; create it, name another with --leader-election-namespace, or start a single replica with --leader-election off. Envoys are served all the same, and it is tried again`,
      );
      return;
    }
    const level = this.#failing === message ? 'debug' : 'warn';
    this.#failing = message;
    this.#options.logger[level](
      { code: 'SLUICE_LEASE_FAILED', lease: this.#options.leaseName },
      `the lease that decides which replica ${this.#duty} could not be had: ${message}; check that its namespace exists and that get, create and update on leases of coordination.k8s.io are allowed there. Envoys are served all the same`,
    );
  }
}
