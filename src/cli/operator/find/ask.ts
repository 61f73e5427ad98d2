import { CliError, EXIT } from '../../cli-error.ts';
import type { ConnectionConfig } from '../operator-flags.ts';
import { messageOf } from './http.ts';
import type { Replica } from './replica.ts';
import { findReplicas } from './replicas.ts';

/** What all replicas said to one question. */
export interface Answers<T> {
  /** At least one, in the order in which the replicas were found. */
  readonly answers: readonly { readonly replica: string; readonly answer: T }[];
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly replica: string;
  readonly status: number | undefined;
  readonly reason: string;
}

/** Asks all replicas at once. Rejects with a `CliError` where none answers. */
export async function askAll<T>(config: ConnectionConfig, path: string): Promise<Answers<T>> {
  return await askThese<T>(await findReplicas(config), config, path);
}

export async function askThese<T>(
  replicas: readonly Replica[],
  { timeoutMs }: Pick<ConnectionConfig, 'timeoutMs'>,
  path: string,
): Promise<Answers<T>> {
  const asked = await Promise.all(replicas.map((replica) => askOne<T>(replica, path, timeoutMs)));
  const answers = asked.flatMap((each) => ('answer' in each ? [each] : []));
  const failures = asked.flatMap((each) => ('reason' in each ? [each] : []));
  if (answers.length > 0) return { answers, failures };
  throw refusal(failures, replicas);
}

async function askOne<T>(
  replica: Replica,
  path: string,
  timeoutMs: number,
): Promise<{ readonly replica: string; readonly answer: T } | Failure> {
  const { name } = replica;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { status, text } = await replica.get(path, signal);
    if (status === 200) return { replica: name, answer: JSON.parse(text) as T };
    // A page of ours says what is wrong in JSON; a replica before this API, and proxies, say it in text.
    const isOlder = status === 404 && text.startsWith('no such page');
    const said = isOlder ? 'it is of an older version and does not know this question' : messageOf(text);
    return { replica: name, status, reason: said ?? `answered ${status}: ${text.trim().slice(0, 200)}` };
  } catch (error) {
    const reason = signal.aborted
      ? `no answer within ${timeoutMs / 1000} s`
      : error instanceof SyntaxError
        ? 'it answered something that is no JSON: is that the admin address of Sluice?'
        : error instanceof Error
          ? error.message
          : String(error);
    return { replica: name, status: undefined, reason };
  }
}

/** None answered: what the first of them said is what the operator can put right. */
function refusal(failures: readonly Failure[], replicas: readonly Replica[]): CliError {
  const denied = failures.find(({ status }) => status === 401 || status === 403);
  const text = failures.map(({ replica, reason }) => `${replica}: ${reason}`).join('; ');
  if (denied !== undefined) {
    const { withoutToken } = replicas.find(({ name }) => name === denied.replica) ?? {};
    const isOurs = /^(SLUICE_[A-Z_]+): (.*)$/s.exec(denied.reason);
    const [, code = 'SLUICE_KUBE_FORBIDDEN', message = `${denied.replica}: ${denied.reason}`] = isOurs ?? [];
    const why = withoutToken === undefined ? '' : `; ${withoutToken}`;
    const right = isOurs === null ? '; reading through the API server takes get on pods/proxy there' : '';
    return new CliError(code, EXIT.noPermission, `${message}${why}${right}`);
  }
  const refused = failures.find(({ status }) => status === 400);
  const [, code, message] = /^(SLUICE_[A-Z_]+): (.*)$/s.exec(refused?.reason ?? '') ?? [];
  if (code !== undefined && message !== undefined) return new CliError(code, EXIT.usage, message);
  return new CliError(
    'SLUICE_SERVER_UNREACHABLE',
    EXIT.unavailable,
    `no replica of Sluice answers: ${text}; look at its pods, or name an address with --server`,
  );
}
