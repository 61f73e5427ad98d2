import type { Kind } from './objects.ts';

/** Up to where a kind has been read. */
export interface KindPosition {
  readonly kind: Kind;
  /** `undefined`: its CRD is not installed. */
  readonly at: { readonly apiVersion: string; readonly resourceVersion: string } | undefined;
}

/** Up to where the sink has been told everything. */
export interface ReadPositions {
  /** Of the kinds that have been read. */
  readonly positions: readonly KindPosition[];
  /** Nothing keeps the source from telling what changes. */
  readonly isCurrent: boolean;
}
