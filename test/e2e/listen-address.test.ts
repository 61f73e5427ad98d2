/** `sluice serve` on `[::]`, as its manifests have it: reached by IPv4, and by IPv6 where this machine has it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { SluiceProcess } from '../harness/sluice-process.ts';
import { freePorts } from './gateway-node.ts';

const DEMO = join(import.meta.dirname, '..', '..', 'examples', 'demo');

it('serve: [::] takes both families, for xDS and for the admin pages', async () => {
  const [xds = 0, admin = 0] = await freePorts(2);
  await using sluice = SluiceProcess.start([
    ...['serve', '--source', `directory:${DEMO}`, '--allow-loopback-endpoints'],
    ...['--xds-address', `[::]:${xds}`, '--admin-address', `[::]:${admin}`],
  ]);
  await sluice.untilPage(`http://127.0.0.1:${admin}/readyz`);
  const hasIpv6 = Object.values(networkInterfaces()).some((each) =>
    each?.some(({ address }) => address === '::1'),
  );
  if (hasIpv6) assert.equal((await fetch(`http://[::1]:${admin}/readyz`)).status, 200);
  for (const host of ['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])]) {
    const socket = connect(xds, host);
    await once(socket, 'connect');
    socket.destroy();
  }
});
