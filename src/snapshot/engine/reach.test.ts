/** What it costs to tell routes whether anything can answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayObjects, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import type { EndpointSlice } from '../../model/objects.ts';
import { key } from '../../model/test-key.ts';
import { DEFAULT_ENGINE_CONFIG } from '../config.ts';
import { Engine } from './engine.ts';

const ROUTE = key('TLSRoute/tenant-0/cluster-0');

function setUp() {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  const others = [1, 2, 3].flatMap((tenant) => tenantObjects(tenant, '10.0.0.1'));
  engine.apply(upserts([...gatewayObjects(), ...tenantObjects(0, '10.0.0.1'), ...others]));
  engine.takeStatusChanges();
  const slice = tenantObjects(0, '10.0.0.1').at(-1) as EndpointSlice;
  const [endpoint] = slice.endpoints;
  assert.ok(endpoint !== undefined);
  const unready = { ...endpoint, ready: false, serving: false };
  /** The routes whose status is looked at again once the slice has these endpoints. */
  const apply = (...endpoints: EndpointSlice['endpoints']): readonly string[] => {
    engine.apply(upserts([{ ...slice, endpoints }]));
    return [...engine.takeStatusChanges()];
  };
  const serving = (): string => {
    const [status] = engine.routeStatus(ROUTE);
    const found = status?.conditions.find(({ type }) => type === 'sluice.dev/Serving');
    return `${found?.status} ${found?.reason}`;
  };
  return { engine, endpoint, unready, apply, serving };
}

test('endpoints that go, and come back, mark the routes of their set and no other', () => {
  const { endpoint, unready, apply, serving } = setUp();
  assert.equal(serving(), 'True Serving');
  assert.deepEqual(apply(unready), [ROUTE]);
  assert.equal(serving(), 'False EndpointsNotReady');
  assert.deepEqual(apply(endpoint), [ROUTE]);
  assert.equal(serving(), 'True Serving');
  assert.deepEqual(apply(), [ROUTE]);
  assert.equal(serving(), 'False NoEndpoints');
});

test('endpoints that flap while others answer mark nothing', () => {
  const { endpoint, unready, apply } = setUp();
  const second = { ...endpoint, addresses: ['10.0.0.2'] };
  assert.deepEqual(apply(endpoint, second), []);
  assert.deepEqual(apply(endpoint, { ...unready, addresses: ['10.0.0.2'] }), []);
  assert.deepEqual(apply(second), []);
});

test('what is told of a set goes with it', () => {
  const { engine, unready, apply, serving } = setUp();
  apply(unready);
  const service = tenantObjects(0, '10.0.0.1').find(({ kind }) => kind === 'Service');
  assert.ok(service !== undefined);
  const { namespace, name } = service.meta;
  engine.apply([{ type: 'delete', ref: { kind: 'Service', namespace, name } }]);
  assert.equal(serving(), 'False BackendNotFound');
  engine.apply(upserts([service]));
  assert.equal(serving(), 'False EndpointsNotReady');
});
