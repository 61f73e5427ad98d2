import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import { PodReplica, type Way } from './pod-replica.ts';

const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function way(answer: RequestListener): Promise<Way & { readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return { asked, prefix: '/pod', target: async () => ({ server: url }) };
}

const says = (status: number, text: string) => (): Promise<Way & { readonly asked: string[] }> =>
  way((_, response) => void response.writeHead(status).end(text));
const good = says(200, '{"kind":"Answer"}');
const silent = () => way(() => {});
const failed = says(503, 'error trying to reach service: dial tcp 10.0.0.1:18001: i/o timeout');
const denied = says(403, '{"kind":"Status","message":"pods \\"a\\" is forbidden"}');
const busy = says(503, '{"kind":"Error","code":"SLUICE_ADMIN_BUSY","message":"64 others"}');

const NEVER = 600_000;
const signal = (): AbortSignal => AbortSignal.timeout(10_000);

function replica(ways: readonly Way[], nextWayMs = NEVER): PodReplica {
  return new PodReplica('sluice-a', ways, undefined, nextWayMs);
}

describe('a replica in a pod', () => {
  it('is reached by the first way alone where that answers', async () => {
    const [proxy, forward] = [await good(), await good()];
    const { status } = await replica([proxy, forward]).get('/api/v1/status', signal());
    assert.equal(status, 200);
    assert.deepEqual(proxy.asked, ['/pod/api/v1/status']);
    assert.deepEqual(forward.asked, []);
  });

  it('is reached by the next way while the first is silent, and from then on by that one', async () => {
    const [proxy, forward] = [await silent(), await good()];
    const reached = replica([proxy, forward], 1);
    for (const path of ['/a', '/b']) assert.equal((await reached.get(path, signal())).status, 200);
    assert.deepEqual(proxy.asked, ['/pod/a']);
    assert.deepEqual(forward.asked, ['/pod/a', '/pod/b']);
  });

  for (const [what, first] of [
    ['fails', failed],
    ['is not allowed', denied],
  ] as const)
    it(`is reached by the next way at once where the first ${what}`, async () => {
      const answer = await replica([await first(), await good()]).get('/a', signal());
      assert.equal(answer.status, 200);
    });

  it('is believed where it is the replica that refuses', async () => {
    const forward = await good();
    const answer = await replica([await busy(), forward]).get('/a', signal());
    assert.equal(answer.status, 503);
    assert.deepEqual(forward.asked, []);
  });

  it('is reached for a stream by the way that answers', async () => {
    const forward = await good();
    const parts = await replica([await failed(), forward]).stream('/changes', signal());
    let text = '';
    for await (const part of parts) text += part.toString();
    assert.equal(text, '{"kind":"Answer"}');
    assert.deepEqual(forward.asked, ['/pod/livez', '/pod/changes']);
  });

  it('says why each way fails', async () => {
    await assert.rejects(
      replica([await failed(), await way((request) => void request.socket.destroy())]).get('/a', signal()),
      /i\/o timeout.*; socket hang up/,
    );
  });

  it('says which right is missing where no way is allowed', async () => {
    const { status, text } = await replica([await denied(), await failed()]).get('/a', signal());
    assert.equal(status, 403);
    assert.match(text, /is forbidden/);
  });

  it('ends with its time', async () => {
    await assert.rejects(
      replica([await silent(), await silent()], 1).get('/a', AbortSignal.timeout(50)),
      /abort/i,
    );
  });
});
