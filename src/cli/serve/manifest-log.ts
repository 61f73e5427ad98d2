import { badConditionsAmong, conditionsOf } from '../../gateway/status/conditions-of.ts';
import { ANNOTATIONS_CONDITION, type Condition, SERVING_CONDITION } from '../../model/conditions.ts';
import type { SourceProblem } from '../../model/events.ts';
import { type ObjectKey, parseObjectKey } from '../../model/key.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import type { LineBudget } from './line-budget.ts';
import { PacedWork, type PacedWorkOptions } from './paced-work.ts';

/** Objects that /problems lists with their conditions. */
const MAX_LISTED = 1_000;

/** A condition that says that something is wrong, as /problems shows it. */
export interface ConditionProblem extends Pick<Condition, 'reason' | 'message'> {
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly condition: string;
}

export interface ManifestLogOptions extends PacedWorkOptions {
  /** The conditions of an object that may have changed, as they are now. */
  readonly onConditions?: (key: ObjectKey, conditions: readonly Condition[]) => void;
}

/** Tells in the log what is wrong with the manifests: once when it begins, once when it has gone. */
export class ManifestLog {
  readonly #engine: Engine;
  readonly #lines: LineBudget;
  readonly #wrong = new Map<ObjectKey, string>();
  readonly #work: PacedWork<ObjectKey>;
  #problems: readonly SourceProblem[] = [];
  readonly #onConditions: ManifestLogOptions['onConditions'];

  constructor(engine: Engine, lines: LineBudget, options: ManifestLogOptions = {}) {
    this.#engine = engine;
    this.#onConditions = options.onConditions;
    this.#lines = lines;
    this.#work = new PacedWork<ObjectKey>((key) => this.#look(key), options);
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
      return wrongAmong(conditionsOf(this.#engine, object)).map(({ type, reason, message }) => ({
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
    for (const { message, ...fields } of begun) this.#lines.line('problems', 'warn', fields, message);
    const gone = [...before].filter((text) => !after.has(text)).length;
    if (gone > 0)
      this.#lines.line(
        'problems',
        'info',
        { code: 'SLUICE_SOURCE_WELL', gone, left: problems.length },
        'problems of the source have gone',
      );
    this.#problems = problems;
  }

  /** Objects whose conditions may have changed. */
  conditionsChanged(keys: Iterable<ObjectKey>): void {
    this.#work.add(keys);
  }

  #look(key: ObjectKey): void {
    const all = conditionsOf(this.#engine, parseObjectKey(key));
    this.#onConditions?.(key, all);
    const conditions = wrongAmong(all);
    const text = conditions.map(({ type, reason, message }) => `${type} ${reason} ${message}`).join('\n');
    if ((this.#wrong.get(key) ?? '') === text) return;
    if (text === '') this.#wrong.delete(key);
    else this.#wrong.set(key, text);
    if (text === '')
      this.#lines.line(
        'objects',
        'info',
        { code: 'SLUICE_CONDITION', object: key },
        'all conditions are well again',
      );
    for (const { type, reason, message } of conditions)
      this.#lines.line(
        'objects',
        'warn',
        { code: 'SLUICE_CONDITION', object: key, condition: type, reason },
        message,
      );
  }
}

function problemText({ code, file, line, message }: SourceProblem): string {
  return `${code} ${file ?? ''} ${line ?? ''} ${message}`;
}

/** A tenant may be scaled to zero: that is no fault of its manifests, and the log tells of its endpoints already. */
function wrongAmong(conditions: readonly Condition[]): readonly Condition[] {
  return badConditionsAmong(conditions).filter(({ type }) => type !== SERVING_CONDITION);
}
