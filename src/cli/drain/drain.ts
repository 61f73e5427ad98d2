import { createServer, type Server } from 'node:http';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, type ExitCode } from '../cli-error.ts';
import type { Logger } from '../logger.ts';
import { listening } from '../serve/listen-address.ts';
import { type Drained, drainEnvoy } from './drain-envoy.ts';
import type { DrainConfig } from './drain-flags.ts';
import { EnvoyAdmin } from './envoy-admin.ts';
import { type Turn, takeTurn } from './partner.ts';

/** An Envoy that starts together with us needs some seconds; after so many there is none. */
const LOOKS = 10;
const LOOK_EVERY_MS = 1_000;

/**
 * `sluice drain`: beside an Envoy, for its whole life. Drains it when asked by GET /drain, which is answered when that
 * is done (made for a preStop hook, which must not end before), and on SIGTERM or SIGINT, then ends; a second signal ends it
 * at once. 69 where no Envoy ever answered. Rejects with a `CliError` where the address cannot be listened on.
 */
export async function drain(config: DrainConfig, logger: Logger): Promise<ExitCode> {
  const admin = new EnvoyAdmin(config.envoyAdmin);
  let running: Promise<Drained> | undefined;
  const nobody = `no Envoy answers at ${admin.address}: nothing was drained`;
  /** One at a time, whoever asks; again for an Envoy that was restarted. */
  const drainOnce = (): Promise<Drained> => {
    running ??= (async () => {
      const turn = await waitForTurn(config, logger);
      logger.info(
        { code: 'SLUICE_DRAIN', unreadyMs: config.unreadyMs, timeoutMs: config.timeoutMs },
        'draining Envoy',
      );
      const drained = await drainEnvoy(admin, config);
      // Nobody takes this Envoy for one that serves: its health check fails until it is gone.
      turn?.giveBack();
      running = undefined;
      if (drained.outcome === 'unreachable')
        logger.warn({ code: 'SLUICE_DRAIN_NO_ENVOY' }, `${nobody}; is --envoy-admin right?`);
      else if (drained.outcome === 'timeout')
        logger.warn({ code: 'SLUICE_DRAIN_TIMEOUT', ...drained }, 'drained Envoy');
      else logger.info({ code: 'SLUICE_DRAIN', ...drained }, 'drained Envoy');
      return drained;
    })();
    return running;
  };
  const server = createServer((request, response) => {
    // Kept alive, a connection would keep us alive too.
    response.setHeader('connection', 'close');
    const page = `${request.method} ${request.url}`;
    if (page === 'GET /healthz') return void response.end('ok\n');
    if (page !== 'GET /drain') return void response.writeHead(404).end('GET /drain, GET /healthz\n');
    void drainOnce().then(({ outcome }) =>
      outcome === 'unreachable' ? response.writeHead(502).end(`${nobody}\n`) : response.end('drained\n'),
    );
  });
  // A drain takes longer than any time-out for requests.
  server.requestTimeout = 0;
  const signal = Promise.withResolvers<void>();
  const ending = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (ending.signal.aborted) process.exit(EXIT.interrupted);
    logger.info({ signal: name }, 'stopping once Envoy is drained; a second signal stops at once');
    ending.abort();
    signal.resolve();
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  try {
    await listen(server, config);
    logger.info({ hook: `${config.hookAddress.host}:${config.hookAddress.port}` }, 'waiting to drain Envoy');
    void lookForEnvoy(admin, logger, ending.signal);
    await signal.promise;
    const { outcome } = await drainOnce();
    return outcome === 'unreachable' ? EXIT.unavailable : EXIT.ok;
  } finally {
    ending.abort();
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    // Answers that wait for the drain are on their way; nothing else is.
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Returns when this Envoy may drain: at once where it has no partner. Never rejects. */
async function waitForTurn(config: DrainConfig, logger: Logger): Promise<Turn | undefined> {
  if (config.partner === undefined) return undefined;
  const partner = new EnvoyAdmin(config.partner);
  logger.info({ partner: partner.address }, 'waiting until the other Envoy serves and does not drain');
  try {
    const turn = await takeTurn(partner, config);
    if (turn.partner === 'absent')
      logger.warn(
        { code: 'SLUICE_DRAIN_PARTNER', partner: partner.address },
        'the other Envoy does not serve; draining without it',
      );
    return turn;
  } catch (error) {
    logger.warn(
      { code: 'SLUICE_DRAIN_PARTNER', error: String(error) },
      'cannot wait for the other Envoy; is --turn-address right?',
    );
    return undefined;
  }
}

/** A wrong address is found out now, and not on the day of the drain. Never rejects. */
async function lookForEnvoy(admin: EnvoyAdmin, logger: Logger, ending: AbortSignal): Promise<void> {
  for (let looks = 0; looks < LOOKS && !ending.aborted; looks += 1) {
    try {
      await admin.look();
      logger.info({ envoy: admin.address }, 'Envoy answers');
      return;
    } catch {
      await delay(LOOK_EVERY_MS, undefined, { signal: ending }).catch(() => {});
    }
  }
  if (!ending.aborted)
    logger.warn(
      { code: 'SLUICE_DRAIN_NO_ENVOY', envoy: admin.address },
      'no Envoy answers there; is --envoy-admin right?',
    );
}

async function listen(server: Server, { hookAddress: { host, port } }: DrainConfig): Promise<void> {
  const listens = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  await listening('--hook-address', `${host}:${port}`, listens, 'is another "sluice drain" running?');
}
