/** Plays a scenario as `sluice serve` would: a directory that is followed live, and one engine for all steps. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineConfig } from '../../src/cli/flags.ts';
import { parseInvocation } from '../../src/cli/program.ts';
import type { ObjectEvent, SourceProblem } from '../../src/model/events.ts';
import type { EngineConfig } from '../../src/snapshot/config.ts';
import { Engine } from '../../src/snapshot/engine/engine.ts';
import { createDirectorySource } from '../../src/watchers/directory/directory-source.ts';
import { goldenText } from './golden-text.ts';
import type { Scenario, Step } from './scenario.ts';

export interface Played {
  readonly step: Step;
  /** What the golden of the step should say. */
  readonly text: string;
  readonly engine: Engine;
  readonly problems: readonly SourceProblem[];
}

/** Written last in each step: once its Namespace has come, everything before it has. */
const SENTINEL = 'zz-step.yaml';
/** It takes some 50 ms. */
const LATEST_MS = 30_000;

/** Each step's result, while it lasts: the engine goes on with the next one. */
export async function* play(scenario: Scenario): AsyncGenerator<Played, void, undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-scenario-'));
  const config = configOf(scenario);
  const engine = new Engine(config);
  const sink = new StepSink(engine);
  const source = createDirectorySource({
    path: directory,
    watch: scenario.steps.length > 1,
    settleMs: 20,
  });
  try {
    for (const [index, step] of scenario.steps.entries()) {
      const arrived = sink.expect(`scenario-step-${index + 1}`);
      await writeStep(directory, step, index);
      if (index === 0) await source.start(sink);
      await arrived;
      engine.flush();
      const text = goldenText({ scenario, engine, config, problems: sink.present, directory });
      yield { step, text, engine, problems: sink.present };
    }
  } finally {
    await source.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** What the flags of the scenario mean, read by the command line itself. */
export function configOf({ flags }: Pick<Scenario, 'flags'>): EngineConfig {
  const invocation = parseInvocation(['translate', '.', ...flags], {});
  if (invocation.command !== 'translate') throw new Error(`no flags of translate: ${flags.join(' ')}`);
  return engineConfig(invocation.config);
}

async function writeStep(directory: string, { files }: Step, index: number): Promise<void> {
  for (const [name, content] of files) {
    const path = join(directory, name);
    if (content === undefined) await rm(path);
    else await replace(path, content);
  }
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `scenario-step-${index + 1}` } };
  await replace(join(directory, SENTINEL), JSON.stringify(namespace));
}

/** At once, as editors do: nobody reads half of it. */
async function replace(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}

class StepSink {
  readonly #engine: Engine;
  #expected = '';
  #arrived: () => void = () => {};
  present: readonly SourceProblem[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Resolves once the Namespace of that name has come, with the problems of the same look at the directory. Rejects
   * if that never happens.
   */
  async expect(namespace: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#expected = namespace;
    this.#arrived = resolve;
    const timer = setTimeout(() => reject(new Error(`${namespace} is not seen`)), LATEST_MS);
    await promise.finally(() => clearTimeout(timer));
  }

  apply(events: readonly ObjectEvent[]): void {
    this.#engine.takeEvents(events);
    const isThere = events.some(
      (event) => event.type === 'upsert' && event.object.meta.name === this.#expected,
    );
    // The problems follow in the same turn.
    if (isThere) this.#arrived();
  }

  problems(present: readonly SourceProblem[]): void {
    this.present = present;
  }

  synced(): void {}
}
