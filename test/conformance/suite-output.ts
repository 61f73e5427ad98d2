export type Outcome = 'PASS' | 'FAIL' | 'SKIP';

export interface SuiteResult {
  readonly name: string;
  readonly outcome: Outcome;
  readonly seconds: number;
  /** What the test and its subtests said, in the order in which they said it. */
  readonly log: readonly string[];
}

/**
 * Reads what a Go test binary prints with `-test.v`, line by line. A conformance test is a subtest of the one Go test;
 * its own subtests count as part of it. Several run at the same time, and say whose turn it is.
 */
export class SuiteOutput {
  readonly #logs = new Map<string, string[]>();
  #current = '';

  /** The result, where the line ends a conformance test. */
  line(text: string): SuiteResult | undefined {
    const [, turn] = /^=== (?:RUN|PAUSE|CONT|NAME)\s+(\S+)$/.exec(text) ?? [];
    if (turn !== undefined) {
      this.#current = conformanceTest(turn);
      return undefined;
    }
    const [, outcome, test = '', seconds] = /^\s*--- (PASS|FAIL|SKIP): (\S+) \(([\d.]+)s\)$/.exec(text) ?? [];
    const name = conformanceTest(test);
    if (outcome === undefined) {
      this.#log(this.#current).push(text);
      return undefined;
    }
    if (test.split('/').length !== 2) {
      if (outcome === 'FAIL') this.#log(name).push(text);
      return undefined;
    }
    return { name, outcome: outcome as Outcome, seconds: Number(seconds), log: this.#log(name) };
  }

  /** What was said outside of any conformance test: the setup. */
  get setup(): readonly string[] {
    return this.#log('');
  }

  #log(name: string): string[] {
    let log = this.#logs.get(name);
    if (log === undefined) {
      log = [];
      this.#logs.set(name, log);
    }
    return log;
  }
}

/** `TestConformance/GatewayModifyListeners/some_subtest` → `GatewayModifyListeners` */
function conformanceTest(path: string): string {
  return path.split('/')[1] ?? '';
}
