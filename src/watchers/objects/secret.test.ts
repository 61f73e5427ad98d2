import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createAuthority, type KeyPair } from '../../../test/harness/kubernetes/certificates.ts';
import { absentSecret, decodeSecret } from './secret.ts';

let one: KeyPair;
let other: KeyPair;

before(async () => {
  const authority = await createAuthority('test');
  one = await authority.server(['a.example.com'], []);
  other = await authority.server(['b.example.com'], []);
});

function secret(data: unknown): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cert', namespace: 'shop', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' },
    type: 'kubernetes.io/tls',
    data,
  };
}

function tls(certificate: string, key: string): object {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return { 'tls.crt': base64(certificate), 'tls.key': base64(key) };
}

test('a certificate with its key is valid, and nothing of it is kept', () => {
  const decoded = decodeSecret(secret(tls(one.certificate, one.key)));
  assert.equal(decoded.certificate, 'valid');
  assert.deepEqual(Object.keys(decoded).sort(), ['certificate', 'kind', 'meta']);
  assert.equal(`${decoded.meta.namespace}/${decoded.meta.name}`, 'shop/cert');
});

test('a chain is valid by its first certificate', () => {
  const chain = `${one.certificate}\n${other.certificate}`;
  assert.equal(decodeSecret(secret(tls(chain, one.key))).certificate, 'valid');
  assert.equal(decodeSecret(secret(tls(chain, other.key))).certificate, 'malformed');
});

test('anything else is malformed', () => {
  const contents: readonly unknown[] = [
    tls(one.certificate, other.key),
    tls('Hello world', 'Hello world'),
    tls(one.certificate, 'Hello world'),
    tls(one.key, one.certificate),
    { 'tls.crt': 7, 'tls.key': null },
    { 'tls.crt': '%%%', 'tls.key': '' },
    {},
    'text',
    undefined,
  ];
  for (const content of contents) assert.equal(decodeSecret(secret(content)).certificate, 'malformed');
});

test('one that the server does not have is an object too', () => {
  const { certificate, meta } = absentSecret('shop', 'cert');
  assert.deepEqual([certificate, meta.namespace, meta.name], ['absent', 'shop', 'cert']);
});
