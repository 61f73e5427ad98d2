import type { Resolver } from 'node:dns/promises';
import { parseIpAddress } from '../gateway/values/ip-address.ts';
import { compareText } from '../gateway/values/order.ts';
import type { Clock, Random } from '../kubernetes-api/clock.ts';
import { NameTurns } from './name-turns.ts';
import type { NameAnswer } from './world/plan.ts';

/** Of a resolver of `node:dns/promises`, what is asked. */
export type NameResolver = Pick<Resolver, 'resolve4' | 'resolve6'>;

export interface DnsNamesOptions {
  readonly resolver: NameResolver;
  readonly clock: Clock;
  readonly random: Random;
  /** Names of users of one group take turns with those of others. */
  readonly groupOf: (user: string) => string;
  /** What a name stands for is other than before; `users` are who asked for it. */
  readonly onChange: (users: ReadonlySet<string>) => void;
}

interface Name {
  addresses: readonly string[];
  /** The same by family, IPv4 first. */
  families: readonly (readonly string[])[];
  failure: string | undefined;
  failures: number;
  readonly users: Set<string>;
  isWaiting: boolean;
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
  readonly #turns = new NameTurns();
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
        // Of a group that may have its turn before those that wait for it already.
        if (known.isWaiting) this.#turns.add(this.#options.groupOf(user), name);
        this.#pump();
        continue;
      }
      const added: Name = {
        addresses: [],
        families: [],
        failure: undefined,
        failures: 0,
        users: new Set([user]),
        isWaiting: false,
        cancel: () => {},
      };
      this.#names.set(name, added);
      this.#ask(name, added);
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const { cancel } of this.#names.values()) cancel();
  }

  #release(name: string, user: string): void {
    const known = this.#names.get(name);
    if (known === undefined) return;
    const group = this.#options.groupOf(user);
    known.users.delete(user);
    if (known.isWaiting && !this.#hasUserOf(known, group)) this.#turns.delete(group, name);
    if (known.users.size > 0) return;
    known.cancel();
    this.#names.delete(name);
  }

  #hasUserOf({ users }: Name, group: string): boolean {
    for (const user of users) if (this.#options.groupOf(user) === group) return true;
    return false;
  }

  #ask(name: string, known: Name): void {
    known.isWaiting = true;
    for (const user of known.users) this.#turns.add(this.#options.groupOf(user), name);
    this.#pump();
  }

  #pump(): void {
    while (this.#running < CONCURRENCY && !this.#isStopped) {
      const turn = this.#turns.take();
      if (turn === undefined) return;
      const known = this.#names.get(turn.name);
      // Of several groups that wait for it, one has had its turn.
      if (known?.isWaiting !== true) {
        this.#turns.end(turn);
        continue;
      }
      known.isWaiting = false;
      this.#running += 1;
      void this.#resolve(turn.name, known).finally(() => {
        this.#running -= 1;
        this.#turns.end(turn);
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
    // A family that could not be asked for keeps what was found of it before, and only that.
    const families = answers.map((each, index) =>
      each.status === 'rejected' && !isAnswer(codeOf(each.reason))
        ? (known.families[index] ?? [])
        : addressesIn(each),
    );
    const isPartial = errors.some((code) => !isAnswer(code));
    const found = answers.flatMap(addressesIn);
    const failure = found.length === 0 ? [...new Set(errors)].join(', ') || 'no address' : undefined;
    if (failure === undefined) known.families = families;
    const next = known.families.flat().sort(compareText).slice(0, MAX_ADDRESSES);
    const isChanged = next.join() !== known.addresses.join() || failure !== known.failure;
    known.addresses = next;
    known.failure = failure;
    known.failures = failure === undefined && !isPartial ? 0 : known.failures + 1;
    const ttlMs = Math.min(...records.map(({ ttl }) => ttl * 1_000), MOST_MS);
    const retryMs = Math.min(RETRY.baseMs * 2 ** Math.min(known.failures, 20), RETRY.maxMs);
    const waitMs = known.failures > 0 ? retryMs : Math.max(ttlMs, LEAST_MS);
    known.cancel = clock.after(waitMs * (1 + random() / 10), () => this.#ask(name, known));
    if (isChanged) onChange(known.users);
  }
}

/** That there is no address of the family. */
function isAnswer(code: string): boolean {
  return code === 'ENODATA' || code === 'ENOTFOUND';
}

/** Canonical. */
function addressesIn(
  answer: PromiseSettledResult<readonly { readonly address: string }[]>,
): readonly string[] {
  if (answer.status === 'rejected') return [];
  return answer.value
    .flatMap(({ address }) => parseIpAddress(address)?.text ?? [])
    .sort(compareText)
    .slice(0, MAX_ADDRESSES);
}

function codeOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return typeof code === 'string' ? code : String(message ?? error);
}
