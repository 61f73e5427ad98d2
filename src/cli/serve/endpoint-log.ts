import { clauses } from '../../gateway/values/listing.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import { ENDPOINT_TYPE } from '../../snapshot/resources/resource.ts';
import type { LineBudget } from './line-budget.ts';
import { PacedWork, type PacedWorkOptions } from './paced-work.ts';

/** Tells in the log where connections lead nowhere for want of endpoints: once when it begins, once when it has gone. */
export class EndpointLog {
  readonly #engine: Engine;
  readonly #lines: LineBudget;
  /** Endpoint sets that changed since the last flush. */
  readonly #changed = new Set<string>();
  /** Why sets have none, or none for one of their Services. */
  readonly #empty = new Map<string, string>();
  readonly #work: PacedWork<string>;

  constructor(engine: Engine, lines: LineBudget, options?: PacedWorkOptions) {
    this.#engine = engine;
    this.#lines = lines;
    this.#work = new PacedWork<string>((name) => this.#look(name), options);
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
    const fields = { code: 'SLUICE_NO_ENDPOINTS', endpoints: name };
    if (reason === '') this.#lines.line('endpoints', 'info', fields, 'there are endpoints again');
    else
      this.#lines.line(
        'endpoints',
        'info',
        { ...fields, reason },
        'no usable endpoint: connections are closed',
      );
  }
}
