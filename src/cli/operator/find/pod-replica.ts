import { setTimeout as delay } from 'node:timers/promises';
import { call, type HttpAnswer, type HttpTarget, messageOf, openStream } from './http.ts';
import type { Replica } from './replica.ts';

/** One way to a replica: behind the API server's proxy, or a port that is forwarded. */
export interface Way {
  readonly prefix: string;
  /** May take loading a library. */
  readonly target: () => Promise<HttpTarget>;
}

/** So long the first way is waited for alone: a NetworkPolicy drops what it does not let in, and the API server dials for 30 s. */
const NEXT_WAY_MS = 1_000;

/** A replica that may be reached in several ways: each is tried when the one before fails or keeps waiting; the first that answers is kept. */
export class PodReplica implements Replica {
  readonly name: string;
  readonly withoutToken: string | undefined;
  readonly #ways: readonly Way[];
  readonly #nextWayMs: number;
  #good: Way | undefined;

  constructor(
    name: string,
    ways: readonly Way[],
    withoutToken: string | undefined,
    nextWayMs: number = NEXT_WAY_MS,
  ) {
    this.name = name;
    this.withoutToken = withoutToken;
    this.#ways = ways;
    this.#nextWayMs = nextWayMs;
  }

  async get(path: string, signal: AbortSignal): Promise<HttpAnswer> {
    const ways = this.#good === undefined ? this.#ways : [this.#good];
    const end = new AbortController();
    const either = AbortSignal.any([signal, end.signal]);
    const tries: Promise<HttpAnswer>[] = [];
    const first = (): Promise<HttpAnswer> => Promise.any(tries);
    try {
      for (const way of ways) {
        if (tries.length > 0) {
          const late = delay(this.#nextWayMs, undefined, { signal: either, ref: false });
          const answer = await Promise.race([first(), late]).catch(() => undefined);
          if (answer !== undefined) return answer;
        }
        tries.push(this.#try(way, path, either));
      }
      return await first();
    } catch (error) {
      if (!(error instanceof AggregateError)) throw error;
      return bestOf(error.errors as readonly Error[]);
    } finally {
      end.abort();
    }
  }

  async stream(path: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    if (this.#good === undefined) await this.get('/livez', signal);
    const [first] = this.#ways;
    const way = this.#good ?? first;
    if (way === undefined) throw new Error('there is no way to it');
    return await openStream(await way.target(), `${way.prefix}${path}`, signal);
  }

  /** Rejects where it is not the replica that answers. */
  async #try(way: Way, path: string, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await call(await way.target(), { path: `${way.prefix}${path}`, signal });
    if (isOfApiServer(answer)) throw new NotTheReplica(answer);
    this.#good ??= way;
    return answer;
  }
}

/** What the API server answered in its place. */
class NotTheReplica extends Error {
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer) {
    super(messageOf(answer.text) ?? `answered ${answer.status}: ${answer.text.trim().slice(0, 200)}`);
    this.answer = answer;
  }
}

/** No way led to it: a right that is missing is what can be put right; else why each of them failed. */
function bestOf(errors: readonly Error[]): HttpAnswer {
  const answers = errors.flatMap((each) => (each instanceof NotTheReplica ? [each.answer] : []));
  const denied = answers.find(({ status }) => status === 401 || status === 403);
  if (denied !== undefined) return denied;
  throw new Error([...new Set(errors.map(({ message }) => message))].join('; '));
}

/** Its errors are of kind Status; where its proxy dialled and reached nobody, it says so in text. */
function isOfApiServer({ status, text }: HttpAnswer): boolean {
  return (
    status >= 400 && (/^\s*\{\s*"kind":\s*"Status"/.test(text) || text.startsWith('error trying to reach'))
  );
}
