import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HostTree } from './host-tree.ts';

test('finds the hosts below a suffix that a look at all of them finds, whatever came and went', () => {
  const label = fc.constantFrom('a', 'b');
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), name), { maxLength: 40 }), (steps) => {
      const hosts = new Set<string>();
      const tree = new HostTree((host) => hosts.has(host));
      for (const [isNew, host] of steps) {
        if (isNew && !hosts.has(host)) {
          hosts.add(host);
          tree.add(host);
        } else if (!isNew && hosts.delete(host)) tree.delete(host);
      }
      for (const suffix of ['', 'a', 'b', 'a.b', 'b.a.a', 'a.b.a.b']) {
        const below = [...hosts].filter((host) => suffix === '' || host.endsWith(`.${suffix}`));
        assert.deepEqual([...tree.under(suffix)].sort(), below.sort());
      }
    }),
  );
});
