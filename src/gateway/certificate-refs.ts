import type { SecretName } from '../model/events.ts';
import type { Gateway, GatewayListener, SecretReference } from '../model/objects.ts';
import type { Lookup } from './lookup.ts';
import { isReferencePermitted } from './reference-grant.ts';
import { GATEWAY_GROUP } from './route-kinds.ts';

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

/**
 * The first problem of a listener's certificate references, `undefined` where none is known. Sluice terminates no TLS
 * and needs no right to read Secrets: without it, what can be told from the reference and the grants is.
 */
export function certificateProblem(
  refs: readonly SecretReference[],
  gatewayNamespace: string,
  lookup: Lookup,
): CertificateProblem | undefined {
  for (const ref of refs) {
    if (!isSecret(ref)) {
      return {
        reason: 'InvalidCertificateRef',
        message: `A certificate must be a Secret, not ${ref.kind} of group "${ref.group}".`,
      };
    }
    const { namespace, name } = nameOf(ref, gatewayNamespace);
    // First of all: whether there is such a Secret is not told to those who may not refer to it.
    if (!isPermitted(ref, gatewayNamespace, lookup)) {
      return {
        reason: 'RefNotPermitted',
        message: `No ReferenceGrant in ${namespace} allows this Gateway to refer to Secret ${name}.`,
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

/** The Secrets that the listeners of a Gateway may refer to and do, each once. */
export function referencedSecrets(gateway: Gateway, lookup: Lookup): readonly SecretName[] {
  const { namespace } = gateway.meta;
  const secrets = new Map<string, SecretName>();
  for (const ref of gateway.listeners.flatMap(certificateRefs)) {
    if (!isSecret(ref) || !isPermitted(ref, namespace, lookup)) continue;
    const name = nameOf(ref, namespace);
    secrets.set(`${name.namespace}/${name.name}`, name);
  }
  return [...secrets.values()];
}

function isSecret({ group, kind }: SecretReference): boolean {
  return group === '' && kind === 'Secret';
}

function nameOf({ namespace, name }: SecretReference, gatewayNamespace: string): SecretName {
  return { namespace: namespace ?? gatewayNamespace, name };
}

function isPermitted(ref: SecretReference, gatewayNamespace: string, lookup: Lookup): boolean {
  const from = { group: GATEWAY_GROUP, kind: 'Gateway', namespace: gatewayNamespace };
  return isReferencePermitted(from, { group: '', kind: 'Secret', ...nameOf(ref, gatewayNamespace) }, lookup);
}
