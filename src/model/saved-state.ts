import type { ObjectEvent } from './events.ts';
import type { KindPosition } from './positions.ts';

/** Which cluster a state is of. `''`: not known. */
export interface ClusterIdentity {
  /** URL of the API server. */
  readonly server: string;
  /** SHA-256, in hex, of the certificate authority that the API server is believed by. */
  readonly authority: string;
  /** Uid of the Namespace `kube-system`, which lives as long as the cluster. */
  readonly uid: string;
}

/** What a source had read, and up to where: it can serve that at once, and read on from there. */
export interface SavedState {
  /** Where it was found, for messages. */
  readonly file: string;
  /** Unix time in milliseconds at which the API last said so. */
  readonly at: number;
  readonly positions: readonly KindPosition[];
  /** Objects, and the changes since, in order; a batch is some milliseconds of work. */
  readonly batches: readonly (readonly ObjectEvent[])[];
  /** At the end of the file, that could not be read: of changes that were being written when Sluice died, say. */
  readonly unreadBytes: number;
}
