/** Who an Envoy says it is. Names only what is shown to people: nothing is decided by it. */
export interface NodeIdentity {
  /** `node.id`, or the peer's address where it gave none. */
  readonly id: string;
  /** `1.40.0`; `''` where it did not say. */
  readonly version: string;
  /** IP address and port. */
  readonly peer: string;
  /** `undefined` where its bootstrap does not say. */
  readonly limits?: NodeLimits;
}

/** What an Envoy may take, by its bootstrap. */
export interface NodeLimits {
  readonly maxConnections: number;
  /** File descriptors that it may open; `undefined` where that is not known. */
  readonly descriptors: number | undefined;
}

/** Of `node.metadata`, a `google.protobuf.Struct`; `undefined` where it does not say. */
export function limitsOf(metadata: Struct | undefined): NodeLimits | undefined {
  const maxConnections = positive(metadata, 'sluice.dev/max-connections');
  if (maxConnections === undefined) return undefined;
  return { maxConnections, descriptors: positive(metadata, 'sluice.dev/descriptors') };
}

interface Struct {
  readonly fields?: Readonly<Record<string, { readonly numberValue?: number }>>;
}

function positive({ fields }: Struct = {}, name: string): number | undefined {
  const value = fields?.[name]?.numberValue;
  return value !== undefined && value >= 1 && Number.isSafeInteger(value) ? value : undefined;
}
