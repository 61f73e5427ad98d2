import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { gatewayObjects, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import { conditionsOf } from '../../gateway/status/conditions-of.ts';
import { refOf } from '../../model/events.ts';
import { parseObjectKey } from '../../model/key.ts';
import type { KubernetesObject } from '../../model/objects.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../snapshot/config.ts';
import { Engine } from '../../snapshot/engine/engine.ts';
import { RouteOutcomes } from './route-outcomes.ts';

function setUp() {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  const outcomes = new RouteOutcomes(engine);
  const registry = new Registry();
  outcomes.register(registry);
  const apply = (events: Parameters<Engine['apply']>[0]): void => {
    engine.apply(events);
    for (const key of engine.takeStatusChanges())
      outcomes.note(key, conditionsOf(engine, parseObjectKey(key)));
  };
  /** Series above 0, as `name{labels}`. */
  const series = async (): Promise<Readonly<Record<string, number>>> => {
    const found = [...(await registry.metrics()).matchAll(/^(sluice_\S+) (\d+)$/gm)];
    const all = found.map(([, name = '', value]) => [name, Number(value)] as const);
    return Object.fromEntries(all.filter(([, value]) => value > 0));
  };
  return { apply, series, registry };
}

function ofKind(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  const found = objects.find((each) => each.kind === kind);
  assert.ok(found);
  return found;
}

describe('routes and hosts by outcome', () => {
  it('follow what becomes of them, and are forgotten with them', async () => {
    const { apply, series } = setUp();
    const [first, second] = [tenantObjects(0, '10.0.0.1'), tenantObjects(1, '10.0.0.2')];
    apply(upserts([...gatewayObjects(), ...first, ...second]));
    assert.deepEqual(await series(), {
      'sluice_routes{kind="TLSRoute",outcome="Serving"}': 2,
      'sluice_hosts{outcome="Serving"}': 2,
    });
    const slice = ofKind(first, 'EndpointSlice');
    apply([{ type: 'delete', ref: refOf(slice) }]);
    assert.deepEqual(await series(), {
      'sluice_routes{kind="TLSRoute",outcome="Serving"}': 1,
      'sluice_routes{kind="TLSRoute",outcome="NoEndpoints"}': 1,
      'sluice_hosts{outcome="Serving"}': 1,
      'sluice_hosts{outcome="NoEndpoints"}': 1,
    });
    apply([{ type: 'delete', ref: refOf(ofKind(first, 'TLSRoute')) }]);
    apply(upserts([slice]));
    assert.deepEqual(await series(), {
      'sluice_routes{kind="TLSRoute",outcome="Serving"}': 1,
      'sluice_hosts{outcome="Serving"}': 1,
    });
  });

  it('tell who lost a host, and who has no Gateway', async () => {
    const { apply, series } = setUp();
    const [first, second] = [tenantObjects(0, '10.0.0.1'), tenantObjects(1, '10.0.0.2')];
    const route = ofKind(first, 'TLSRoute');
    const other = ofKind(second, 'TLSRoute');
    assert.ok(route.kind === 'TLSRoute' && other.kind === 'TLSRoute');
    const rival = { ...other, hostnames: route.hostnames };
    apply(upserts([...gatewayObjects(), ...first, ...second, rival]));
    assert.deepEqual(await series(), {
      'sluice_routes{kind="TLSRoute",outcome="Serving"}': 1,
      'sluice_routes{kind="TLSRoute",outcome="HostnameConflict"}': 1,
      'sluice_hosts{outcome="Serving"}': 1,
      'sluice_hosts{outcome="HostnameConflict"}': 1,
    });
    const gateway = ofKind(gatewayObjects(), 'Gateway');
    apply([{ type: 'delete', ref: refOf(gateway) }]);
    assert.deepEqual(
      Object.keys(await series()).filter((name) => name.startsWith('sluice_hosts')),
      [],
    );
  });

  it('have the series of every outcome from the start, so that a rise can be seen', async () => {
    const { registry } = setUp();
    const text = await registry.metrics();
    assert.match(text, /^sluice_hosts\{outcome="NoEndpoints"\} 0$/m);
    assert.match(text, /^sluice_routes\{kind="Ingress",outcome="OverBudget"\} 0$/m);
  });
});
