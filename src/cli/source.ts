import type { Source } from '../model/events.ts';
import { createDirectorySource } from '../watchers/directory/directory-source.ts';
import { createKubernetesSource } from '../watchers/kubernetes/kubernetes-source.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { SourceSpec } from './flag-values.ts';
import type { Logger } from './logger.ts';

export interface SourceOptions {
  /** False: read once. Directories only. */
  readonly watch?: boolean;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/** The source of objects that `--source` names. */
export function createSource(spec: SourceSpec, logger: Logger, options: SourceOptions = {}): Source {
  const { watch = true, kubeconfig, context } = options;
  if (spec.type === 'kubernetes') {
    logger.info('reading from the Kubernetes API');
    return createKubernetesSource({ logger, kubeconfig, context });
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
