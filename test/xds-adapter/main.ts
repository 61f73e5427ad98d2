/** `npm run xds-adapter -- --xds-address HOST:PORT --adapter-address HOST:PORT` */
import '../../scripts/require-node.mjs';

import { once } from 'node:events';
import { Command, InvalidArgumentError } from 'commander';
import { listenAddress } from '../../src/cli/flag-values.ts';
import { type ListenAddress, startAdapter } from './adapter.ts';

function address(text: string): ListenAddress {
  const read = listenAddress.parse(text);
  if ('expected' in read) throw new InvalidArgumentError(read.expected);
  return read.value;
}

const { xdsAddress, adapterAddress } = new Command('xds-adapter')
  .description(
    "Serves Sluice's xDS server with a state that the xDS test harness (github.com/ii/xds-test-harness) sets.",
  )
  .option('--xds-address <host:port>', 'where xDS is served', address, { host: '127.0.0.1', port: 18_000 })
  .option('--adapter-address <host:port>', 'where adapter.Adapter is served', address, {
    host: '127.0.0.1',
    port: 17_000,
  })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 64))
  .parse()
  .opts<{ xdsAddress: ListenAddress; adapterAddress: ListenAddress }>();

try {
  const adapter = await startAdapter(xdsAddress, adapterAddress);
  process.stdout.write(
    `xDS on ${xdsAddress.host}:${adapter.xdsPort}, adapter on ${adapterAddress.host}:${adapter.adapterPort}\n`,
  );
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await adapter.stop();
} catch (error) {
  process.stderr.write(`xds-adapter: ${(error as Error).message}\n`);
  process.exitCode = 69;
}
