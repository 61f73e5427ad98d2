import type { Source } from '../model/events.ts';
import { createDirectorySource } from '../watchers/directory/directory-source.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { SourceSpec } from './flag-values.ts';
import type { Logger } from './logger.ts';

/** The source of objects that `--source` names. `watch: false` reads it once. */
export function createSource(spec: SourceSpec, logger: Logger, { watch = true } = {}): Source {
  if (spec.type === 'kubernetes') {
    throw new CliError('SLUICE_SOURCE_UNAVAILABLE', EXIT.config, 'not there yet');
  }
  const source = createDirectorySource({ path: spec.absolute, watch });
  logger.info({ directory: spec.path }, 'reading manifests');
  return {
    start: async (sink) => await opened(spec.path, source.start(sink)),
    stop: async () => await source.stop(),
    pending: () => source.pending(),
  };
}

async function opened(path: string, started: Promise<void>): Promise<void> {
  try {
    await started;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('SLUICE_DIRECTORY_UNREADABLE', EXIT.noInput, `${path}: ${reason}`, { cause });
  }
}
