/** Manifests for the tests of this folder, and their decoding. */
import assert from 'node:assert/strict';
import type { KubernetesObject, ObjectOfKind } from '../../model/objects.ts';
import type { InvalidObject } from './decode.ts';
import { decodeObject } from './decode.ts';

export const GATEWAY_API = 'gateway.networking.k8s.io/v1';

export function decoded<K extends KubernetesObject['kind']>(kind: K, raw: object): ObjectOfKind<K> {
  const result = decodeObject(raw);
  assert.ok(result.type === 'object', JSON.stringify(result));
  assert.equal(result.object.kind, kind);
  return result.object as ObjectOfKind<K>;
}

export function refused(raw: unknown): InvalidObject {
  const result = decodeObject(raw);
  assert.ok(result.type === 'invalid', JSON.stringify(result));
  return result;
}

export function manifest(
  kind: string,
  spec: unknown,
  metadata: object = {},
  apiVersion = GATEWAY_API,
): object {
  return { apiVersion, kind, metadata: { name: 'x', namespace: 'ns', ...metadata }, spec };
}

export const route = (spec: object = {}, metadata: object = {}) => manifest('TLSRoute', spec, metadata);
export const ingress = (spec: object, metadata: object = {}) =>
  manifest('Ingress', spec, metadata, 'networking.k8s.io/v1');
