import { hash } from 'node:crypto';
import type { Clock } from '../kubernetes-api/clock.ts';
import { ENVOYS_ANNOTATION, REPLICA_LABEL } from '../model/names.ts';
import { type EnvoyReport, NO_ENVOYS } from './envoy-fleet.ts';
import { type Lease, type LeaseStore, microTime } from './kubernetes/lease-store.ts';
import type { StatusLogger } from './status-logger.ts';

export interface ReplicaReportsOptions {
  readonly store: LeaseStore;
  /** Who this replica is, as in the election. */
  readonly identity: string;
  /** What this replica's own Envoys say now. */
  readonly own: () => EnvoyReport;
  /** The other replicas' reports differ from before. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly wallClock: () => Date;
  readonly logger: StatusLogger;
}

const SELECTOR = `${REPLICA_LABEL}=true`;
/** Between two looks at the others' reports, by the leader; and least time between two writes of our own. */
const LOOK_MS = 1_000;
const WRITE_MS = 1_000;
/** A report is renewed this often, and not believed when it was not renewed for so long. */
const RENEW_MS = 15_000;
const EXPIRES_MS = 40_000;
/** All annotations of an object may have 256 KiB. */
const LARGEST = 200_000;
const MOST_LISTENERS = 50;
const LONGEST_ERROR = 500;
const MOST_CLUSTERS = 100;
const LONGEST_CLUSTER_ERROR = 200;

/**
 * How the leader learns what Envoys acknowledged that are connected to other replicas: each replica keeps a Lease of
 * its own with its report in an annotation, and renews it; the leader reads them all.
 */
export class ReplicaReports {
  readonly #options: ReplicaReportsOptions;
  readonly #name: string;
  /** Of others: lease name → renewTime and report as last seen, and when it changed on our clock. */
  readonly #seen = new Map<string, { text: string; report: EnvoyReport; changedAt: number }>();
  #reading = false;
  #lease: Lease | undefined;
  #written = '';
  #writtenAt = Number.NEGATIVE_INFINITY;
  #cancelWrite: (() => void) | undefined;
  #cancelLook: (() => void) | undefined;
  #writing: Promise<void> | undefined;
  #stopped = false;
  #told = false;

  constructor(options: ReplicaReportsOptions) {
    this.#options = options;
    this.#name = `sluice-replica-${hash('sha1', options.identity).slice(0, 16)}`;
  }

  /** The other replicas' reports that are still believed. */
  others(): readonly EnvoyReport[] {
    const now = this.#options.clock.now();
    return [...this.#seen.values()]
      .filter(({ changedAt }) => now - changedAt < EXPIRES_MS)
      .map(({ report }) => report);
  }

  /** Begins to publish this replica's report. */
  start(): void {
    this.reportChanged();
  }

  /** This replica's report may differ. */
  reportChanged(): void {
    if (this.#stopped || this.#writing !== undefined) return;
    this.#cancelWrite?.();
    const wait = this.#writtenAt + WRITE_MS - this.#options.clock.now();
    this.#cancelWrite = this.#options.clock.after(Math.max(0, wait), () => this.#write());
  }

  /** Only the leader reads: nobody else has a use for it. */
  setReading(reading: boolean): void {
    this.#reading = reading;
    this.#cancelLook?.();
    this.#seen.clear();
    if (reading) this.#look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelWrite?.();
    this.#cancelLook?.();
    await this.#writing;
    if (this.#lease !== undefined) await this.#options.store.delete(this.#name).catch(() => {});
  }

  #write(): void {
    const text = textOf(this.#options.own());
    const now = this.#options.clock.now();
    const isDue = text !== this.#written || now - this.#writtenAt >= RENEW_MS;
    this.#writing = (isDue ? this.#put(text) : Promise.resolve())
      .catch((error: unknown) => this.#tell(error))
      .then(() => {
        this.#writing = undefined;
        if (this.#stopped) return;
        const next = textOf(this.#options.own()) === this.#written ? RENEW_MS : WRITE_MS;
        this.#cancelWrite = this.#options.clock.after(next, () => this.#write());
      });
  }

  async #put(text: string): Promise<void> {
    const { store, identity, clock, wallClock } = this.#options;
    this.#writtenAt = clock.now();
    this.#lease ??= await store.get(this.#name);
    const written = await store.put({
      metadata: {
        ...(this.#lease?.metadata ?? { name: this.#name }),
        labels: { [REPLICA_LABEL]: 'true' },
        annotations: { [ENVOYS_ANNOTATION]: text },
      },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: EXPIRES_MS / 1000,
        renewTime: microTime(wallClock()),
      },
    });
    // Somebody else wrote or deleted it: read it again before the next try.
    this.#lease = written;
    if (written !== undefined) this.#written = text;
  }

  #look(): void {
    this.#options.store
      .list(SELECTOR)
      .then((leases) => this.#read(leases))
      .catch((error: unknown) => this.#tell(error))
      .then(() => {
        if (this.#reading && !this.#stopped)
          this.#cancelLook = this.#options.clock.after(LOOK_MS, () => this.#look());
      });
  }

  #read(leases: readonly Lease[]): void {
    if (!this.#reading) return;
    const now = this.#options.clock.now();
    const before = JSON.stringify(this.others());
    const names = new Set(leases.map(({ metadata }) => metadata.name));
    for (const name of this.#seen.keys()) if (!names.has(name)) this.#seen.delete(name);
    for (const { metadata, spec } of leases) {
      if (metadata.name === this.#name) continue;
      const text = `${spec?.renewTime ?? ''} ${metadata.annotations?.[ENVOYS_ANNOTATION] ?? ''}`;
      if (this.#seen.get(metadata.name)?.text === text) continue;
      const report = parseReport(metadata.annotations?.[ENVOYS_ANNOTATION] ?? '');
      if (report !== undefined) this.#seen.set(metadata.name, { text, report, changedAt: now });
    }
    for (const [name, { changedAt }] of this.#seen) {
      // Left behind by a replica that did not end in peace.
      if (now - changedAt >= 10 * EXPIRES_MS) void this.#options.store.delete(name).catch(() => {});
    }
    if (JSON.stringify(this.others()) !== before) this.#options.onChange();
  }

  #tell(error: unknown): void {
    this.#options.logger[this.#told ? 'debug' : 'warn'](
      { code: 'SLUICE_REPLICA_REPORT_FAILED' },
      `replicas could not exchange what their Envoys acknowledged: ${error instanceof Error ? error.message : String(error)}; allow get, list, create, update and delete on leases of coordination.k8s.io in the namespace of the election. Envoys are served all the same`,
    );
    this.#told = true;
  }
}

/** Bounded: errors are cut, and what a lease cannot hold is left out, which reads as "not acknowledged" and "not rejected". */
function textOf({ nodes, acknowledged, rejected, rejectedClusters }: EnvoyReport): string {
  const report = {
    nodes,
    acknowledged,
    rejected: cut(rejected, MOST_LISTENERS, LONGEST_ERROR),
    rejectedClusters: cut(rejectedClusters, MOST_CLUSTERS, LONGEST_CLUSTER_ERROR),
  };
  const text = JSON.stringify(report);
  return text.length <= LARGEST ? text : JSON.stringify({ ...NO_ENVOYS, nodes });
}

function cut(rejected: EnvoyReport['rejected'], most: number, longestError: number): EnvoyReport['rejected'] {
  const some = Object.entries(rejected).slice(0, most);
  return Object.fromEntries(
    some.map(([name, { error, ...rest }]) => [name, { ...rest, error: error.slice(0, longestError) }]),
  );
}

function parseReport(text: string): EnvoyReport | undefined {
  try {
    // A replica of another version may say less.
    const report = { ...NO_ENVOYS, ...(JSON.parse(text) as Partial<EnvoyReport>) };
    const { nodes, acknowledged, rejected, rejectedClusters } = report;
    if (!Array.isArray(nodes) || ![acknowledged, rejected, rejectedClusters].every(isRecord))
      return undefined;
    return { nodes, acknowledged, rejected, rejectedClusters };
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
