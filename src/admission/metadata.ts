/** Metadata of all kinds: ValidateObjectMeta of k8s.io/apimachinery, pkg/api/validation/objectmeta.go. */
import { isLabelValue, isQualifiedName, QUALIFIED_NAME_WORDS } from './formats.ts';
import { type Findings, shown } from './refusal.ts';

/** As its schema has it. Names and namespaces are judged where objects are decoded. */
export interface Metadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly {
    readonly apiVersion?: string;
    readonly kind?: string;
    readonly name?: string;
    readonly uid?: string;
    readonly controller?: boolean;
  }[];
}

const MAX_ANNOTATIONS_BYTES = 256 * 1024;
const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';
const STANDARD_FINALIZERS: readonly string[] = [ORPHAN, FOREGROUND, 'kubernetes'];

export function checkMetadata(metadata: Metadata, isBuiltIn: boolean, findings: Findings): void {
  const { labels = {}, annotations = {}, finalizers = [] } = metadata;
  checkLabels(labels, ['metadata', 'labels'], findings);
  let size = 0;
  for (const [name, value] of Object.entries(annotations)) {
    size += Buffer.byteLength(name) + (value === null ? 0 : Buffer.byteLength(value));
    // Case does not matter here alone.
    if (!isQualifiedName(name.toLowerCase()))
      findings.refuse(['metadata', 'annotations', name], `has a name that is not ${QUALIFIED_NAME_WORDS}`);
  }
  if (size > MAX_ANNOTATIONS_BYTES)
    findings.refuse(
      ['metadata', 'annotations'],
      `must have at most ${MAX_ANNOTATIONS_BYTES} bytes, not ${size}`,
    );
  checkFinalizers(finalizers, ['metadata', 'finalizers'], isBuiltIn, findings);
  if (finalizers.includes(ORPHAN) && finalizers.includes(FOREGROUND))
    findings.refuse(['metadata', 'finalizers'], `must not hold both ${ORPHAN} and ${FOREGROUND}`);
  checkOwners(metadata.ownerReferences ?? [], findings);
}

/** ValidateFinalizerName; those of Kubernetes' own kinds must have a "/", or be its own. */
export function checkFinalizers(
  finalizers: readonly string[],
  path: readonly string[],
  isBuiltIn: boolean,
  findings: Findings,
): void {
  for (const [index, finalizer] of finalizers.entries()) {
    const isKnown = !isBuiltIn || finalizer.includes('/') || STANDARD_FINALIZERS.includes(finalizer);
    if (!isQualifiedName(finalizer) || !isKnown)
      findings.refuse([...path, index], `must be ${QUALIFIED_NAME_WORDS}, not ${shown(finalizer)}`);
  }
}

/** ValidateLabels. */
export function checkLabels(
  labels: Readonly<Record<string, string>>,
  path: readonly string[],
  findings: Findings,
): void {
  for (const [name, value] of Object.entries(labels)) {
    if (!isQualifiedName(name))
      findings.refuse([...path, name], `has a name that is not ${QUALIFIED_NAME_WORDS}`);
    if (value !== null && !isLabelValue(value)) {
      const what = 'must be up to 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends';
      findings.refuse([...path, name], `${what}, not ${shown(value)}`);
    }
  }
}

function checkOwners(owners: NonNullable<Metadata['ownerReferences']>, findings: Findings): void {
  for (const [index, owner] of owners.entries()) {
    const path = ['metadata', 'ownerReferences', index];
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const)
      if ((owner[field] ?? '') === '') findings.refuse([...path, field], 'is required');
    const { apiVersion = '', kind } = owner;
    if (apiVersion.split('/').length > 2 || apiVersion.endsWith('/'))
      findings.refuse([...path, 'apiVersion'], `must be GROUP/VERSION, not ${shown(apiVersion)}`);
    if (apiVersion === 'v1' && kind === 'Event') findings.refuse(path, 'must not be an Event');
  }
  if (owners.filter(({ controller }) => controller === true).length > 1)
    findings.refuse(['metadata', 'ownerReferences'], 'must not have more than one controller');
}
