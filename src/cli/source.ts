import { access, constants, readdir, stat } from 'node:fs/promises';
import type { CrdChoice } from '../admission/judge.ts';
import { ApiFailure } from '../kubernetes-api/api-failure.ts';
import { systemClock } from '../kubernetes-api/clock.ts';
import { Credentials } from '../kubernetes-api/credentials.ts';
import type { Source } from '../model/events.ts';
import { KINDS } from '../model/kinds.ts';
import {
  createKubernetesSource,
  type KubernetesSourceOptions,
} from '../watchers/kubernetes/kubernetes-source.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { SourceSpec } from './flag-values.ts';
import type { Logger } from './logger.ts';

export interface SourceOptions {
  /** False: read once. Directories only. */
  readonly watch?: boolean;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** Default: `any`. Directories only. */
  readonly gatewayApiChannel?: CrdChoice;
  /** Not with directories. */
  readonly stateDir?: string | undefined;
  readonly saved?: KubernetesSourceOptions['saved'];
}

/**
 * What can be known to be missing before anything listens: the folder (or the one file) of manifests, or a kubeconfig that was named. Rejects
 * with a `CliError`. A kubeconfig that is replaced or goes later is waited for.
 */
export async function requireSource(spec: SourceSpec, options: SourceOptions): Promise<void> {
  const { kubeconfig, context, stateDir } = options;
  if (spec.type === 'directory') {
    const given = { '--kubeconfig': kubeconfig, '--context': context, '--state-dir': stateDir };
    const [flag] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
    if (flag !== undefined) {
      const message = `${flag} is for --source kubernetes, and the source is directory:${spec.path}; leave one of them out`;
      throw new CliError('SLUICE_FLAG_UNUSED', EXIT.config, message);
    }
    await readable('SLUICE_DIRECTORY_UNREADABLE', spec.path, 'create it, or name another', async () =>
      (await stat(spec.absolute)).isDirectory()
        ? await readdir(spec.absolute)
        : await access(spec.absolute, constants.R_OK),
    );
  } else await usableCredentials(options);
}

/** A kubeconfig that is edited while Sluice runs is waited for; one that is wrong at the start is a mistake. */
async function usableCredentials({ kubeconfig, context }: SourceOptions): Promise<void> {
  const credentials = new Credentials({ kubeconfig, context }, systemClock);
  try {
    await credentials.check();
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    const { path, message } = (error.cause ?? {}) as NodeJS.ErrnoException;
    if (path !== undefined)
      throw new CliError(
        'SLUICE_KUBE_CONFIG',
        EXIT.noInput,
        `${path} cannot be read (${message}); correct --kubeconfig, or what it names`,
        { cause: error },
      );
    throw new CliError(
      'SLUICE_KUBE_CONFIG',
      EXIT.config,
      `${error.message}; correct it, name another with --kubeconfig, or another --context of it`,
      { cause: error },
    );
  } finally {
    credentials.close();
  }
}

async function readable(
  code: string,
  path: string,
  advice: string,
  read: () => Promise<unknown>,
): Promise<void> {
  try {
    await read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(code, EXIT.noInput, `${path} cannot be read (${reason}); ${advice}`, { cause });
  }
}

/** The source of objects that `--source` names. */
export function createSource(spec: SourceSpec, logger: Logger, options: SourceOptions = {}): Source {
  const { watch = true, kubeconfig, context, gatewayApiChannel = 'any' } = options;
  if (spec.type === 'kubernetes') {
    logger.info('reading from the Kubernetes API');
    return createKubernetesSource({ logger, kubeconfig, context, saved: options.saved });
  }
  logger.info({ directory: spec.path }, 'reading manifests');
  let source: Source | undefined;
  return {
    // Loaded when needed: it brings the parser of YAML and the judge of manifests.
    start: async (sink) => {
      const { createDirectorySource } = await import('../watchers/directory/directory-source.ts');
      source = createDirectorySource({ path: spec.absolute, watch, judgeBy: gatewayApiChannel });
      await opened(source.start(sink));
    },
    stop: async () => await source?.stop(),
    pending: () => source?.pending() ?? KINDS.map((kind) => ({ kind, reason: 'not started' })),
  };
}

async function opened(started: Promise<void>): Promise<void> {
  try {
    await started;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('SLUICE_DIRECTORY_UNREADABLE', EXIT.noInput, reason, { cause });
  }
}
