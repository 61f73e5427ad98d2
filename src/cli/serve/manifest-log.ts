import { badConditions } from '../../gateway/status/conditions-of.ts';
import { ANNOTATIONS_CONDITION, type Condition, SERVING_CONDITION } from '../../model/conditions.ts';
import type { SourceProblem } from '../../model/events.ts';
import { type ObjectKey, parseObjectKey } from '../../model/key.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import type { Logger } from '../logger.ts';
import { PacedWork, type PacedWorkOptions } from './paced-work.ts';

/** Lines about objects that one batch of changes may write; a broken Gateway with 20,000 routes would fill the disk. */
const MAX_LINES = 50;

/** Objects that /problems lists with their conditions. */
const MAX_LISTED = 1_000;

/** A condition that says that something is wrong, as /problems shows it. */
export interface ConditionProblem extends Pick<Condition, 'reason' | 'message'> {
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly condition: string;
}

/** Tells in the log what is wrong with the manifests: once when it begins, once when it has gone. */
export class ManifestLog {
  readonly #engine: Engine;
  readonly #logger: Logger;
  readonly #wrong = new Map<ObjectKey, string>();
  readonly #work: PacedWork<ObjectKey>;
  #lines = 0;
  #problems: readonly SourceProblem[] = [];

  constructor(engine: Engine, logger: Logger, options?: PacedWorkOptions) {
    this.#engine = engine;
    this.#logger = logger;
    this.#work = new PacedWork<ObjectKey>(
      (key) => this.#look(key),
      () => this.#batchEnded(),
      options,
    );
  }

  get problems(): readonly SourceProblem[] {
    return this.#problems;
  }

  /** What is wrong with objects that could be read: their bad conditions, those of a thousand objects at most. */
  conditionProblems(): readonly ConditionProblem[] {
    this.#work.finish();
    // Notices last, so that they keep nothing that is wrong out of the list.
    const isNoticeOnly = (text: string): boolean => text.startsWith(ANNOTATIONS_CONDITION);
    const wrong = [...this.#wrong].filter(([, text]) => !isNoticeOnly(text));
    const notices = [...this.#wrong].filter(([, text]) => isNoticeOnly(text));
    return [...wrong, ...notices].slice(0, MAX_LISTED).flatMap(([key]) => {
      const object = parseObjectKey(key);
      return wrongConditions(this.#engine, key).map(({ type, reason, message }) => ({
        object,
        condition: type,
        reason,
        message,
      }));
    });
  }

  /** Problems of the source, and objects with bad conditions. */
  get problemCount(): number {
    return this.#problems.length + this.#wrong.size;
  }

  /** The source's present problems. */
  sourceProblems(problems: readonly SourceProblem[]): void {
    const before = new Set(this.#problems.map(problemText));
    const after = new Set(problems.map(problemText));
    const begun = problems.filter((problem) => !before.has(problemText(problem)));
    for (const { message, ...fields } of begun.slice(0, MAX_LINES)) this.#logger.warn(fields, message);
    if (begun.length > MAX_LINES)
      this.#logger.warn({ more: begun.length - MAX_LINES }, 'more problems of the source, see /problems');
    const gone = [...before].filter((text) => !after.has(text)).length;
    if (gone > 0) this.#logger.info({ gone, left: problems.length }, 'problems of the source have gone');
    this.#problems = problems;
  }

  /** Objects whose conditions may have changed. */
  conditionsChanged(keys: Iterable<ObjectKey>): void {
    this.#work.add(keys);
  }

  #look(key: ObjectKey): void {
    const conditions = wrongConditions(this.#engine, key);
    const text = conditions.map(({ type, reason, message }) => `${type} ${reason} ${message}`).join('\n');
    if ((this.#wrong.get(key) ?? '') === text) return;
    if (text === '') this.#wrong.delete(key);
    else this.#wrong.set(key, text);
    this.#lines += 1;
    if (this.#lines > MAX_LINES) return;
    if (text === '') this.#logger.info({ object: key }, 'all conditions are well again');
    for (const { type, reason, message } of conditions)
      this.#logger.warn({ object: key, condition: type, reason }, message);
  }

  #batchEnded(): void {
    if (this.#lines > MAX_LINES)
      this.#logger.warn(
        { more: this.#lines - MAX_LINES },
        'more objects whose conditions changed, see /problems',
      );
    this.#lines = 0;
  }
}

function problemText({ code, file, line, message }: SourceProblem): string {
  return `${code} ${file ?? ''} ${line ?? ''} ${message}`;
}

/** A tenant may be scaled to zero: that is no fault of its manifests, and the log tells of its endpoints already. */
function wrongConditions(engine: Engine, key: ObjectKey): readonly Condition[] {
  return badConditions(engine, parseObjectKey(key)).filter(({ type }) => type !== SERVING_CONDITION);
}
