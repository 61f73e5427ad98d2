import process from 'node:process';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { EXIT, type ExitCode } from '../cli-error.ts';
import type { Logger } from '../logger.ts';
import { GatewayNode } from './gateway-node.ts';
import type { NodeConfig } from './node-flags.ts';

/** `sluice node`: until SIGTERM or SIGINT. A second signal ends it at once. */
export async function node(config: NodeConfig, logger: Logger): Promise<ExitCode> {
  // It would write to stderr what we report ourselves.
  setLogVerbosity(logVerbosity.NONE);
  const signal = Promise.withResolvers<NodeJS.Signals>();
  let signals = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1) process.exit(EXIT.interrupted);
    signal.resolve(name);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  try {
    const running = await GatewayNode.start(config, logger);
    const name = await signal.promise;
    logger.info({ signal: name }, 'stopping');
    await running.stop();
    logger.info('stopped');
    return EXIT.ok;
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  }
}
