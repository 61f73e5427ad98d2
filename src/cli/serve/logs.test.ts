/** What a running control plane tells in its log: of changes, endpoints and what Envoys rejected. */
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { pino } from 'pino';
import { gatewayObjects, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import { ManualLoop } from '../../event-loop/test-loop.ts';
import { ManualClock } from '../../kubernetes-api/test-clock.ts';
import { refOf } from '../../model/events.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../snapshot/config.ts';
import { Engine } from '../../snapshot/engine/engine.ts';
import { LISTENER_TYPE } from '../../snapshot/resources/resource.ts';
import { ChangeLog } from './change-log.ts';
import { EndpointLog } from './endpoint-log.ts';
import { LineBudget } from './line-budget.ts';
import { logRejection } from './rejection-log.ts';

function logged() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => {
    const { time: _time, ...fields } = JSON.parse(line) as Record<string, unknown>;
    lines.push(fields);
  };
  const logger = pino({ base: null }, { write });
  return { logger, take: () => lines.splice(0) };
}

describe('changes', () => {
  it('tells of the first flush at once, and of those that follow soon after together', () => {
    const engine = new Engine(DEFAULT_ENGINE_CONFIG);
    const { logger, take } = logged();
    const clock = new ManualClock();
    const report = new ChangeLog(engine, logger, clock);
    const apply = (...events: Parameters<Engine['apply']>): void => {
      engine.apply(...events);
      report.flushed(engine.takeStatusChanges());
    };
    apply(upserts([...gatewayObjects(), ...tenantObjects(0, '10.0.0.1'), ...tenantObjects(1, '10.0.0.2')]));
    const [first, ...others] = take();
    assert.deepEqual(first?.['routes'], { added: 2, changed: 0, removed: 0 });
    assert.equal(first?.['hosts'], 2);
    assert.deepEqual(others, []);

    const route = tenantObjects(1, '10.0.0.2').find(({ kind }) => kind === 'TLSRoute');
    assert.ok(route);
    apply([{ type: 'delete', ref: refOf(route) }]);
    apply(upserts(tenantObjects(2, '10.0.0.3')));
    clock.advance(999);
    assert.deepEqual(take(), []);
    clock.advance(1);
    const [later] = take();
    assert.deepEqual(later?.['routes'], { added: 1, changed: 0, removed: 1 });
    assert.equal(later?.['hosts'], 2);
    apply([]);
    report.close();
    assert.deepEqual(take(), [], 'nothing changed');
  });

  it('writes ever fewer lines while a stream of changes goes on, and leaves none out', () => {
    const engine = new Engine(DEFAULT_ENGINE_CONFIG);
    const { logger, take } = logged();
    const clock = new ManualClock();
    const report = new ChangeLog(engine, logger, clock);
    engine.apply(upserts(gatewayObjects()));
    for (let change = 0; change < 300; change += 1) {
      engine.apply(upserts(tenantObjects(change, '10.0.0.1')));
      report.flushed(engine.takeStatusChanges());
      clock.advance(100);
    }
    report.close();
    const lines = take();
    assert.ok(lines.length <= 8, String(lines.length));
    const added = lines.map(({ routes }) => (routes as { added: number }).added);
    assert.equal(
      added.reduce((sum, each) => sum + each, 0),
      300,
    );
    clock.advance(10_000);
    engine.apply(upserts(tenantObjects(300, '10.0.0.1')));
    report.flushed(engine.takeStatusChanges());
    assert.equal(take().length, 1, 'after a quiet time at once');
  });
});

describe('endpoints', () => {
  it('tells once that there are none, and once that there are again', () => {
    const engine = new Engine(DEFAULT_ENGINE_CONFIG);
    const { logger, take } = logged();
    const report = new EndpointLog(engine, new LineBudget(logger), {
      lane: new ManualLoop().turns.reports,
    });
    const apply = (...events: Parameters<Engine['apply']>): void => {
      engine.apply(...events);
      report.flushed();
    };
    const tenant = tenantObjects(0, '10.0.0.1');
    apply(upserts([...gatewayObjects(), ...tenant]));
    assert.deepEqual(take(), []);
    const slice = tenant.find(({ kind }) => kind === 'EndpointSlice');
    assert.ok(slice);
    apply([{ type: 'delete', ref: refOf(slice) }]);
    apply([{ type: 'delete', ref: refOf(slice) }]);
    const [gone, ...others] = take();
    assert.deepEqual(others, []);
    assert.match(String(gone?.['reason']), /^no EndpointSlice of Service tenant-0\//);
    apply(upserts([slice]));
    assert.deepEqual(
      take().map(({ msg }) => msg),
      ['there are endpoints again'],
    );
  });
});

test('what an Envoy rejected is told, and that it is in force after all', () => {
  const { logger, take } = logged();
  const lines = new LineBudget(logger);
  const node = { id: 'gw-1', version: '1.40.0', peer: '127.0.0.1:1' };
  const names = Array.from({ length: 30 }, (_, index) => `a:${index}`);
  logRejection({ type: 'rejected', node, typeUrl: LISTENER_TYPE, names, error: 'cannot bind' }, lines);
  logRejection({ type: 'accepted', node, typeUrl: LISTENER_TYPE, names }, lines);
  const [rejected, accepted, ...others] = take();
  assert.equal(rejected?.['code'], 'SLUICE_XDS_NACK');
  assert.deepEqual([rejected?.['type'], rejected?.['error']], ['listener', 'cannot bind']);
  assert.deepEqual(rejected?.['held'], names.slice(0, 20));
  assert.deepEqual(accepted?.['resources'], names.slice(0, 20));
  assert.equal(accepted?.['count'], 30);
  assert.deepEqual(others, []);
});
