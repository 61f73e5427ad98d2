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

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Which part of its name no API server takes; `undefined`: none. Names of Services in objects of other controllers may be any text. */
export function wrongName({ metadata }: Manifest): 'name' | 'namespace' | undefined {
  const { name, namespace } = metadata;
  if (name.length > LONGEST_NAME || !NAME.test(name)) return 'name';
  return NAMESPACE.test(namespace) ? undefined : 'namespace';
}

/** A name of an object from parts; of one that is too long, the end is a hash of the whole. */
export function objectName(...parts: readonly (string | number)[]): string {
  const whole = parts.join('.');
  if (whole.length <= LONGEST_NAME) return whole;
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 10);
  return `${whole.slice(0, LONGEST_NAME - hash.length - 1).replace(/[^a-z0-9]+$/, '')}-${hash}`;
}
