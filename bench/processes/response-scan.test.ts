import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FramedDeltaDiscoveryResponse } from '../../src/proto/index.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../src/snapshot/config.ts';
import { Engine } from '../../src/snapshot/engine/engine.ts';
import { CLUSTER_TYPE } from '../../src/snapshot/resources/resource.ts';
import { gatewayObjects, tenantObjects, upserts } from '../../test/harness/tenants.ts';
import { scanResponse } from './response-scan.ts';

test('a scan finds what a decoder would', () => {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  engine.apply(
    upserts([...gatewayObjects(), ...Array.from({ length: 3 }, (_, index) => tenantObjects(index)).flat()]),
  );
  const clusters = [...engine.resources.all(CLUSTER_TYPE)];
  assert.equal(clusters.length, 3);
  const bytes = FramedDeltaDiscoveryResponse.encode({
    system_version_info: '7',
    type_url: CLUSTER_TYPE,
    nonce: '12',
    resources: clusters.map((cluster) => cluster.bytes),
    removed_resources: ['one', 'another'],
  });
  assert.deepEqual(scanResponse(Buffer.from(bytes)), {
    typeUrl: CLUSTER_TYPE,
    nonce: '12',
    resources: clusters.map(({ name, version }) => ({ name, version })),
    removed: 2,
  });
});
