/** Health and reflection beside the real server, with a real gRPC client. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ADS_SERVICE_NAME } from '../service.ts';
import { cleanUp, healthOf, reflectedServices, serve, unary, watchedHealth } from '../test-client.ts';

afterEach(cleanUp);

describe('beside the ADS service', () => {
  it('reflection lists the service', async () => {
    const { port } = await serve();
    const services = await reflectedServices(port);
    assert.ok(services.includes(ADS_SERVICE_NAME), services);
    assert.ok(services.includes('grpc.health.v1.Health'), services);
  });

  it('health can be watched, and knows what is not served', async () => {
    const { view, port } = await serve();
    const { watched, end } = await watchedHealth(port, ADS_SERVICE_NAME);
    assert.equal(await watched(), 'NOT_SERVING');
    view.setReady();
    assert.equal(await watched(), 'SERVING');
    end();
    await assert.rejects(healthOf(port, 'no.such.Service'), { code: status.NOT_FOUND });
  });

  it('requests that are no messages end their own call', async () => {
    const { port } = await serve();
    const bytes = Buffer.from([0x0f]);
    await assert.rejects(unary(port, '/grpc.health.v1.Health/Check', bytes), { code: status.INTERNAL });
    await assert.rejects(reflectedServices(port, bytes), { code: status.INTERNAL });
    assert.equal(await healthOf(port), 'NOT_SERVING');
  });
});
