import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BackwardWriter, Cluster, stringStruct, writeCluster } from './index.ts';

test('the same bytes as the general codec, for any names', () => {
  const writer = new BackwardWriter();
  const text = fc.string({ minLength: 1, maxLength: 300, unit: 'binary' });
  fc.assert(
    fc.property(text, text, text, text, (name, serviceName, namespace, route) => {
      const metadata = [
        ['kind', 'TLSRoute'],
        ['namespace', namespace],
        ['name', route],
      ] as const;
      const general = Cluster.encode({
        name,
        eds_cluster_config: {
          eds_config: { ads: {}, resource_api_version: 'V3' },
          service_name: serviceName,
        },
        metadata: { filter_metadata: { sluice: stringStruct(Object.fromEntries(metadata)) } },
      });
      writer.reset();
      writeCluster(writer, { name, serviceName, metadataNamespace: 'sluice', metadata });
      assert.deepEqual(Buffer.from(writer.finish()), Buffer.from(general));
    }),
  );
});
