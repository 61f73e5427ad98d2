import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DesiredStatus } from '../../model/desired-status.ts';
import type { ObjectKey } from '../../model/key.ts';
import { key } from '../../model/test-key.ts';
import type { StatusMode } from '../../status/status-mode.ts';
import { debugStatuses } from './debug-statuses.ts';

const INGRESS: DesiredStatus = { kind: 'Ingress', uid: 'u', addresses: ['192.0.2.1'], tentative: false };

function page(query: string, leading = true) {
  const withheld: ReadonlySet<ObjectKey> = new Set([key('Ingress/ns/a')]);
  const desired = (asked: ObjectKey) => (asked.startsWith('Ingress/ns/') ? INGRESS : undefined);
  const mode: StatusMode = 'shadow';
  const { status, body } = debugStatuses({ mode, leading, withheld, desired }, new URLSearchParams(query));
  return status === undefined || status === 200 ? JSON.parse(body) : status;
}

test('what is withheld is shown with what it would say, on the leader', () => {
  assert.deepEqual(page(''), {
    mode: 'shadow',
    leading: true,
    withheld: 1,
    objects: [{ object: 'Ingress/ns/a', isWithheld: true, status: INGRESS }],
  });
  assert.deepEqual(page('', false).objects, []);
});

test('one object is asked for by its key', () => {
  assert.deepEqual(page('object=Ingress/ns/b').objects, [
    { object: 'Ingress/ns/b', isWithheld: false, status: INGRESS },
  ]);
  assert.deepEqual(page('object=GatewayClass//x').objects, [
    { object: 'GatewayClass//x', isWithheld: false, status: null },
  ]);
  for (const nonsense of ['', 'x', 'Ingress/a', 'ingress/a/b', 'Ingress/a/b/c', 'Ingress/a/b%0A'])
    assert.equal(page(`object=${nonsense}`), 400, nonsense);
});

test('manifests of a directory have none', () => {
  assert.equal(debugStatuses(undefined, new URLSearchParams()).status, 404);
});
