import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Cluster, frameCluster, stringStruct } from './index.ts';

test('the same bytes as the general codec, for any names', () => {
  const text = fc.string({ minLength: 1, unit: 'binary' });
  fc.assert(
    fc.property(text, text, text, text, (name, service_name, namespace, route) => {
      const metadata = { kind: 'TLSRoute', namespace, name: route };
      const general = Cluster.encode({
        name,
        eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' }, service_name },
        metadata: { filter_metadata: { sluice: stringStruct(metadata) } },
      });
      const framed = frameCluster(name, service_name, 'sluice', metadata);
      assert.deepEqual(Buffer.from(framed), Buffer.from(general));
    }),
  );
});
