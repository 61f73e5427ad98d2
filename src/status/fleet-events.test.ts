import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetEvents } from './fleet-events.ts';

test('that no Envoy is connected is told once, in the namespace of Sluice, and that it is over', () => {
  const told: string[] = [];
  const events = new FleetEvents(
    {
      record: ({ namespace, kind }, { type, reason }) =>
        void told.push(`${kind} in ${namespace}: ${type} ${reason}`),
    },
    'edge',
  );
  for (const envoys of [2, 0, 0, 1, 2, 0]) events.look(envoys);
  assert.deepEqual(told, [
    'Lease in edge: Warning NoEnvoyConnected',
    'Lease in edge: Normal EnvoyConnected',
    'Lease in edge: Warning NoEnvoyConnected',
  ]);
});
