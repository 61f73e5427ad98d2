import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { readFlags } from '../flag.ts';
import { controlPlaneTargets } from './control-plane-targets.ts';
import { NODE_FLAGS } from './node-flags.ts';

function targets(flags: Readonly<Record<string, string>> = {}, ...controlPlane: string[]) {
  const given = Object.fromEntries(Object.entries(flags).map(([key, value]) => [key, [value]]));
  return controlPlaneTargets(readFlags(NODE_FLAGS, { ...given, controlPlane }, {}));
}

it('reaches names by DNS and addresses as they are', () => {
  const { targets: made } = targets({}, 'sluice.example.com:18000', '10.0.0.1:18000', '[fd00::1]:18000');
  assert.deepEqual(
    made.map(({ authority, serverName }) => [authority, serverName]),
    [
      ['dns:///sluice.example.com:18000', undefined],
      ['ipv4:10.0.0.1:18000', undefined],
      ['ipv6:[fd00::1]:18000', undefined],
    ],
  );
});

it('takes all files of TLS or none', () => {
  assert.throws(
    () => targets({ xdsTlsCertFile: '/tls.crt', xdsTlsKeyFile: '/tls.key' }, 'a:1'),
    (error: { code?: string }) => error.code === 'SLUICE_NODE_TLS_INCOMPLETE',
  );
});

it('is another control plane with other addresses or authorities, and remembers those of a file that is gone', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-targets-'));
  try {
    const file = join(directory, 'ca.crt');
    await writeFile(file, 'one');
    const tls = { xdsTlsCertFile: file, xdsTlsKeyFile: file, xdsTlsCaFile: file };
    const plane = targets(tls, 'a:1');
    const before = plane.identity();
    assert.deepEqual(before.addresses, ['a:1']);
    assert.match(before.authority, /^[0-9a-f]{64}$/);
    await rm(file);
    assert.deepEqual(plane.identity(), before);
    await writeFile(file, 'another');
    assert.notEqual(plane.identity().authority, before.authority);
    assert.deepEqual(
      plane.targets.map(({ serverName }) => serverName),
      ['a'],
    );
  } finally {
    await rm(directory, { recursive: true });
  }
});
