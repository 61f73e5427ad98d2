import type { Resolver } from 'node:dns/promises';
import { parseIpAddress } from '../gateway/values/ip-address.ts';
import { compareText } from '../gateway/values/order.ts';
import type { Clock, Random } from '../kubernetes-api/clock.ts';
import type { NameAnswer } from './world/plan.ts';

/** Of a resolver of `node:dns/promises`, what is asked. */
export type NameResolver = Pick<Resolver, 'resolve4' | 'resolve6'>;

export interface DnsNamesOptions {
  readonly resolver: NameResolver;
  readonly clock: Clock;
  readonly random: Random;
  /** What a name stands for is other than before; `users` are who asked for it. */
  readonly onChange: (users: ReadonlySet<string>) => void;
}

interface Name {
  addresses: readonly string[];
  failure: string | undefined;
  failures: number;
  readonly users: Set<string>;
  cancel: () => void;
}

const UNKNOWN: NameAnswer = { addresses: [], failure: undefined };
/** Of what the name server says: none is asked all the time, and a change is found within minutes. */
const LEAST_MS = 5_000;
const MOST_MS = 300_000;
const RETRY = { baseMs: 1_000, maxMs: 60_000 };
/** Names that are asked for at the same time. */
const CONCURRENCY = 32;
/** Further addresses of a name are left out. */
const MAX_ADDRESSES = 100;

/**
 * What the DNS names of endpoints stand for, asked again when the answers expire. A name server that fails, or that knows the name no more,
 * takes nothing away: the last addresses stay, and it is told.
 */
export class DnsNames {
  readonly #options: DnsNamesOptions;
  readonly #names = new Map<string, Name>();
  readonly #namesOf = new Map<string, readonly string[]>();
  readonly #waiting: string[] = [];
  #running = 0;
  #isStopped = false;

  constructor(options: DnsNamesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#names.size;
  }

  /** Names of which nothing newer is known than they should have. */
  get failing(): number {
    let count = 0;
    for (const { failure } of this.#names.values()) if (failure !== undefined) count += 1;
    return count;
  }

  answerOf(name: string): NameAnswer {
    return this.#names.get(name) ?? UNKNOWN;
  }

  /** Replaces the names that a user needs. */
  need(user: string, names: readonly string[]): void {
    for (const name of this.#namesOf.get(user) ?? []) if (!names.includes(name)) this.#release(name, user);
    if (names.length > 0) this.#namesOf.set(user, names);
    else this.#namesOf.delete(user);
    for (const name of names) {
      const known = this.#names.get(name);
      if (known !== undefined) {
        known.users.add(user);
        continue;
      }
      const cancel = (): void => {};
      this.#names.set(name, {
        addresses: [],
        failure: undefined,
        failures: 0,
        users: new Set([user]),
        cancel,
      });
      this.#ask(name);
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const { cancel } of this.#names.values()) cancel();
  }

  #release(name: string, user: string): void {
    const known = this.#names.get(name);
    known?.users.delete(user);
    if (known === undefined || known.users.size > 0) return;
    known.cancel();
    this.#names.delete(name);
  }

  #ask(name: string): void {
    this.#waiting.push(name);
    this.#pump();
  }

  #pump(): void {
    while (this.#running < CONCURRENCY && !this.#isStopped) {
      const name = this.#waiting.shift();
      if (name === undefined) return;
      const known = this.#names.get(name);
      if (known === undefined) continue;
      this.#running += 1;
      void this.#resolve(name, known).finally(() => {
        this.#running -= 1;
        this.#pump();
      });
    }
  }

  /** Never rejects. */
  async #resolve(name: string, known: Name): Promise<void> {
    const { resolver, clock, random, onChange } = this.#options;
    const answers = await Promise.allSettled([
      resolver.resolve4(name, { ttl: true }),
      resolver.resolve6(name, { ttl: true }),
    ]);
    if (this.#isStopped || this.#names.get(name) !== known) return;
    const records = answers.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
    const errors = answers.flatMap((each) => (each.status === 'rejected' ? [codeOf(each.reason)] : []));
    const found = records
      .flatMap(({ address }) => parseIpAddress(address)?.text ?? [])
      .sort(compareText)
      .slice(0, MAX_ADDRESSES);
    // One family that could not be asked for takes nothing away from what was found of it before.
    const isPartial = errors.some((code) => code !== 'ENODATA' && code !== 'ENOTFOUND');
    const addresses = isPartial ? [...new Set([...found, ...known.addresses])].sort(compareText) : found;
    const failure = found.length === 0 ? [...new Set(errors)].join(', ') || 'no address' : undefined;
    const next = failure === undefined ? addresses : known.addresses;
    const isChanged = next.join() !== known.addresses.join() || failure !== known.failure;
    known.addresses = next;
    known.failure = failure;
    known.failures = failure === undefined && !isPartial ? 0 : known.failures + 1;
    const ttlMs = Math.min(...records.map(({ ttl }) => ttl * 1_000), MOST_MS);
    const retryMs = Math.min(RETRY.baseMs * 2 ** Math.min(known.failures, 20), RETRY.maxMs);
    const waitMs = known.failures > 0 ? retryMs : Math.max(ttlMs, LEAST_MS);
    known.cancel = clock.after(waitMs * (1 + random() / 10), () => this.#ask(name));
    if (isChanged) onChange(known.users);
  }
}

function codeOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return typeof code === 'string' ? code : String(message ?? error);
}
