import { createServer, type Server } from 'node:http';
import process from 'node:process';
import { CliError, EXIT, type ExitCode } from '../cli-error.ts';
import type { Logger } from '../logger.ts';
import { drainEnvoy } from './drain-envoy.ts';
import type { DrainConfig } from './drain-flags.ts';
import { EnvoyAdmin } from './envoy-admin.ts';

/**
 * `sluice drain`: beside an Envoy, for its whole life. Drains it when asked by GET /drain, which is answered when that
 * is done (made for a preStop hook, which must not end before), and on SIGTERM or SIGINT, then ends. Rejects with a
 * `CliError` where the address cannot be listened on.
 */
export async function drain(config: DrainConfig, logger: Logger): Promise<ExitCode> {
  const admin = new EnvoyAdmin(config.envoyAdmin);
  let running: Promise<void> | undefined;
  /** One at a time, whoever asks; again for an Envoy that was restarted. */
  const drainOnce = (): Promise<void> => {
    running ??= (async () => {
      logger.info({ unreadyMs: config.unreadyMs, timeoutMs: config.timeoutMs }, 'draining Envoy');
      const { outcome, connections } = await drainEnvoy(admin, config);
      logger[outcome === 'timeout' ? 'warn' : 'info']({ outcome, connections }, 'drained Envoy');
      running = undefined;
    })();
    return running;
  };
  const server = createServer((request, response) => {
    // Kept alive, a connection would keep us alive too.
    response.setHeader('connection', 'close');
    const page = `${request.method} ${request.url}`;
    if (page === 'GET /healthz') return void response.end('ok\n');
    if (page !== 'GET /drain') return void response.writeHead(404).end('GET /drain, GET /healthz\n');
    void drainOnce().then(() => response.end('drained\n'));
  });
  // A drain takes longer than any time-out for requests.
  server.requestTimeout = 0;
  const signal = Promise.withResolvers<NodeJS.Signals>();
  process.once('SIGTERM', signal.resolve).once('SIGINT', signal.resolve);
  try {
    await listen(server, config);
    logger.info({ hook: `${config.hookAddress.host}:${config.hookAddress.port}` }, 'waiting to drain Envoy');
    await signal.promise;
    await drainOnce();
    return EXIT.ok;
  } finally {
    process.off('SIGTERM', signal.resolve).off('SIGINT', signal.resolve);
    // Answers that wait for the drain are on their way; nothing else is.
    await new Promise((resolve) => server.close(resolve));
  }
}

async function listen(server: Server, { hookAddress: { host, port } }: DrainConfig): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `--hook-address ${host}:${port} cannot be listened on (${reason}); is another "sluice drain" running?`;
    throw new CliError('SLUICE_ADDRESS_UNAVAILABLE', EXIT.unavailable, message, { cause });
  }
}
