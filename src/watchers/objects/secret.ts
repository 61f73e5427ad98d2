import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Secret } from '../../model/objects.ts';
import type { Fields } from './fields.ts';
import { isFields } from './fields.ts';
import { decodeMeta } from './meta.ts';

/** What a Secret of the Kubernetes API is worth as a certificate. Keeps nothing that it holds. */
export function decodeSecret(raw: Fields): Secret {
  const meta = decodeMeta(raw, 'Secret', 'namespaced', 'default');
  return { kind: 'Secret', meta, certificate: isCertificate(raw['data']) ? 'valid' : 'malformed' };
}

/** A Secret that the server does not have. */
export function absentSecret(namespace: string, name: string): Secret {
  const meta = {
    namespace,
    name,
    uid: '',
    generation: 0,
    creationTimestamp: '',
    labels: {},
    annotations: {},
  };
  return { kind: 'Secret', meta, certificate: 'absent' };
}

/** "A Secret with a type of kubernetes.io/tls": a chain in PEM, and the key of its first certificate. */
function isCertificate(data: unknown): boolean {
  try {
    const pem = (key: string): Buffer => {
      const value = isFields(data) ? data[key] : undefined;
      return Buffer.from(typeof value === 'string' ? value : '', 'base64');
    };
    return new X509Certificate(pem('tls.crt')).checkPrivateKey(createPrivateKey(pem('tls.key')));
  } catch {
    return false;
  }
}
