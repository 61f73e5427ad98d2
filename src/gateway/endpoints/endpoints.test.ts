import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EndpointSlice, Service } from '../../model/objects.ts';
import { deepFreeze, endpoint, service, slice, stateOf } from '../test-objects.ts';
import { endpointsCondition, MAX_ENDPOINTS, MAX_REFUSED, resolveEndpoints } from './endpoints.ts';

function resolve(
  slices: readonly EndpointSlice[],
  of: Service | undefined = service(),
  port = 6443,
): string[] {
  return resolveEndpoints(of, slices, port).endpoints.map(({ address, port }) => `${address} ${port}`);
}

const NOT_READY = { ready: false, serving: false };
const LEAVING = { ready: false, serving: true, terminating: true };

test('ready endpoints at the port that the slice has under the name of the Service’s port', () => {
  const ports = [
    { name: 'metrics', port: 9090, protocol: 'TCP' },
    { name: 'https', port: 4433, protocol: 'UDP' },
    { name: 'https', port: 16443, protocol: 'TCP' },
  ];
  assert.deepEqual(resolve([slice([endpoint('100.65.0.105')], { ports })]), ['100.65.0.105 16443']);
  assert.deepEqual(resolve([slice([endpoint('10.0.0.1')], { ports: ports.slice(0, 2) })]), []);
  assert.deepEqual(
    resolve([
      slice([endpoint('10.0.0.1')], { ports: [{ name: 'https', port: undefined, protocol: 'TCP' }] }),
    ]),
    [],
  );
});

test('an unnamed port of the Service is the unnamed port of the slice', () => {
  const unnamed = service({ ports: [{ name: '', port: 6443, protocol: 'TCP' }] });
  const slices = [slice([endpoint('10.0.0.1')], { ports: [{ name: '', port: 7, protocol: 'TCP' }] })];
  assert.deepEqual(resolve(slices, unnamed), ['10.0.0.1 7']);
});

test('no Service, no such port, a port that is not TCP, ExternalName: no endpoints', () => {
  const slices = [slice([endpoint('10.0.0.1')])];
  assert.deepEqual(resolveEndpoints(undefined, slices, 6443).endpoints, []);
  assert.deepEqual(resolve(slices, service(), 7), []);
  assert.deepEqual(resolve(slices, service({ ports: [{ name: 'https', port: 6443, protocol: 'UDP' }] })), []);
  assert.deepEqual(resolve(slices, service({ type: 'ExternalName' })), []);
});

test('endpoints that are not ready are left out while one is ready', () => {
  const endpoints = [endpoint('10.0.0.1'), endpoint('10.0.0.2', NOT_READY), endpoint('10.0.0.3', LEAVING)];
  assert.deepEqual(resolve([slice(endpoints)]), ['10.0.0.1 16443']);
});

test('without a ready endpoint, those that serve while they terminate, and never those that do not serve', () => {
  const unready = [
    endpoint('10.0.0.2', NOT_READY),
    endpoint('10.0.0.4', { ready: false, serving: true, terminating: false }),
    endpoint('10.0.0.5', { ready: false, serving: false, terminating: true }),
  ];
  assert.deepEqual(resolve([slice([...unready, endpoint('10.0.0.3', LEAVING)])]), ['10.0.0.3 16443']);
  assert.deepEqual(resolve([slice(unready)]), []);
});

test('publishNotReadyAddresses counts every endpoint as ready', () => {
  const slices = [slice([endpoint('10.0.0.1', NOT_READY), endpoint('10.0.0.2')])];
  const of = service({ publishNotReadyAddresses: true });
  assert.deepEqual(resolve(slices, of), ['10.0.0.1 16443', '10.0.0.2 16443']);
});

test('dual stack: the first family of the Service, the other only where that has nothing', () => {
  const v4 = slice([endpoint('10.0.0.1')]);
  const v6 = slice([endpoint('FD00::0:1')], { path: 'api-2', addressType: 'IPv6' });
  const dual = (...ipFamilies: ('IPv4' | 'IPv6')[]) => service({ ipFamilies });
  assert.deepEqual(resolve([v4, v6], dual('IPv4', 'IPv6')), ['10.0.0.1 16443']);
  assert.deepEqual(resolve([v4, v6], dual('IPv6', 'IPv4')), ['fd00::1 16443']);
  assert.deepEqual(resolve([v4, v6], dual()), ['10.0.0.1 16443']);
  assert.deepEqual(resolve([v6], dual('IPv4')), ['fd00::1 16443']);
  const leaving = slice([endpoint('10.0.0.1', LEAVING)]);
  assert.deepEqual(resolve([leaving, v6], dual('IPv4', 'IPv6')), ['fd00::1 16443'], 'ready before leaving');
});

test('FQDN slices are ignored', () => {
  assert.deepEqual(resolve([slice([endpoint('db.example.com')], { addressType: 'FQDN' })]), []);
});

test('sorted, each endpoint once, and only the first address of each', () => {
  const slices = [
    slice([endpoint('10.0.0.2'), endpoint('10.0.0.1')]),
    slice([endpoint('10.0.0.1'), { ...endpoint('10.0.0.3'), addresses: ['10.0.0.3', '10.0.0.4'] }], {
      path: 'api-2',
    }),
    slice([{ ...endpoint(''), addresses: [] }], { path: 'api-3' }),
  ];
  assert.deepEqual(resolve(slices), ['10.0.0.1 16443', '10.0.0.2 16443', '10.0.0.3 16443']);
});

test('one address at several ports is several endpoints', () => {
  const slices = [9, 10].map((port) =>
    slice([endpoint('10.0.0.1')], { ports: [{ name: 'https', port, protocol: 'TCP' }] }),
  );
  assert.deepEqual(resolve(slices), ['10.0.0.1 9', '10.0.0.1 10']);
});

test('addresses that a tenant must not reach from the node’s network are refused, with the reason', () => {
  const refusedV4 = [
    '127.0.0.1',
    '127.1.2.3',
    '169.254.169.254',
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '255.255.255.255',
    '240.0.0.1',
    '1.2.3',
    '010.0.0.1',
    '::1',
    'localhost',
    '',
  ];
  const refusedV6 = [
    '::1',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::169.254.169.254',
    'fd00:ec2::254',
    '10.0.0.1',
  ];
  for (const [addressType, refused] of [
    ['IPv4', refusedV4],
    ['IPv6', refusedV6],
  ] as const) {
    for (const address of refused) {
      const resolution = resolveEndpoints(service(), [slice([endpoint(address)], { addressType })], 6443);
      assert.deepEqual(resolution.endpoints, [], address);
      assert.deepEqual(
        resolution.refused.map((entry) => entry.address),
        [address],
      );
    }
  }
  const both = resolveEndpoints(service(), [slice([endpoint('127.0.0.1'), endpoint('10.0.0.1')])], 6443);
  assert.deepEqual(both.endpoints, [{ address: '10.0.0.1', port: 16443 }]);
  assert.deepEqual(both.refused, [{ address: '127.0.0.1', reason: 'a loopback address' }]);
});

test('refused endpoints make a condition', () => {
  const { refused } = resolveEndpoints(
    service(),
    [slice([endpoint('127.0.0.1'), endpoint('10.0.0.1')])],
    6443,
  );
  const found = endpointsCondition({ refused, limit: undefined }, 3);
  assert.equal(found && stateOf([found], 'sluice.dev/EndpointsAccepted'), 'False AddressRefused');
  assert.equal(found?.message, 'Not connected to: "127.0.0.1" (a loopback address).');
  assert.equal(found?.observedGeneration, 3);
  assert.equal(endpointsCondition({ refused: [], limit: undefined }, 3), undefined);
});

test('allowLoopbackEndpoints allows loopback and nothing else', () => {
  const config = { allowLoopbackEndpoints: true };
  const addresses = (written: string, addressType: 'IPv4' | 'IPv6') =>
    resolveEndpoints(service(), [slice([endpoint(written)], { addressType })], 6443, config).endpoints.map(
      ({ address }) => address,
    );
  assert.deepEqual(addresses('127.0.0.1', 'IPv4'), ['127.0.0.1']);
  assert.deepEqual(addresses('::1', 'IPv6'), ['::1']);
  assert.deepEqual(addresses('169.254.169.254', 'IPv4'), []);
  assert.deepEqual(addresses('0.0.0.0', 'IPv4'), []);
});

const anyEndpoint = fc.record({
  addresses: fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constantFrom('10.0.0.1', '127.0.0.1')), {
    maxLength: 2,
  }),
  ready: fc.boolean(),
  serving: fc.boolean(),
  terminating: fc.boolean(),
});
const anySlice = fc
  .record({
    endpoints: fc.array(anyEndpoint, { maxLength: 5 }),
    addressType: fc.constantFrom('IPv4' as const, 'IPv6' as const, 'FQDN' as const),
    port: fc.oneof(fc.integer(), fc.constant(undefined), fc.constant(Number.NaN)),
  })
  .map(({ endpoints, addressType, port }) =>
    slice(endpoints, { addressType, ports: [{ name: 'https', port, protocol: 'TCP' }] }),
  );

test('law: the order of slices and endpoints has no influence, nothing throws, no forbidden address leaves', () => {
  fc.assert(
    fc.property(fc.array(anySlice, { maxLength: 5 }), fc.boolean(), (slices, publishNotReadyAddresses) => {
      const of = service({ publishNotReadyAddresses });
      const backwards = slices
        .toReversed()
        .map((entry) => deepFreeze({ ...entry, endpoints: entry.endpoints.toReversed() }));
      const resolution = resolveEndpoints(of, slices, 6443);
      assert.deepEqual(resolveEndpoints(of, backwards, 6443), resolution);
      for (const { address, port } of resolution.endpoints) {
        assert.doesNotMatch(address, /^(127\.|169\.254\.|0\.|::1$|fe[89ab])/);
        assert.ok(Number.isInteger(port) && port > 0 && port < 65_536);
      }
    }),
  );
});

/** Slices of a thousand endpoints each. */
function manySlices(count: number, firstByte: number): EndpointSlice[] {
  return Array.from({ length: count }, (_, index) => {
    const endpoints = Array.from({ length: 1_000 }, (_, each) =>
      endpoint(`${firstByte}.${index}.${Math.floor(each / 250)}.${(each % 250) + 1}`),
    );
    const like = slice(endpoints);
    return { ...like, meta: { ...like.meta, name: `many-${String(index).padStart(3, '0')}` } };
  });
}

test('of more endpoints than a Service may have those of the first slices by name are used, in whichever order they came', () => {
  const slices = manySlices(7, 10);
  const { endpoints } = resolveEndpoints(service(), slices, 6443);
  assert.equal(endpoints.length, MAX_ENDPOINTS);
  assert.ok(endpoints.every(({ address }) => /^10[.][0-4][.]/.test(address)));
  assert.deepEqual(resolveEndpoints(service(), slices.toReversed(), 6443).endpoints, endpoints);
});

test('of any number of endpoints that are refused a few are told', () => {
  const { refused, endpoints } = resolveEndpoints(service(), manySlices(150, 240), 6443);
  assert.equal(refused.length, MAX_REFUSED);
  assert.deepEqual(endpoints, []);
});
