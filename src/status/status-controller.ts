import { ApiClient, type ApiClientOptions } from '../kubernetes-api/api-client.ts';
import { type Clock, systemClock } from '../kubernetes-api/clock.ts';
import type { Condition } from '../model/conditions.ts';
import { type DesiredStatus, STATUS_KINDS, type StatusKind } from '../model/desired-status.ts';
import type { FleetView } from '../model/fleet.ts';
import { isOfKind, type ObjectKey, parseObjectKey } from '../model/key.ts';
import { ENVOY_GRACE_MS, EnvoyFleet, type EnvoyReport } from './envoy-fleet.ts';
import { EventRecorder, eventsOf } from './event-recorder.ts';
import { FleetEvents } from './fleet-events.ts';
import { createLeaseStore } from './kubernetes/lease-store.ts';
import { StatusResources } from './kubernetes/status-resources.ts';
import { type ElectionTimes, LEADER_LEASE, LeaderElection } from './leader-election.ts';
import { ReplicaReports } from './replica-reports.ts';
import type { StatusLogger } from './status-logger.ts';
import type { StatusMode } from './status-mode.ts';
import { StatusWriter, type WriterCounts } from './status-writer.ts';

/** What the status writer has to know of the rest of Sluice. All of it is fast and in memory. */
export interface DesiredStatuses {
  /** What the status of an object should say; `undefined` where it is none of ours or not there. */
  desired(key: ObjectKey, fleet: FleetView): DesiredStatus | undefined;
  /** Whether objects of the kind are known. Of one whose CRD is missing or that RBAC forbids none is, and none is asked for. */
  isRead(kind: StatusKind): boolean;
  /** Object keys of our Gateways and their ListenerSets. */
  parentKeys(): Iterable<ObjectKey>;
  /** Object keys of the Ingresses that we serve. */
  ingressKeys(): Iterable<ObjectKey>;
  /** What the Envoys of this replica say. */
  envoys(): EnvoyReport;
  /** The conditions of an Ingress, which its status has no place for. */
  ingressConditions(key: ObjectKey, fleet: FleetView): readonly Condition[];
  /** Object key of the route whose host a cluster is; `undefined` where there is none. */
  routeOfCluster(cluster: string): ObjectKey | undefined;
  /** `''` where it is not known. */
  ingressUid(key: ObjectKey): string;
}

export interface StatusControllerOptions extends ApiClientOptions {
  readonly world: DesiredStatuses;
  /** `own` unless given. */
  readonly mode?: StatusMode;
  readonly statusesPerSecond: number;
  /** While it says so no status is read or written; Events and leases are. */
  readonly isHeldUp?: () => boolean;
  /** `undefined`: this replica is the only one. */
  readonly election:
    | { readonly namespace: string; readonly identity: string; readonly times?: ElectionTimes }
    | undefined;
  /** For Events; the election's identity where there is one. */
  readonly identity: string;
  /** Sluice's own, for Events that are about none of the objects. */
  readonly namespace: string;
  readonly wallClock?: () => Date;
  readonly envoyGraceMs?: number;
  readonly logger: StatusLogger;
}

/** Envoys acknowledge in bursts; their state is looked at this long after the first of them, in milliseconds. */
const SETTLE_MS = 100;
/** All statuses are compared again this often, in case somebody else changed one. */
const RESYNC_MS = 10 * 60_000;
const SWEEP_AGAIN_MS = 5_000;

/** Keeps the statuses in the API in line with what Sluice does; writes only while it leads. */
export class StatusController {
  readonly #options: StatusControllerOptions;
  readonly #clock: Clock;
  readonly #client: ApiClient;
  readonly #writer: StatusWriter;
  readonly #events: EventRecorder;
  readonly #fleet: EnvoyFleet;
  readonly #fleetEvents: FleetEvents;
  readonly #election: LeaderElection | undefined;
  readonly #reports: ReplicaReports | undefined;
  #started = false;
  #stopped = false;
  #leadingSince: number | undefined;
  /** Since this replica leads, all kinds were looked through once. */
  #isSwept = false;
  #resyncAt = 0;
  #fleetText = '';
  /** Clusters that Envoys rejected, each with what they said. */
  #rejected: ReadonlyMap<string, string> = new Map();
  #servingText = '';
  #cancelRefresh: (() => void) | undefined;
  #cancelExpiry: (() => void) | undefined;
  #cancelGrace: (() => void) | undefined;
  #cancelSweep: (() => void) | undefined;

  constructor(options: StatusControllerOptions) {
    this.#options = options;
    const clock = options.clock ?? systemClock;
    const wallClock = options.wallClock ?? (() => new Date());
    const { logger, identity, election, world } = options;
    this.#clock = clock;
    this.#client = new ApiClient(options);
    this.#fleet = new EnvoyFleet(this.#graceMs);
    const isSilent = this.mode === 'off';
    this.#events = new EventRecorder({ client: this.#client, identity, clock, wallClock, isSilent, logger });
    this.#fleetEvents = new FleetEvents(this.#events, options.namespace);
    this.#writer = new StatusWriter({
      client: this.#client,
      resources: new StatusResources(this.#client),
      mode: this.mode,
      desired: (key) => world.desired(key, this.#fleetView()),
      onWritten: (written) => {
        for (const note of eventsOf(written.transitions)) this.#events.record(written, note);
      },
      onLooked: (key) => this.#tellOfIngress(key),
      perSecond: options.statusesPerSecond,
      isHeldUp: options.isHeldUp,
      clock,
      wallClock,
      logger,
    });
    if (election === undefined) return;
    const store = createLeaseStore(this.#client, election.namespace);
    const shared = { store, identity: election.identity, clock, wallClock, logger };
    this.#reports = new ReplicaReports({
      ...shared,
      own: () => world.envoys(),
      onChange: () => this.envoysChanged(),
    });
    this.#election = new LeaderElection({
      ...shared,
      leaseName: LEADER_LEASE,
      ...(election.times === undefined ? {} : { times: election.times }),
      onChange: (leading) => this.#setLeading(leading),
    });
  }

  get leading(): boolean {
    return this.#leadingSince !== undefined;
  }

  get mode(): StatusMode {
    return this.#options.mode ?? 'own';
  }

  /** Objects whose status is left to others, as far as they were looked at; of a replica that does not lead none is known. */
  get withheld(): ReadonlySet<ObjectKey> {
    return this.#writer.withheld;
  }

  /** What the status of an object should say, whatever is written of it; `undefined` where it is none of ours. */
  desired(key: ObjectKey): DesiredStatus | undefined {
    return this.#options.world.desired(key, this.#fleetView());
  }

  /** Statuses that wait to be written. */
  get pending(): number {
    return this.#writer.pending;
  }

  get counts(): Readonly<WriterCounts> {
    return this.#writer.counts;
  }

  get eventsDropped(): number {
    return this.#events.dropped;
  }

  /**
   * Everything has synced and is evaluated. Returns whether this was the first call: all statuses are looked through
   * then, and none needs to be named.
   */
  start(): boolean {
    if (this.#started || this.#stopped) return false;
    this.#started = true;
    this.#reports?.start();
    if (this.#election === undefined) this.#setLeading(true);
    else this.#election.start();
    return true;
  }

  /** The statuses of these objects may differ. */
  statusesChanged(keys: Iterable<ObjectKey>): void {
    if (!this.leading) return;
    for (const key of keys) {
      this.#writer.statusChanged(key);
      this.#tellOfIngress(key);
    }
  }

  /** An Envoy came, went or answered, or a Node changed. */
  envoysChanged(): void {
    if (this.#stopped || !this.#started || this.#cancelRefresh !== undefined) return;
    this.#cancelRefresh = this.#clock.after(SETTLE_MS, () => {
      this.#cancelRefresh = undefined;
      this.#reports?.reportChanged();
      this.#refresh();
    });
  }

  /** Tells of something that no condition says, on any replica. */
  get events(): EventRecorder {
    return this.#events;
  }

  /** Gives leadership up. Never rejects. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const cancel of [this.#cancelRefresh, this.#cancelExpiry, this.#cancelGrace, this.#cancelSweep])
      cancel?.();
    this.#writer.stop();
    await Promise.all([this.#election?.stop(), this.#reports?.stop()]);
    this.#client.close();
  }

  get #graceMs(): number {
    return this.#options.envoyGraceMs ?? ENVOY_GRACE_MS;
  }

  #setLeading(leading: boolean): void {
    this.#cancelGrace?.();
    this.#cancelSweep?.();
    this.#reports?.setReading(leading);
    if (!leading) {
      this.#leadingSince = undefined;
      this.#writer.follow();
      return;
    }
    if (this.#stopped) return;
    this.#leadingSince = this.#clock.now();
    this.#isSwept = false;
    if (this.mode !== 'off') this.#writer.lead();
    this.#refresh();
    this.#cancelGrace = this.#clock.after(this.#graceMs, () => {
      this.#tellOfEnvoys();
      this.#enqueueAddresses();
    });
    void this.#sweep(STATUS_KINDS);
  }

  #fleetView(): FleetView {
    const since = this.#leadingSince ?? this.#clock.now();
    return this.#fleet.view(this.#clock.now() - since < this.#graceMs);
  }

  #refresh(): void {
    if (!this.leading) return;
    const reports = [this.#options.world.envoys(), ...(this.#reports?.others() ?? [])];
    this.#fleet.update(reports, this.#clock.now());
    this.#cancelExpiry?.();
    const expiry = this.#fleet.nextExpiryMs;
    if (expiry !== undefined) this.#cancelExpiry = this.#clock.after(expiry, () => this.#refresh());
    const serving = [...this.#fleet.serving].sort().join();
    const connected = [...this.#fleet.connected].sort();
    const said = reports.map(({ acknowledged, rejected }) => [acknowledged, rejected]);
    const text = JSON.stringify([connected, said]);
    this.#tellOfEnvoys();
    if (serving !== this.#servingText) this.#enqueueAddresses();
    else if (text !== this.#fleetText) this.#enqueueParents();
    this.#servingText = serving;
    this.#fleetText = text;
    this.#rejectionsChanged();
  }

  /** The owners of hosts that Envoys rejected since the last time, or accepted. */
  #rejectionsChanged(): void {
    const rejected = new Map<string, string>();
    for (const [name, each] of this.#fleet.rejectedClusters) rejected.set(name, JSON.stringify(each));
    const before = this.#rejected;
    this.#rejected = rejected;
    const keys = new Set<ObjectKey>();
    for (const name of new Set([...before.keys(), ...rejected.keys()])) {
      if (before.get(name) === rejected.get(name)) continue;
      const key = this.#options.world.routeOfCluster(name);
      if (key !== undefined) keys.add(key);
    }
    this.statusesChanged(keys);
  }

  /**
   * Node ids of the Envoys that are connected to any replica, or were until moments ago; `undefined` where this replica cannot
   * say: it does not lead, or has not led for long enough that all had the time to connect.
   */
  get presentEnvoys(): ReadonlySet<string> | undefined {
    const since = this.#leadingSince;
    if (since === undefined || this.#clock.now() - since < this.#graceMs) return undefined;
    return new Set([...this.#fleet.connected, ...this.#fleet.serving]);
  }

  #tellOfEnvoys(): void {
    const present = this.presentEnvoys;
    if (present !== undefined) this.#fleetEvents.look(present.size);
  }

  /** A Node's addresses changed. */
  nodesChanged(): void {
    if (this.leading) this.#enqueueAddresses();
  }

  /** Gateways first. Of ListenerSets there may be thousands, and a sweep tells which of them are right already. */
  #enqueueParents(): void {
    for (const key of this.#options.world.parentKeys()) {
      const isSet = isOfKind(key, 'ListenerSet');
      if (!isSet || this.#isSwept) this.#writer.statusChanged(key, !isSet);
    }
  }

  #enqueueAddresses(): void {
    this.#enqueueParents();
    for (const key of this.#options.world.ingressKeys()) this.#writer.statusChanged(key, false);
  }

  /** Looks through these kinds, then through those that could not be read again, and through all after a time. */
  async #sweep(kinds: readonly StatusKind[]): Promise<void> {
    const since = this.#leadingSince;
    const isOver = (): boolean => this.#stopped || since === undefined || this.#leadingSince !== since;
    const failed = new Map<StatusKind, string>();
    for (const kind of kinds) {
      if (isOver()) return;
      if (!this.#options.world.isRead(kind)) continue;
      try {
        await this.#writer.sweep(kind);
      } catch (error) {
        failed.set(kind, error instanceof Error ? error.message : String(error));
      }
    }
    if (isOver()) return;
    if (kinds === STATUS_KINDS) this.#resyncAt = this.#clock.now() + RESYNC_MS;
    if (!this.#isSwept) {
      this.#isSwept = true;
      this.#enqueueParents();
    }
    const resyncMs = Math.max(0, this.#resyncAt - this.#clock.now());
    const [reason] = failed.values();
    if (reason !== undefined) {
      this.#options.logger.warn(
        { code: 'SLUICE_STATUS_FAILED' },
        `the statuses could not be read: ${reason}; it is tried again. What Envoy serves is not affected`,
      );
    }
    const isSoon = failed.size > 0 && resyncMs > SWEEP_AGAIN_MS;
    const next = isSoon ? [...failed.keys()] : STATUS_KINDS;
    const afterMs = failed.size > 0 ? SWEEP_AGAIN_MS : resyncMs;
    this.#cancelSweep = this.#clock.after(afterMs, () => void this.#sweep(next));
  }

  #tellOfIngress(key: ObjectKey): void {
    if (!key.startsWith('Ingress/')) return;
    const { world } = this.#options;
    const conditions = world.ingressConditions(key, this.#fleetView());
    this.#events.recordIngress(parseObjectKey(key), () => world.ingressUid(key), conditions);
  }
}
