import { createHash } from 'node:crypto';

/** A manifest as it is printed, and sent to an API server. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Label of what a migration made, and may therefore change; its value is `true`. */
export const MIGRATED_LABEL = 'sluice.dev/migrated';

/** Annotation of what a migration made: the object that it stands for. */
export const MIGRATED_FROM_ANNOTATION = 'sluice.dev/migrated-from';

export const OWN_LABELS: Readonly<Record<string, string>> = { [MIGRATED_LABEL]: 'true' };

const LONGEST_NAME = 253;

/** A name of an object from parts; of one that is too long, the end is a hash of the whole. */
export function objectName(...parts: readonly (string | number)[]): string {
  const whole = parts.join('.');
  if (whole.length <= LONGEST_NAME) return whole;
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 10);
  return `${whole.slice(0, LONGEST_NAME - hash.length - 1).replace(/[^a-z0-9]+$/, '')}-${hash}`;
}
