import { createRequire } from 'node:module';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogConfig } from './flags.ts';

export type { Logger } from 'pino';

interface Terminal {
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const STDERR = 2;

/**
 * Logs to stderr, synchronously: the last line before an exit is the one that is needed. JSON lines, or for people
 * where that was asked for or stderr is a terminal and pino-pretty is installed (which is no dependency of Sluice).
 */
export function createLogger(config: LogConfig, terminal: Terminal): Logger {
  const wanted = config.logFormat ?? (terminal.isTerminal ? 'pretty' : 'json');
  const pretty = wanted === 'pretty' ? prettyStream(terminal) : undefined;
  const logger = pino(
    {
      level: config.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pretty ?? pino.destination({ dest: STDERR, sync: true }),
  );
  if (config.logFormat === 'pretty' && pretty === undefined) {
    logger.warn(
      { code: 'SLUICE_LOG_FORMAT' },
      'pino-pretty is not installed; logging JSON. Install it beside Sluice for --log-format pretty',
    );
  }
  return logger;
}

function prettyStream({ isTerminal, env }: Terminal): DestinationStream | undefined {
  try {
    const pretty = createRequire(import.meta.url)('pino-pretty') as (options: object) => DestinationStream;
    // https://no-color.org: any value but the empty one.
    const colorize = isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
    return pretty({ colorize, destination: STDERR, sync: true, translateTime: 'SYS:HH:MM:ss.l' });
  } catch {
    return undefined;
  }
}
