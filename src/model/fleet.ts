import type { Claim } from './gateway.ts';

/** What the Envoys made of the listener of one binding, in the version that is to be served now. */
export interface Acknowledgement {
  /** At least one Envoy has acknowledged it. */
  readonly acknowledged: boolean;
  /** Why an Envoy rejected it; `undefined` where none did. */
  readonly rejection: string | undefined;
}

/** What Envoys said against a resource in the version that is to be served now. */
export interface RejectionByEnvoys {
  /** Envoy's words, those of one of them. */
  readonly error: string;
  /** How many Envoys rejected it. */
  readonly nodes: number;
}

/** A host of a route whose cluster Envoys rejected. */
export interface RejectedHost extends RejectionByEnvoys {
  readonly claim: Claim;
}

/** The Envoys over all replicas, as far as statuses tell of them. */
export interface FleetView {
  /** Node ids of the Envoys that are connected and current, or were until moments ago. One object until they differ. */
  readonly serving: ReadonlySet<string>;
  /** Node ids of the Envoys that are connected. */
  readonly connected: ReadonlySet<string>;
  /** Of a binding's listener; `undefined`: there is no such listener. */
  acknowledgementOf(binding: string, version: string | undefined): Acknowledgement;
  /** Whether Envoys rejected any cluster, in whatever version. */
  readonly hasRejectedClusters: boolean;
  rejectedCluster(cluster: string, version: string | undefined): RejectionByEnvoys | undefined;
  /** Right after a start Envoys that serve may not have connected yet. */
  readonly tentative: boolean;
}
