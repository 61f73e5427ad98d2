/** Whose status Sluice writes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateway, gatewayClass, listener, listenerSet } from '../../gateway/test-objects.ts';
import { refOf } from '../../model/events.ts';
import type { FleetView } from '../../model/fleet.ts';
import { objectKey } from '../../model/key.ts';
import type { ListenerSet } from '../../model/objects.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../snapshot/config.ts';
import { Engine } from '../../snapshot/engine/engine.ts';
import { Rejections } from '../../xds/rejections.ts';
import { EngineStatuses } from './engine-statuses.ts';

const GATEWAY = gateway({
  listeners: [listener({ hostname: 'gateway.example.com' })],
  allowedListeners: { from: 'All', selector: undefined },
});
const SET = listenerSet({ path: 'red/set' });
const FLEET: FleetView = {
  serving: new Set(),
  connected: new Set(),
  acknowledgementOf: () => ({ acknowledged: true, rejection: undefined }),
  hasRejectedClusters: false,
  rejectedCluster: () => undefined,
  tentative: false,
};

/** What is to be said of a ListenerSet that had a status of ours when its parent was the Gateway. */
function saidAfter(parentRef: ListenerSet['parentRef']) {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  const world = new EngineStatuses({
    engine,
    config: DEFAULT_ENGINE_CONFIG.gateway,
    gatewayAddresses: [],
    server: { nodes: () => [], rejections: new Rejections(engine.resources) },
  });
  for (const object of [gatewayClass(), GATEWAY, SET]) engine.apply([{ type: 'upsert', object }]);
  const key = objectKey(refOf(SET));
  assert.ok(world.desired(key, FLEET) !== undefined, 'ours');
  engine.apply([{ type: 'upsert', object: { ...SET, parentRef } }]);
  const status = world.desired(key, FLEET);
  return status?.kind === 'ListenerSet' ? status.conditions.map(({ reason }) => reason) : undefined;
}

test('a ListenerSet whose Gateway is not there any more is told so', () => {
  assert.deepEqual(saidAfter({ ...SET.parentRef, name: 'gone' }), [
    'ParentNotAccepted',
    'ParentNotProgrammed',
  ]);
});

test('a ListenerSet that is given to another kind of parent is left to its controller', () => {
  const elsewhere = { ...SET.parentRef, name: 'edge' };
  assert.equal(saidAfter({ ...elsewhere, group: 'mesh.example' }), undefined);
  assert.equal(saidAfter({ ...elsewhere, kind: 'EdgeGateway' }), undefined);
});
