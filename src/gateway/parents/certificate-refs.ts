import type { ObjectRef, SecretName } from '../../model/events.ts';
import { namespacedName } from '../../model/key.ts';
import { GATEWAY_GROUP } from '../../model/kinds.ts';
import type { GatewayListener, SecretReference } from '../../model/objects.ts';
import type { Lookup } from '../lookup.ts';
import { isReferencePermitted } from '../reference-grant.ts';

/** What is wrong with a reference to a certificate. */
export interface CertificateProblem {
  readonly reason: 'InvalidCertificateRef' | 'RefNotPermitted';
  readonly message: string;
}

/** The certificates of a listener that terminates TLS: "The certificateRefs field is ignored in this mode" (Passthrough). */
export function certificateRefs({ protocol, tls }: GatewayListener): readonly SecretReference[] {
  if (tls === undefined || tls.mode === 'Passthrough') return [];
  return protocol === 'HTTPS' || protocol === 'TLS' ? tls.certificateRefs : [];
}

/** A Gateway or ListenerSet, as ReferenceGrants name who refers. */
type Referrer = Pick<ObjectRef, 'kind' | 'namespace'>;

/**
 * The first problem of a listener's certificate references, `undefined` where none is known. Sluice terminates no TLS
 * and needs no right to read Secrets: without it, what can be told from the reference and the grants is.
 */
export function certificateProblem(
  refs: readonly SecretReference[],
  { parent, lookup }: { readonly parent: Referrer; readonly lookup: Lookup },
): CertificateProblem | undefined {
  for (const ref of refs) {
    if (!isSecret(ref)) {
      return {
        reason: 'InvalidCertificateRef',
        message: `A certificate must be a Secret, not ${ref.kind} of group "${ref.group}".`,
      };
    }
    const { namespace, name } = nameOf(ref, parent);
    // First of all: whether there is such a Secret is not told to those who may not refer to it.
    if (!isPermitted(ref, parent, lookup)) {
      return {
        reason: 'RefNotPermitted',
        message: `No ReferenceGrant in ${namespace} allows this ${parent.kind} to refer to Secret ${name}.`,
      };
    }
    const known = lookup.secret(namespace, name)?.certificate;
    if (known === 'absent' || known === 'malformed') {
      const what = known === 'absent' ? 'does not exist' : 'holds no valid tls.crt with its tls.key';
      return { reason: 'InvalidCertificateRef', message: `Secret ${namespace}/${name} ${what}.` };
    }
  }
  return undefined;
}

/** The Secrets that the listeners of `parent` may refer to and do, each once. */
export function referencedSecrets(
  listeners: readonly GatewayListener[],
  parent: Referrer,
  lookup: Lookup,
): readonly SecretName[] {
  const secrets = new Map<string, SecretName>();
  for (const ref of listeners.flatMap(certificateRefs)) {
    if (!isSecret(ref) || !isPermitted(ref, parent, lookup)) continue;
    const name = nameOf(ref, parent);
    secrets.set(namespacedName(name.namespace, name.name), name);
  }
  return [...secrets.values()];
}

function isSecret({ group, kind }: SecretReference): boolean {
  return group === '' && kind === 'Secret';
}

function nameOf({ namespace, name }: SecretReference, parent: Referrer): SecretName {
  return { namespace: namespace ?? parent.namespace, name };
}

/**
 * "When a ReferenceGrant is applied to a Gateway it MUST NOT be inherited by child ListenerSets", nor the other way
 * round: each refers in its own name.
 */
function isPermitted(ref: SecretReference, { kind, namespace }: Referrer, lookup: Lookup): boolean {
  const to = { group: '', kind: 'Secret', ...nameOf(ref, { kind, namespace }) };
  return isReferencePermitted({ group: GATEWAY_GROUP, kind, namespace }, to, lookup);
}
