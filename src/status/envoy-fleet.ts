import type { Acknowledgement, RejectionByEnvoys } from '../model/fleet.ts';

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

/**
 * How long an Envoy that is gone or behind counts as serving, in milliseconds: it goes on with what it has, and comes back
 * in seconds, to this replica or another. Shorter would take addresses out of DNS for every restart of a control plane.
 */
export const ENVOY_GRACE_MS = 30_000;

/** All Envoys, over all replicas, and which of them serve. */
export class EnvoyFleet {
  readonly #graceMs: number;
  readonly #servedAt = new Map<string, number>();
  #reports: readonly EnvoyReport[] = [];
  #serving: ReadonlySet<string> = new Set();
  #now = 0;

  constructor(graceMs = ENVOY_GRACE_MS) {
    this.#graceMs = graceMs;
  }

  /** The replicas' present reports, at a time of the monotonic clock. */
  update(reports: readonly EnvoyReport[], now: number): void {
    this.#reports = reports;
    this.#now = now;
    for (const { nodes } of reports) {
      for (const { id, current } of nodes) {
        // One that is connected and has never been current is not served from yet.
        if (current) this.#servedAt.set(id, now);
      }
    }
    for (const [id, at] of this.#servedAt) if (now - at >= this.#graceMs) this.#servedAt.delete(id);
    const isSame =
      this.#serving.size === this.#servedAt.size &&
      [...this.#servedAt.keys()].every((id) => this.#serving.has(id));
    if (!isSame) this.#serving = new Set(this.#servedAt.keys());
  }

  /** Node ids of the Envoys that are connected and current, or were until moments ago. One object until they differ. */
  get serving(): ReadonlySet<string> {
    return this.#serving;
  }

  /** After how many milliseconds an Envoy stops counting unless it comes back; `undefined` if all are there. */
  get nextExpiryMs(): number | undefined {
    const absent = [...this.#servedAt.values()].filter((at) => at < this.#now);
    return absent.length === 0 ? undefined : Math.min(...absent) + this.#graceMs - this.#now;
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
