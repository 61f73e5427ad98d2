import type { Acknowledgement, FleetView, RejectionByEnvoys } from '../model/fleet.ts';

/** What one replica knows of the Envoys that are connected to it. Plain data: it travels between replicas. */
export interface EnvoyReport {
  /** Node ids. `current`: has acknowledged everything that there is for it. */
  readonly nodes: readonly { readonly id: string; readonly current: boolean }[];
  /** Envoy listener name → version that at least one of these Envoys has acknowledged. */
  readonly acknowledged: Readonly<Record<string, string>>;
  /** By name of the Envoy listener. */
  readonly rejected: Readonly<Record<string, RejectedVersion>>;
  /** By name of the cluster: the hosts of routes. */
  readonly rejectedClusters: Readonly<Record<string, RejectedVersion>>;
}

/** A version of a resource that Envoys rejected. */
export interface RejectedVersion {
  readonly version: string;
  /** Envoy's words, those of one of them. */
  readonly error: string;
  /** How many Envoys rejected it. */
  readonly nodes: number;
}

export const NO_ENVOYS: EnvoyReport = { nodes: [], acknowledged: {}, rejected: {}, rejectedClusters: {} };

/** How long an Envoy that is behind counts as serving, in milliseconds: it goes on with what it has. */
export const ENVOY_GRACE_MS = 30_000;
/**
 * How long one that is connected to no replica does. One that left a replica that stops is at the next one, and told of
 * to the leader, in three seconds; shorter would take addresses out of DNS for every restart of a control plane.
 */
export const ENVOY_ABSENCE_MS = 5_000;

/** All Envoys, over all replicas, and which of them serve. */
export class EnvoyFleet {
  readonly #graceMs: number;
  readonly #absenceMs: number;
  /** Those that serve. Both times are of when it was first found so: nobody tells us while all is well. */
  readonly #serves = new Map<string, { readonly behindSince?: number; readonly absentSince?: number }>();
  #reports: readonly EnvoyReport[] = [];
  #serving: ReadonlySet<string> = new Set();
  #now = 0;

  constructor(graceMs = ENVOY_GRACE_MS, absenceMs = Math.min(graceMs, ENVOY_ABSENCE_MS)) {
    this.#graceMs = graceMs;
    this.#absenceMs = absenceMs;
  }

  /** The replicas' present reports, at a time of the monotonic clock. */
  update(reports: readonly EnvoyReport[], now: number): void {
    this.#reports = reports;
    this.#now = now;
    const connected = new Map<string, boolean>();
    for (const { id, current } of reports.flatMap(({ nodes }) => nodes))
      connected.set(id, current || connected.get(id) === true);
    for (const [id, { behindSince = now, absentSince = now }] of this.#serves)
      this.#serves.set(id, connected.has(id) ? { behindSince } : { behindSince, absentSince });
    // One that is connected and has never been current is not served from yet.
    for (const [id, current] of connected) if (current) this.#serves.set(id, {});
    for (const id of this.#serves.keys()) if (this.#expiryOf(id) <= now) this.#serves.delete(id);
    const isSame =
      this.#serving.size === this.#serves.size &&
      [...this.#serves.keys()].every((id) => this.#serving.has(id));
    if (!isSame) this.#serving = new Set(this.#serves.keys());
  }

  #expiryOf(id: string): number {
    const { behindSince = Infinity, absentSince = Infinity } = this.#serves.get(id) ?? {};
    return Math.min(behindSince + this.#graceMs, absentSince + this.#absenceMs);
  }

  /** Node ids of the Envoys that are connected and current, or were until moments ago. One object until they differ. */
  get serving(): ReadonlySet<string> {
    return this.#serving;
  }

  /** Node ids of the Envoys that are connected to any replica. */
  get connected(): ReadonlySet<string> {
    return new Set(this.#reports.flatMap(({ nodes }) => nodes.map(({ id }) => id)));
  }

  /** After how many milliseconds an Envoy stops counting unless it comes back; `undefined` if all are there. */
  get nextExpiryMs(): number | undefined {
    const next = Math.min(...[...this.#serves.keys()].map((id) => this.#expiryOf(id)));
    return next === Infinity ? undefined : next - this.#now;
  }

  /** All of it, for those who say what statuses should say. */
  view(tentative: boolean): FleetView {
    return {
      serving: this.serving,
      connected: this.connected,
      acknowledgementOf: (name, version) => this.acknowledgementOf(name, version),
      hasRejectedClusters: this.hasRejectedClusters,
      rejectedCluster: (name, version) => this.rejectedCluster(name, version),
      tentative,
    };
  }

  /** Versions are hashes of content, so that any replica's are comparable with ours. */
  acknowledgementOf(name: string, version: string | undefined): Acknowledgement {
    const acknowledged =
      version !== undefined && this.#reports.some((report) => report.acknowledged[name] === version);
    const rejected = this.#reports.map((report) => report.rejected[name]);
    return { acknowledged, rejection: rejected.find((each) => each?.version === version)?.error };
  }

  /** By name of the cluster, in any version: what tells whether anything differs. */
  get rejectedClusters(): ReadonlyMap<string, readonly RejectedVersion[]> {
    const found = new Map<string, RejectedVersion[]>();
    for (const { rejectedClusters } of this.#reports) {
      for (const [name, rejected] of Object.entries(rejectedClusters))
        found.set(name, [...(found.get(name) ?? []), rejected]);
    }
    return found;
  }

  get hasRejectedClusters(): boolean {
    return this.#reports.some(({ rejectedClusters }) => Object.keys(rejectedClusters).length > 0);
  }

  rejectedCluster(name: string, version: string | undefined): RejectionByEnvoys | undefined {
    const rejected = this.#reports
      .map(({ rejectedClusters }) => rejectedClusters[name])
      .filter((each) => each !== undefined && each.version === version);
    const [first] = rejected;
    if (first === undefined) return undefined;
    return { error: first.error, nodes: rejected.reduce((sum, each) => sum + (each?.nodes ?? 0), 0) };
  }
}
