/** What `sluice translate` says of ListenerSets that are not for Sluice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateway, gatewayClass, listener, listenerSet } from '../../gateway/test-objects.ts';
import type { KubernetesObject } from '../../model/objects.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../snapshot/config.ts';
import { Engine } from '../../snapshot/engine/engine.ts';
import { reportOf } from './report.ts';
import { reportTable } from './table.ts';

const OURS = gateway({
  listeners: [listener({ hostname: 'gateway.example.com' })],
  allowedListeners: { from: 'All', selector: undefined },
});

function reported(...objects: KubernetesObject[]) {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  engine.apply([gatewayClass(), OURS, ...objects].map((object) => ({ type: 'upsert', object })));
  return reportOf(engine, [], DEFAULT_ENGINE_CONFIG.gateway);
}

test('a ListenerSet with a parent that is no Gateway is told apart from one whose Gateway is missing', () => {
  const set = listenerSet({ path: 'red/mesh' });
  const foreign = { ...set, parentRef: { ...set.parentRef, group: 'mesh.example', kind: 'Edge' } };
  const lost = listenerSet({ path: 'red/lost' });
  const { unclaimed } = reported(foreign, { ...lost, parentRef: { ...lost.parentRef, name: 'gone' } });
  assert.deepEqual(unclaimed, [
    { gateway: 'ListenerSet red/lost', reason: 'there is no Gateway infra/gone' },
    { gateway: 'ListenerSet red/mesh', reason: 'its parent Edge infra/gw (mesh.example) is no Gateway' },
  ]);
});

test('ListenerSets that are not for Sluice are not counted as Gateways', () => {
  const lost = listenerSet({ path: 'red/lost' });
  const orphan = { ...lost, parentRef: { ...lost.parentRef, name: 'gone' } };
  assert.match(reportTable(reported(orphan)), /^1 Gateways, 0 of 1 ListenerSets, /m);
  assert.match(
    reportTable(reported(orphan, listenerSet({ path: 'red/set' }))),
    /^1 Gateways, 1 of 2 ListenerSets, /m,
  );
});
