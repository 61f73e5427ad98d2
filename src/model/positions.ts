import type { Kind } from './objects.ts';

/** Up to where a kind has been read. */
export interface KindPosition {
  readonly kind: Kind;
  /** `undefined`: nothing of it was read, since its CRD is not installed or it may not be read. */
  readonly at: { readonly apiVersion: string; readonly resourceVersion: string } | undefined;
}

/** Up to where the sink has been told everything. */
export interface ReadPositions {
  readonly positions: readonly KindPosition[];
  /** Nothing keeps the source from telling what changes. */
  readonly isCurrent: boolean;
}
