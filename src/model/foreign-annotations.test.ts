import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FOREIGN_ANNOTATIONS, foreignAnnotation } from './foreign-annotations.ts';

/** Those that Sluice reads, by its own names or by those of the controllers that it takes over from. */
const READ =
  /^(?:sluice\.dev\/.*|(?:higress|nginx\.ingress\.kubernetes)\.io\/ssl-passthrough|kubernetes\.io\/.*)$/;

test('each name is there once and is a name that Kubernetes takes', () => {
  const names = FOREIGN_ANNOTATIONS.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
  for (const name of names) assert.match(name, /^[a-z0-9][a-z0-9.-]*\/[a-z0-9][a-z0-9.-]{0,62}$/);
});

test('none is an annotation that Sluice reads', () => {
  assert.deepEqual(
    FOREIGN_ANNOTATIONS.filter(({ name }) => READ.test(name)),
    [],
  );
});

test('effect and instead are one sentence each, short enough for an Event', () => {
  for (const { name, effect, instead } of FOREIGN_ANNOTATIONS) {
    for (const text of [effect, instead]) {
      assert.match(text, /^[A-Z][^.]*(?:\.[^ .][^.]*)*\.$/, `${name}: ${text}`);
      assert.ok(text.length <= 160, `${name}: ${text.length} characters`);
    }
  }
});

test('what to write instead exists: every annotation of Sluice that is named', () => {
  const named = FOREIGN_ANNOTATIONS.flatMap(({ instead }) => instead.match(/sluice\.dev\/[a-z-]+/g) ?? []);
  assert.deepEqual([...new Set(named)].sort(), [
    'sluice.dev/connect-timeout',
    'sluice.dev/idle-timeout',
    'sluice.dev/max-connections',
    'sluice.dev/ssl-passthrough',
  ]);
});

test('an annotation is found by its name; what is read or unknown is not', () => {
  assert.equal(foreignAnnotation('haproxy.org/ssl-passthrough')?.meaning, 'passthrough');
  assert.equal(foreignAnnotation('nginx.ingress.kubernetes.io/limit-connections')?.meaning, 'dropped');
  assert.equal(foreignAnnotation('higress.io/destination')?.owner, 'Higress');
  for (const name of ['sluice.dev/stats', 'higress.io/ssl-passthrough', 'example.com/x', 'constructor']) {
    assert.equal(foreignAnnotation(name), undefined, name);
  }
});
