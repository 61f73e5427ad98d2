import { clauses } from '../../gateway/values/listing.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import { ENDPOINT_TYPE } from '../../snapshot/resources/resource.ts';
import type { Logger } from '../logger.ts';
import { PacedWork, type PacedWorkOptions } from './paced-work.ts';

/** Lines that one batch of changes may write: a node that goes takes the endpoints of many. */
const MAX_LINES = 50;

/** Tells in the log where connections lead nowhere for want of endpoints: once when it begins, once when it has gone. */
export class EndpointLog {
  readonly #engine: Engine;
  readonly #logger: Logger;
  /** Endpoint sets that changed since the last flush. */
  readonly #changed = new Set<string>();
  /** Why sets have none, or none for one of their Services. */
  readonly #empty = new Map<string, string>();
  readonly #work: PacedWork<string>;
  #lines = 0;

  constructor(engine: Engine, logger: Logger, options?: PacedWorkOptions) {
    this.#engine = engine;
    this.#logger = logger;
    this.#work = new PacedWork<string>(
      (name) => this.#look(name),
      () => this.#batchEnded(),
      options,
    );
    engine.resources.onChange(({ upserts, removals }) => {
      for (const { typeUrl, name } of upserts) if (typeUrl === ENDPOINT_TYPE) this.#changed.add(name);
      for (const { typeUrl, name } of removals) {
        if (typeUrl !== ENDPOINT_TYPE) continue;
        this.#changed.delete(name);
        this.#work.delete(name);
        this.#empty.delete(name);
      }
    });
  }

  /** After a flush: looks at the endpoint sets that it changed. */
  flushed(): void {
    this.#work.add(this.#changed);
    this.#changed.clear();
  }

  #look(name: string): void {
    const reasons = this.#engine.owners
      .targetsOfSet(name)
      .flatMap((target) => this.#engine.explainTarget(target).problem?.text ?? []);
    const reason = clauses(reasons);
    if ((this.#empty.get(name) ?? '') === reason) return;
    if (reason === '') this.#empty.delete(name);
    else this.#empty.set(name, reason);
    this.#lines += 1;
    if (this.#lines > MAX_LINES) return;
    if (reason === '') this.#logger.info({ endpoints: name }, 'there are endpoints again');
    else this.#logger.info({ endpoints: name, reason }, 'no usable endpoint: connections are closed');
  }

  #batchEnded(): void {
    if (this.#lines > MAX_LINES)
      this.#logger.info({ more: this.#lines - MAX_LINES }, 'more endpoints came or went, see /debug/routes');
    this.#lines = 0;
  }
}
