import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FOREIGN_ANNOTATIONS } from '../../model/foreign-annotations.ts';
import { ingress } from '../test-objects.ts';
import { readPassthrough } from '../values/passthrough-annotation.ts';
import { ignoredAnnotations, notAsking } from './ingress-annotations.ts';

const NGINX = 'nginx.ingress.kubernetes.io';

/** Why an Ingress with these annotations is not served. */
function refusal(annotations: Record<string, string>, isOwnClass: boolean, foreign?: readonly string[]) {
  const made = ingress({
    meta: { annotations },
    ...(foreign === undefined ? {} : { foreignAnnotations: foreign }),
  });
  const { status, reason, message } = notAsking(made, readPassthrough(annotations), isOwnClass) ?? {};
  if (message !== undefined) assert.deepEqual([status, reason], ['False', 'NoPassthrough']);
  return message;
}

test('of Sluice’s own class everybody who does not ask is told what to write; who said no is not', () => {
  assert.match(refusal({}, true) ?? '', /asks for no TLS passthrough.* Write sluice\.dev\/ssl-passthrough/);
  assert.equal(refusal({ 'sluice.dev/ssl-passthrough': 'false' }, true), undefined);
});

test('of an adopted class only who asked is told', () => {
  assert.equal(refusal({}, false), undefined);
  assert.equal(refusal({}, false, [`${NGINX}/proxy-body-size`]), undefined);
  const yes = refusal({ [`${NGINX}/ssl-passthrough`]: 'yes' }, false);
  assert.equal(
    yes,
    `The value "yes" of ${NGINX}/ssl-passthrough is neither true nor false. Write "true", in quotes.`,
  );
  assert.match(
    refusal({}, false, ['haproxy.org/ssl-passthrough']) ?? '',
    /^haproxy\.org\/ssl-passthrough: Sluice does not read it.* Write sluice\.dev\/ssl-passthrough: "true"\.$/,
  );
});

function ignored(foreign: readonly string[], annotations: Record<string, string> = {}) {
  const made = ingress({ foreignAnnotations: foreign });
  const found = ignoredAnnotations(made, readPassthrough(annotations));
  return found && { type: found.type, status: found.status, message: found.message };
}

test('dropped annotations are named with their effect, those of one effect together; it is no bad news', () => {
  assert.equal(ignored([]), undefined);
  assert.equal(ignored(['haproxy.org/ssl-passthrough']), undefined);
  const told = ignored([
    `${NGINX}/proxy-read-timeout`,
    `${NGINX}/proxy-send-timeout`,
    `${NGINX}/whitelist-source-range`,
  ]);
  assert.equal(told?.type, 'sluice.dev/AnnotationsIgnored');
  assert.equal(told.status, 'True');
  assert.match(told.message, /^\S+proxy-read-timeout, \S+proxy-send-timeout: The idle time-out of Sluice/);
  assert.match(told.message, /whitelist-source-range: Clients of every address can connect/);
});

test('however many there are, eight effects are told', () => {
  const all = FOREIGN_ANNOTATIONS.map(({ name }) => name);
  assert.match(ignored(all)?.message ?? '', /And \d+ more\.$/);
});

test('a value that nobody reads is told beside one that decides', () => {
  const annotations = { 'sluice.dev/ssl-passthrough': 'true', 'higress.io/ssl-passthrough': 'on' };
  assert.match(ignored([], annotations)?.message ?? '', /^The value "on" of higress\.io\/ssl-passthrough/);
});
