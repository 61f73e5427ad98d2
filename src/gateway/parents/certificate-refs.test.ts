import assert from 'node:assert/strict';
import test from 'node:test';
import { GATEWAY_GROUP } from '../../model/kinds.ts';
import type { KubernetesObject, SecretReference } from '../../model/objects.ts';
import {
  CONFIG,
  gateway,
  gatewayClass,
  listener,
  lookupOf,
  messageOf,
  referenceGrant,
  secret,
  stateOf,
} from '../test-objects.ts';
import { referencedSecrets } from './certificate-refs.ts';
import { evaluateGateway } from './evaluate-gateway.ts';

const REF: SecretReference = { group: '', kind: 'Secret', namespace: undefined, name: 'cert' };
const ELSEWHERE: SecretReference = { ...REF, namespace: 'other' };
const GRANT = referenceGrant({
  from: [{ group: GATEWAY_GROUP, kind: 'Gateway', namespace: 'infra' }],
  to: [{ group: '', kind: 'Secret', name: undefined }],
});

function terminating(...certificateRefs: SecretReference[]) {
  return gateway({
    path: 'infra/gw',
    listeners: [listener({ protocol: 'HTTPS', tls: { mode: 'Terminate', certificateRefs } })],
  });
}

/** Conditions of an HTTPS listener of a Gateway in `infra` that refers to it. */
function conditions(ref: SecretReference, ...objects: KubernetesObject[]) {
  const lookup = lookupOf([gatewayClass(), ...objects]);
  return evaluateGateway(terminating(ref), lookup, CONFIG)?.listeners[0]?.conditions;
}

test('"this reason is used when the Listener has a TLS configuration with at least one TLS CertificateRef that is invalid"', () => {
  const missing = conditions(REF, secret('absent'));
  assert.equal(stateOf(missing, 'ResolvedRefs'), 'False InvalidCertificateRef');
  assert.match(messageOf(missing, 'ResolvedRefs'), /infra\/cert does not exist/);
  assert.equal(stateOf(missing, 'Programmed'), 'False Invalid');
  const malformed = conditions(REF, secret('malformed'));
  assert.equal(stateOf(malformed, 'ResolvedRefs'), 'False InvalidCertificateRef');
  assert.match(messageOf(malformed, 'ResolvedRefs'), /holds no valid tls\.crt/);
});

test('a certificate that is valid, or of which nothing is known, is resolved', () => {
  for (const objects of [[secret('valid')], []]) {
    const found = conditions(REF, ...objects);
    assert.equal(stateOf(found, 'ResolvedRefs'), 'True ResolvedRefs');
    assert.equal(stateOf(found, 'Programmed'), 'True Programmed');
  }
});

test('without a grant it is not told whether there is such a Secret', () => {
  for (const known of ['absent', 'malformed', 'valid'] as const) {
    const found = conditions(ELSEWHERE, secret(known, 'other/cert'));
    assert.equal(stateOf(found, 'ResolvedRefs'), 'False RefNotPermitted');
  }
  const granted = conditions(ELSEWHERE, GRANT, secret('absent', 'other/cert'));
  assert.equal(stateOf(granted, 'ResolvedRefs'), 'False InvalidCertificateRef');
});

const GATEWAY = { kind: 'Gateway', namespace: 'infra' } as const;

test('only Secrets that a listener refers to, and may refer to, are to be read, each once', () => {
  const wanted = (objects: readonly KubernetesObject[], ...refs: SecretReference[]) =>
    referencedSecrets(terminating(...refs).listeners, GATEWAY, lookupOf(objects)).map(
      ({ namespace, name }) => `${namespace}/${name}`,
    );
  assert.deepEqual(wanted([], REF, REF, ELSEWHERE), ['infra/cert']);
  assert.deepEqual(wanted([GRANT], REF, ELSEWHERE), ['infra/cert', 'other/cert']);
  assert.deepEqual(wanted([], { ...REF, kind: 'ConfigMap' }, { ...REF, group: 'example.com' }), []);
  const passthrough = gateway({
    path: 'infra/gw',
    listeners: [
      listener({ tls: { mode: 'Passthrough', certificateRefs: [REF] } }),
      listener({ protocol: 'HTTP', tls: { mode: 'Terminate', certificateRefs: [REF] } }),
    ],
  });
  assert.deepEqual(referencedSecrets(passthrough.listeners, GATEWAY, lookupOf([])), []);
});
