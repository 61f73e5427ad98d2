/** What a running control plane tells in its log: of changes, endpoints and what Envoys rejected. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import { gatewayObjects, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import { refOf } from '../../model/events.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../snapshot/config.ts';
import { Engine } from '../../snapshot/engine/engine.ts';
import { LISTENER_TYPE } from '../../snapshot/resources/resource.ts';
import { AdsStream } from '../../xds/stream.ts';
import { TestView } from '../../xds/test-view.ts';
import { ChangeReport } from './change-report.ts';
import { EndpointReport } from './endpoint-report.ts';
import { HeldReport } from './held-report.ts';

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
    const report = new ChangeReport(engine, logger);
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
    assert.deepEqual(take(), []);
    report.close();
    const [later] = take();
    assert.deepEqual(later?.['routes'], { added: 1, changed: 0, removed: 1 });
    assert.equal(later?.['hosts'], 2);
    apply([]);
    report.close();
    assert.deepEqual(take(), [], 'nothing changed');
  });
});

describe('endpoints', () => {
  it('tells once that there are none, and once that there are again', () => {
    const engine = new Engine(DEFAULT_ENGINE_CONFIG);
    const { logger, take } = logged();
    const report = new EndpointReport(engine, DEFAULT_ENGINE_CONFIG.gateway, logger);
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

  it('bounds what one flush writes', async () => {
    const engine = new Engine(DEFAULT_ENGINE_CONFIG);
    const { logger, take } = logged();
    const report = new EndpointReport(engine, DEFAULT_ENGINE_CONFIG.gateway, logger);
    const tenants = Array.from({ length: 60 }, (_, index) => tenantObjects(index, '10.0.0.1')).flat();
    engine.apply(upserts([...gatewayObjects(), ...tenants.filter(({ kind }) => kind !== 'EndpointSlice')]));
    report.flushed();
    const lines = take();
    // The last line ends the batch, in the background where the first slice was not enough.
    while (lines.length < 51) {
      await setImmediate();
      lines.push(...take());
    }
    assert.equal(lines.length, 51);
    assert.equal(lines.at(-1)?.['more'], 10);
  });
});

describe('what an Envoy rejected', () => {
  const NODE = { id: 'gw-1', version: '1.40.0', peer: '127.0.0.1:1' };

  function setUp() {
    const view = new TestView();
    const stream = new AdsStream(view);
    view.onChange((change) => stream.changed(change));
    const { logger, take } = logged();
    const report = new HeldReport(
      view,
      () => [{ ...NODE, connectedAt: new Date(0), stream, hasBeenCurrent: true }],
      logger,
    );
    /** Answers the next response, as the connection would. */
    const answer = (error?: string): void => {
      const response = stream.next();
      assert.ok(response);
      const { rejected } = stream.request({
        type_url: LISTENER_TYPE,
        response_nonce: response.nonce,
        ...(error !== undefined && { error_detail: { message: error } }),
      });
      if (rejected === undefined) report.acknowledged(NODE, LISTENER_TYPE);
      else report.rejected(NODE, rejected);
    };
    stream.request({ type_url: LISTENER_TYPE });
    return { view, stream, answer, report, take };
  }

  it('is told to be in force again once a corrected version is accepted', () => {
    const { view, answer, take } = setUp();
    view.put(LISTENER_TYPE, { a: '1', b: '1' });
    answer('a: cannot bind');
    answer();
    assert.deepEqual(take(), [], 'only b was accepted');
    view.put(LISTENER_TYPE, { a: '2' });
    answer();
    const [line, ...others] = take();
    assert.deepEqual(line?.['resources'], ['a']);
    assert.deepEqual(others, []);
  });

  it('is told so of each that was tried again as it was', () => {
    const { view, stream, answer, take } = setUp();
    view.put(LISTENER_TYPE, { a: '1', b: '1' });
    answer('a: cannot bind, b: cannot bind');
    stream.retryHeld();
    answer();
    assert.deepEqual(take(), [], 'the other one is not sent yet');
    answer();
    assert.deepEqual(take()[0]?.['resources'], ['a', 'b']);
  });

  it('is forgotten where it is gone, or its Envoy is', () => {
    const { view, answer, report, take } = setUp();
    view.put(LISTENER_TYPE, { a: '1' });
    answer('a: cannot bind');
    report.disconnected(NODE);
    view.put(LISTENER_TYPE, { a: '2' });
    answer();
    assert.deepEqual(take(), []);
  });
});
