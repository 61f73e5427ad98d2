import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FramedDeltaDiscoveryResponse } from '../proto/index.ts';
import { encodeResponse } from './service.ts';

const text = fc.string({ minLength: 1, maxLength: 200, unit: 'binary' });
const resource = fc.uint8Array({ maxLength: 20_000, size: 'max' });

test('the same bytes as the general codec, for any response', () => {
  fc.assert(
    fc.property(
      text,
      text,
      text,
      fc.array(resource, { maxLength: 4 }),
      fc.array(text, { maxLength: 4 }),
      (version, typeUrl, nonce, bodies, removed) => {
        const resources = bodies.map((bytes, index) => ({ typeUrl, name: String(index), version, bytes }));
        const general = FramedDeltaDiscoveryResponse.encode({
          system_version_info: version,
          resources: bodies,
          type_url: typeUrl,
          nonce,
          removed_resources: removed,
        });
        const response = encodeResponse({ typeUrl, nonce, batch: { resources, removed } }, version);
        assert.ok(Buffer.from(general).equals(response));
      },
    ),
  );
});
