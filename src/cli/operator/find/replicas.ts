import { readFileSync } from 'node:fs';
import { CliError, EXIT } from '../../cli-error.ts';
import type { ConnectionConfig } from '../operator-flags.ts';
import { call, type HttpTarget, openStream } from './http.ts';
import type { Replica } from './replica.ts';

/** The replicas that the flags lead to. Rejects with a `CliError`. */
export async function findReplicas(config: ConnectionConfig): Promise<readonly Replica[]> {
  const given = config.tokenFile === undefined ? undefined : tokenIn(config.tokenFile);
  if (config.servers.length === 0) {
    const { podReplicas } = await import('./pods.ts');
    return await podReplicas(config, given);
  }
  const headers = given === undefined ? {} : { authorization: `Bearer ${given}` };
  return config.servers.map((server) => replicaAt({ server, headers }));
}

function replicaAt(target: HttpTarget): Replica {
  return {
    name: target.server.host,
    withoutToken: undefined,
    get: (path, signal) => call(target, { path, signal }),
    stream: (path, signal) => openStream(target, path, signal),
  };
}

function tokenIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('SLUICE_FLAG_INVALID', EXIT.noInput, `--token-file cannot be read (${reason})`, {
      cause,
    });
  }
}
