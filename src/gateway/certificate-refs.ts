import type { SecretReference } from '../model/objects.ts';
import type { Lookup } from './lookup.ts';
import { isReferencePermitted } from './reference-grant.ts';
import { GATEWAY_GROUP } from './route-kinds.ts';

/** What is wrong with a reference to a certificate. */
export interface CertificateProblem {
  readonly reason: 'InvalidCertificateRef' | 'RefNotPermitted';
  readonly message: string;
}

/**
 * The first problem of a listener's certificate references, `undefined` where none is known. Sluice terminates
 * no TLS and has no right to read Secrets, so whether the Secret exists and holds a certificate is not looked at:
 * what can be told from the reference and the grants is. A lookup of Secrets would go where the comment says.
 */
export function certificateProblem(
  refs: readonly SecretReference[],
  gatewayNamespace: string,
  lookup: Lookup,
): CertificateProblem | undefined {
  for (const ref of refs) {
    if (ref.group !== '' || ref.kind !== 'Secret') {
      return {
        reason: 'InvalidCertificateRef',
        message: `A certificate must be a Secret, not ${ref.kind} of group "${ref.group}".`,
      };
    }
    const namespace = ref.namespace ?? gatewayNamespace;
    const from = { group: GATEWAY_GROUP, kind: 'Gateway', namespace: gatewayNamespace };
    if (!isReferencePermitted(from, { group: '', kind: 'Secret', namespace, name: ref.name }, lookup)) {
      return {
        reason: 'RefNotPermitted',
        message: `No ReferenceGrant in ${namespace} allows this Gateway to refer to Secret ${ref.name}.`,
      };
    }
    // Existence and content of the Secret would be checked here, after the grant: "this reason must be used only
    // when the reference is allowed".
  }
  return undefined;
}
