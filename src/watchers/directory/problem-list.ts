import type { SourceProblem } from '../../model/events.ts';

/** Of one file: who wrote it sees enough to begin with, and a file of garbage must not fill the memory. */
export const MAX_PROBLEMS = 100;

/** The problems of a file: the first of them, and how many more there are. */
export class ProblemList {
  readonly #file: string;
  readonly #problems: SourceProblem[] = [];
  #more = 0;
  #codeOfMore = '';

  constructor(file: string) {
    this.#file = file;
  }

  /** `make` is called where there is room. Returns the place of the problem in the list, if it has one. */
  add(code: string, make: () => SourceProblem): number | undefined {
    if (this.#problems.length < MAX_PROBLEMS) return this.#problems.push(make()) - 1;
    if (this.#more === 0) this.#codeOfMore = code;
    this.#more += 1;
    return undefined;
  }

  /** Adds a sentence to a problem, once. */
  append(index: number | undefined, sentence: string): void {
    const problem = index === undefined ? undefined : this.#problems[index];
    if (index === undefined || problem === undefined || problem.message.endsWith(sentence)) return;
    this.#problems[index] = { ...problem, message: `${problem.message}${sentence}` };
  }

  all(): readonly SourceProblem[] {
    if (this.#more === 0) return this.#problems;
    const message = `And ${this.#more} more problems in this file; correct the others first.`;
    // Sorted by line, it comes last.
    const line = Math.max(...this.#problems.map((problem) => problem.line ?? 0));
    return [
      ...this.#problems,
      { code: this.#codeOfMore, message, file: this.#file, ...(line > 0 && { line }) },
    ];
  }
}
