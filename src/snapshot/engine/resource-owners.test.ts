import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_ENGINE_CONFIG } from '../config.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE } from '../resources/resource.ts';
import { Engine } from './engine.ts';
import { arbitraryBatches } from './test-arbitrary-world.ts';

test('every cluster has the host that is named in it, and its endpoint set the Services that the host goes to', () => {
  fc.assert(
    fc.property(arbitraryBatches, (batches) => {
      const engine = new Engine(DEFAULT_ENGINE_CONFIG);
      for (const events of batches) engine.apply(events);
      for (const { name, references = [] } of engine.resources.all(CLUSTER_TYPE)) {
        const entry = engine.owners.hostOfCluster(name);
        assert.equal(entry?.name, name);
        const backends = entry?.contenders[0]?.claim.backends ?? [];
        const targets = new Set(backends.flatMap(({ target }) => (target ? [JSON.stringify(target)] : [])));
        const [set = ''] = references;
        assert.ok(engine.resources.get(ENDPOINT_TYPE, set));
        const found = engine.owners.targetsOfSet(set).map((target) => JSON.stringify(target));
        assert.deepEqual(found.sort(), [...targets].sort());
      }
      assert.equal(engine.owners.hostOfCluster('0.0.0.0:443/nobody.example.com'), undefined);
      assert.deepEqual(engine.owners.targetsOfSet('a/b/1'), []);
    }),
    { numRuns: 50 },
  );
});
