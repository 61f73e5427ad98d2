import { existsSync } from 'node:fs';
import type { Agent } from 'node:http';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { plainConnection } from '../../../kubernetes-api/plain-kubeconfig.ts';
import { isPod } from '../../../kubernetes-api/service-account.ts';
import { CliError, EXIT } from '../../cli-error.ts';
import { call, type HttpCall, messageOf } from './http.ts';

export interface KubernetesAccess {
  readonly server: URL;
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where the API server is and who we are. Rejects with a `CliError`. */
export async function apiConnection({
  kubeconfig,
  context,
}: {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}): Promise<KubernetesAccess> {
  const file = kubeconfig ?? onlyKubeconfig();
  const plain = file === undefined ? undefined : plainConnection(file, context);
  if (plain !== undefined) return plain;
  const { Credentials } = await import('../../../kubernetes-api/credentials.ts');
  const { systemClock } = await import('../../../kubernetes-api/clock.ts');
  try {
    return await new Credentials({ kubeconfig, context }, systemClock).connection();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const advice = 'name a kubeconfig with --kubeconfig, or a replica with --server';
    throw new CliError('SLUICE_KUBE_CONFIG', EXIT.config, `${reason}; ${advice}`, { cause });
  }
}

/** Where it is one file. */
function onlyKubeconfig(): string | undefined {
  const named = (process.env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  if (named.length > 0) return named.length === 1 ? named[0] : undefined;
  const own = join(homedir(), '.kube', 'config');
  return !isPod(process.env) && existsSync(own) ? own : undefined;
}

/** The JSON that the API server answers. `verb` is what is asked for, as RBAC calls it. */
export async function callApi(
  api: KubernetesAccess,
  wish: HttpCall,
  verb: string,
  namespace: string,
): Promise<unknown> {
  const { origin } = api.server;
  const { status, text } = await call(api, wish).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(
      'SLUICE_KUBE_UNREACHABLE',
      EXIT.unavailable,
      `the API server ${origin} cannot be reached: ${reason}; name a replica with --server, behind a port-forward say`,
      { cause },
    );
  });
  const said = messageOf(text) ?? text.slice(0, 200);
  if (status === 403 || status === 401)
    throw new CliError(
      status === 403 ? 'SLUICE_KUBE_FORBIDDEN' : 'SLUICE_KUBE_UNAUTHORIZED',
      EXIT.noPermission,
      `you may not ${verb} in namespace ${namespace} of ${origin}: ${said}; the Role sluice-operator there has what it takes`,
    );
  if (status >= 300)
    throw new CliError('SLUICE_KUBE_SERVER_ERROR', EXIT.unavailable, `${origin} answered ${status}: ${said}`);
  return JSON.parse(text) as unknown;
}
