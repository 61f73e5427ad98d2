import assert from 'node:assert/strict';
import test from 'node:test';
import { World } from '../world/world.ts';
import { RecordingLookup } from './recording-lookup.ts';

const PARENTS = {
  gateways: new Map(),
  listenerSets: new Map(),
  mergedListeners: new Map(),
  poolAddresses: new Map(),
};

test('who is asked for a thousand times is remembered once in each evaluation', () => {
  const lookup = new RecordingLookup(new World(), PARENTS);
  const gateway = { kind: 'Gateway', namespace: 'infra', name: 'gw' } as const;
  const ask = (): void => {
    for (let times = 0; times < 1_000; times += 1) {
      lookup.listenerOn(gateway, 443, '*.example.com');
      lookup.listenerOn(gateway, 8443, '*.example.com');
    }
  };
  const expected = ['ListenerOn/infra/gw/443/*.example.com', 'ListenerOn/infra/gw/8443/*.example.com'];
  ask();
  assert.deepEqual(lookup.takeKeys(), expected);
  ask();
  assert.deepEqual(lookup.takeKeys(), expected);
});

test('a name of a hundred labels is no hundred dependencies', () => {
  const lookup = new RecordingLookup(new World(), PARENTS);
  const gateway = { kind: 'Gateway', namespace: 'infra', name: 'gw' } as const;
  const labels = Array.from({ length: 100 }, (_, index) => `l${index}`);
  for (let first = 1; first <= labels.length; first += 1)
    lookup.listenerOn(gateway, 443, ['*', ...labels.slice(first)].join('.'));
  assert.deepEqual(lookup.takeKeys(), [
    'ListenerOn/infra/gw/443/….l92.l93.l94.l95.l96.l97.l98.l99',
    ...[93, 94, 95, 96, 97, 98, 99, 100].map((first) =>
      ['ListenerOn/infra/gw/443/*', ...labels.slice(first)].join('.'),
    ),
  ]);
});
