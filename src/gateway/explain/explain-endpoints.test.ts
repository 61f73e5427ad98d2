import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSlice, Service } from '../../model/objects.ts';
import { CONFIG, endpoint, service, slice } from '../test-objects.ts';
import { explainEndpoints } from './explain-endpoints.ts';

const TARGET = { namespace: 'default', service: 'api', port: 6443 };

function reason(slices: readonly EndpointSlice[], of: Service | undefined = service()): string | undefined {
  return explainEndpoints(TARGET, of, slices, CONFIG).problem?.text;
}

test('endpoints are counted, and nothing is to be explained', () => {
  const slices = [slice([endpoint('10.0.0.1'), endpoint('10.0.0.2')])];
  assert.deepEqual(explainEndpoints(TARGET, service(), slices, CONFIG), {
    count: 2,
    problem: undefined,
    note: undefined,
  });
});

test('none: the first thing that is missing on the way is named', () => {
  assert.equal(reason([]), 'no EndpointSlice of Service default/api');
  const renamed = [{ name: 'web', port: 1, protocol: 'TCP' }];
  assert.equal(
    reason([slice([endpoint('10.0.0.1')], { ports: renamed })]),
    'port https of Service default/api is in no EndpointSlice, they have: web',
  );
  const unready = endpoint('10.0.0.1', { ready: false, serving: false });
  assert.equal(reason([slice([unready, unready])]), 'none of 2 endpoints of Service default/api is ready');
  assert.match(reason([slice([])]) ?? '', /list no endpoint$/);
  assert.match(reason([slice([endpoint('x.y')], { addressType: 'FQDN' })]) ?? '', /addressType FQDN/);
  assert.match(
    reason([slice([endpoint('127.0.0.1')])]) ?? '',
    /refused: "127\.0\.0\.1" \(a loopback address\), see --allow-loopback-endpoints$/,
  );
  assert.match(reason([slice([endpoint('169.254.1.1')])]) ?? '', /refused: "169\.254\.1\.1" \([^)]*\)$/);
  assert.equal(reason([], service({ ports: [] })), 'Service default/api has no TCP port 6443');
});

test('a port of the right name that is of no use is not told as one that is missing', () => {
  const withPort = (port: object) =>
    explainEndpoints(
      TARGET,
      service(),
      [slice([endpoint('10.0.0.1')], { ports: [{ name: 'https', port: 6443, protocol: 'TCP', ...port }] })],
      CONFIG,
    ).problem;
  assert.equal(withPort({ port: undefined })?.reason, 'PortNotFound');
  assert.match(
    withPort({ port: undefined })?.text ?? '',
    /^port https of .* has no number in its EndpointSlices/,
  );
  assert.match(withPort({ port: 0 })?.text ?? '', /has the number 0 .*not between 1 and 65535$/);
  assert.match(withPort({ protocol: 'UDP' })?.text ?? '', /is UDP in its EndpointSlices and not TCP$/);
});

test('a slice that is full may be cut: an Endpoints object with more addresses is', () => {
  const addresses = (count: number) =>
    Array.from({ length: count }, (_, index) => endpoint(`10.0.${index >> 8}.${index & 255}`));
  const note = (count: number) => explainEndpoints(TARGET, service(), [slice(addresses(count))], CONFIG).note;
  assert.equal(note(999), undefined);
  assert.match(note(1000) ?? '', /of Service api has 1000 endpoints, as many as one can have/);
});
