import type { SourceType } from './world/world.ts';

/** What a scenario gets, and what it gives back to be printed, kept as JSON and plotted. */
export interface ScenarioOptions {
  /** The source tree whose Sluice is measured. */
  readonly tree: string;
  /** `undefined`: the scenario's own default. */
  readonly routes: number | undefined;
  readonly repeats: number | undefined;
  /** Where Sluice reads its objects from. */
  readonly source: SourceType;
  /** Of what runs for a time, in seconds; `undefined`: the scenario's own default. */
  readonly seconds: number | undefined;
  /** Directory for V8 CPU profiles of Sluice. */
  readonly profile: string | undefined;
  /** More flags of `sluice serve`. */
  readonly flags: readonly string[];
  /** One line on what is going on; replaced by the next where the output is a terminal. */
  progress(line: string): void;
}

export interface Report {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** Put at the top level of the JSON. Times in milliseconds, memory in megabytes. */
  readonly figures: Readonly<Record<string, number>>;
  /** Goals of the project that these figures speak of. */
  readonly goals?: readonly Goal[];
  /** What else a reader has to know, a sentence each. */
  readonly notes?: readonly string[];
  /** Limits that are broken, a sentence each: the run has failed. */
  readonly failures?: readonly string[];
  /** Versions of software that took part, besides those of every run. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Raw samples. */
  readonly samples: unknown;
}

export interface Goal {
  readonly goal: string;
  readonly measured: string;
  readonly met: boolean;
}

export type Scenario = (options: ScenarioOptions) => Promise<Report>;

/** A scenario that cannot run here; the message is one line that says why. */
export class Unavailable extends Error {}
