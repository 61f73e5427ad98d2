import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { claimSocket, openSocket } from './unix-socket.ts';

it('makes way where a killed process has left its socket, and none where somebody listens', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-socket-'));
  const path = join(directory, 'run', 'xds.sock');
  const server = createServer();
  try {
    await claimSocket(path);
    // A left socket that nobody listens on is, to whoever connects, as this file.
    await writeFile(path, '');
    await claimSocket(path);
    assert.deepEqual(await readdir(join(directory, 'run')), []);
    server.listen(path);
    await once(server, 'listening');
    await claimSocket(path);
    assert.deepEqual(await readdir(join(directory, 'run')), ['xds.sock']);
    await openSocket(path);
    assert.equal((await stat(path)).mode & 0o777, 0o666);
  } finally {
    server.close();
    await rm(directory, { recursive: true });
  }
});
