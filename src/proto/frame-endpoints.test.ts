import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BackwardWriter, ClusterLoadAssignment, type LocalityEndpoints, writeEndpoints } from './index.ts';

const text = fc.string({ minLength: 1, unit: 'binary' });
const locality: fc.Arbitrary<LocalityEndpoints> = fc.record({
  share: fc.option(fc.record({ subZone: text, weight: fc.integer({ min: 1, max: 1_000_000 }) }), {
    nil: undefined,
  }),
  endpoints: fc.array(fc.record({ address: text, port: fc.integer({ min: 0, max: 65_535 }) }), {
    maxLength: 40,
  }),
});

test('the same bytes as the general codec, for any localities, also beyond the first buffer', () => {
  const writer = new BackwardWriter();
  fc.assert(
    fc.property(text, fc.array(locality, { maxLength: 5 }), fc.nat(3_000), (name, localities, many) => {
      const all = [
        ...localities,
        {
          share: undefined,
          endpoints: Array.from({ length: many }, () => ({ address: '10.0.0.1', port: 6443 })),
        },
      ];
      const general = ClusterLoadAssignment.encode({
        cluster_name: name,
        endpoints: all.map(({ share, endpoints }) => ({
          ...(share && {
            locality: { sub_zone: share.subZone },
            load_balancing_weight: { value: share.weight },
          }),
          lb_endpoints: endpoints.map(({ address, port }) => ({
            endpoint: { address: { socket_address: { address, port_value: port } } },
          })),
        })),
      });
      writer.reset();
      writeEndpoints(writer, name, all);
      assert.ok(Buffer.from(general).equals(writer.finish()));
    }),
  );
});
