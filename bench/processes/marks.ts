/** The stages that a change passes inside Sluice. */
export type Stage =
  /** Decoded objects were handed to the engine. */
  | 'event'
  /** Every source has synced. */
  | 'synced'
  /** The first snapshot is complete and may be served. */
  | 'ready'
  /** A response is about to be written. */
  | 'send'
  | 'ack'
  | 'nack';

export interface Mark {
  readonly stage: Stage;
  /** `monotonicMs`. */
  readonly at: number;
  /** The type URL of `send`, `ack` and `nack`. */
  readonly detail: string;
  /** Events or resources. */
  readonly count: number;
}
