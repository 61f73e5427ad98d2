import { TokenBucket } from '../../event-loop/token-bucket.ts';
import { type Clock, systemClock } from '../../kubernetes-api/clock.ts';
import type { Logger } from '../logger.ts';

/** Lines after a quiet time; enough to see what the many have in common. */
const BURST = 10;
/** After that, one in so many milliseconds. */
const EVERY_MS = 10_000;
/** How long what is left out is counted before it is told the first time. */
const FIRST_MS = 1_000;

/** What lines are about that may come in thousands. */
export type Topic = 'objects' | 'endpoints' | 'problems' | 'rejections';

/**
 * The lines that changes of tenants may write, all of them together: a tenant that breaks and mends a route a hundred times a
 * second must not hide what the others do, and a broken Gateway with 20,000 routes must not fill the disk. What is over the
 * budget is written at level debug, counted, and told in one line now and then.
 */
export class LineBudget {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #bucket = new TokenBucket(1_000 / EVERY_MS, BURST);
  readonly #leftOut = new Map<Topic, number>();
  #toldAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(logger: Logger, clock: Clock = systemClock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  line(topic: Topic, level: 'info' | 'warn', fields: object, message: string): void {
    if (this.#bucket.takeTokens(1, this.#clock.now()) === 0) {
      this.#logger[level](fields, message);
      return;
    }
    this.#logger.debug(fields, message);
    this.#leftOut.set(topic, (this.#leftOut.get(topic) ?? 0) + 1);
    const wait = Math.max(FIRST_MS, this.#toldAt + EVERY_MS - this.#clock.now());
    this.#cancel ??= this.#clock.after(wait, () => this.#tell());
  }

  /** Tells now what is left out and not yet told. */
  close(): void {
    if (this.#cancel !== undefined) this.#tell();
  }

  #tell(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#toldAt = this.#clock.now();
    const leftOut = Object.fromEntries(this.#leftOut);
    this.#leftOut.clear();
    this.#logger.warn(
      { code: 'SLUICE_LINES_LEFT_OUT', leftOut },
      'too many lines at once: these are left out, all of them are at --log-level debug; /problems, /debug/routes and /debug/nodes say how things are',
    );
  }
}
