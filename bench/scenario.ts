/** What a scenario gets, and what it gives back to be printed, kept as JSON and plotted. */
export interface ScenarioOptions {
  /** `undefined`: the scenario's own default. */
  readonly routes: number | undefined;
  readonly repeats: number | undefined;
  /** One line on what is going on; replaced by the next where the output is a terminal. */
  progress(line: string): void;
}

export interface Report {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** Put at the top level of the JSON. Times in milliseconds, memory in megabytes. */
  readonly figures: Readonly<Record<string, number>>;
  /** Raw samples. */
  readonly samples: unknown;
}

export type Scenario = (options: ScenarioOptions) => Promise<Report>;

/** A scenario that cannot run here; the message is one line that says why. */
export class Unavailable extends Error {}
