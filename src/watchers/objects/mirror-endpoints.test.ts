import assert from 'node:assert/strict';
import test from 'node:test';
import { mirrorEndpoints } from './mirror-endpoints.ts';

const PORTS = [{ name: 'api', port: 6443, protocol: 'TCP' }];

function endpoints(subsets: unknown, metadata: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'api', namespace: 'ns', ...metadata },
    subsets,
  };
}

function mirrored(raw: object) {
  const result = mirrorEndpoints(raw);
  assert.ok(result.type === 'slices', JSON.stringify(result));
  return result.slices;
}

test('each subset and address family becomes a slice of the Service', () => {
  const slices = mirrored(
    endpoints([
      {
        addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }],
        notReadyAddresses: [{ ip: '10.0.0.2' }],
        ports: PORTS,
      },
      { addresses: [{ ip: '10.0.0.3' }], ports: [{ port: 7443 }] },
    ]),
  );
  assert.deepEqual(
    slices.map(({ meta, serviceName, addressType, endpoints, ports }) => [
      `${meta.namespace}/${meta.name}`,
      serviceName,
      addressType,
      endpoints.map(({ addresses, ready }) => `${addresses[0]} ${ready}`),
      ports,
    ]),
    [
      ['ns/api-mirrored-0-ipv4', 'api', 'IPv4', ['10.0.0.1 true', '10.0.0.2 false'], PORTS],
      ['ns/api-mirrored-0-ipv6', 'api', 'IPv6', ['fd00::1 true'], PORTS],
      [
        'ns/api-mirrored-1-ipv4',
        'api',
        'IPv4',
        ['10.0.0.3 true'],
        [{ name: '', port: 7443, protocol: 'TCP' }],
      ],
    ],
  );
});

test('an address that is not ready neither serves nor terminates', () => {
  const [slice] = mirrored(endpoints([{ notReadyAddresses: [{ ip: '10.0.0.1' }], ports: PORTS }]));
  assert.deepEqual(slice?.endpoints, [
    { addresses: ['10.0.0.1'], ready: false, serving: false, terminating: false },
  ]);
});

test('Endpoints that ask for it, or are only a lock, are not mirrored', () => {
  const subsets = [{ addresses: [{ ip: '10.0.0.1' }], ports: PORTS }];
  const skip = 'endpointslice.kubernetes.io/skip-mirror';
  assert.deepEqual(mirrored(endpoints(subsets, { labels: { [skip]: 'true' } })), []);
  assert.equal(mirrored(endpoints(subsets, { labels: { [skip]: 'false' } })).length, 1);
  const lock = { 'control-plane.alpha.kubernetes.io/leader': '{}' };
  assert.deepEqual(mirrored(endpoints(subsets, { annotations: lock })), []);
});

test('Endpoints without subsets are no slice', () => {
  assert.deepEqual(mirrored(endpoints(null)), []);
});

test('an address of a wrong type is refused with its path', () => {
  const result = mirrorEndpoints(endpoints([{ addresses: [{ ip: 5 }], ports: PORTS }]));
  assert.equal(result.type === 'invalid' && result.path, 'subsets[0].addresses[0].ip');
});

test('what is no Endpoints is ignored', () => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'api' } };
  assert.deepEqual(mirrorEndpoints(service), { type: 'ignored', kind: 'Service' });
});
