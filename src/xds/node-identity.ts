/** Who an Envoy says it is. Names only what is shown to people: nothing is decided by it. */
export interface NodeIdentity {
  /** `node.id`, or the peer's address where it gave none. */
  readonly id: string;
  /** `1.40.0`; `''` where it did not say. */
  readonly version: string;
  /** IP address and port. */
  readonly peer: string;
}
