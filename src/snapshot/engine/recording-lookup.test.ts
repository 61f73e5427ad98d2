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
