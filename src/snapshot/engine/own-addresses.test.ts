import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayObjects, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import type { Node } from '../../model/objects.ts';
import { key } from '../../model/test-key.ts';
import { DEFAULT_ENGINE_CONFIG, type EngineConfig } from '../config.ts';
import { Engine } from './engine.ts';

const NODE: Node = {
  kind: 'Node',
  meta: {
    namespace: '',
    name: 'gw-1',
    uid: 'gw-1',
    generation: 0,
    creationTimestamp: '',
    labels: { 'node-role.kubernetes.io/gateway': 'true' },
    annotations: {},
  },
  addresses: [{ type: 'ExternalIP', address: '203.0.113.1' }],
};

function withEndpoint(address: string, port: number, config: EngineConfig = DEFAULT_ENGINE_CONFIG): Engine {
  const engine = new Engine(config);
  const tenant = tenantObjects(0, address).map((object) =>
    object.kind === 'EndpointSlice'
      ? { ...object, ports: object.ports.map((each) => ({ ...each, port })) }
      : object,
  );
  engine.apply(upserts([...gatewayObjects(), ...tenant]));
  return engine;
}

function refusals(engine: Engine): string[] {
  const conditions = engine
    .routeStatus(key('TLSRoute/tenant-0/cluster-0'))
    .flatMap((status) => status.conditions);
  return conditions
    .filter(({ type }) => type === 'sluice.dev/EndpointsAccepted')
    .map(({ message }) => message);
}

test('an endpoint that is a gateway node, on a port that it listens on, is refused as soon as the node is known', () => {
  const engine = withEndpoint('203.0.113.1', 443);
  assert.deepEqual(refusals(engine), []);
  engine.apply(upserts([NODE]));
  assert.deepEqual(refusals(engine), ['Not connected to: "203.0.113.1" (the gateway itself).']);
  engine.apply(upserts([{ ...NODE, addresses: [] }]));
  assert.deepEqual(refusals(engine), []);
});

test('another port of such a node is no business of ours', () => {
  const engine = withEndpoint('203.0.113.1', 6443);
  engine.apply(upserts([NODE]));
  assert.deepEqual(refusals(engine), []);
});

test('a public address before the nodes counts as theirs', () => {
  const gateway = { ...DEFAULT_ENGINE_CONFIG.gateway, publicAddresses: ['203.0.113.9'] };
  const engine = withEndpoint('203.0.113.9', 443, { ...DEFAULT_ENGINE_CONFIG, gateway });
  assert.equal(refusals(engine).length, 1);
});
