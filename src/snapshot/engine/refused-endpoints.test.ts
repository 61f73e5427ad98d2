import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayObjects, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import { key } from '../../model/test-key.ts';
import { DEFAULT_ENGINE_CONFIG } from '../config.ts';
import { Engine } from './engine.ts';

const ROUTE = key('TLSRoute/tenant-0/cluster-0');

function refusals(engine: Engine): string[] {
  return engine
    .routeStatus(ROUTE)
    .flatMap(({ conditions }) => conditions)
    .filter(({ type }) => type === 'sluice.dev/EndpointsAccepted')
    .map(({ message }) => message);
}

test('a route is told of endpoints that are refused, and that they are refused no more', () => {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  engine.apply(upserts([...gatewayObjects(), ...tenantObjects(0, '169.254.169.254')]));
  assert.deepEqual(refusals(engine), ['Not connected to: "169.254.169.254" (a link-local address).']);
  engine.takeStatusChanges();
  const slice = tenantObjects(0, '10.0.0.1').at(-1);
  assert.ok(slice);
  engine.apply(upserts([slice]));
  assert.deepEqual(refusals(engine), []);
  assert.ok(engine.takeStatusChanges().has(ROUTE), 'its status is looked at again');
});
