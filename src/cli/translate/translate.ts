import { resolve } from 'node:path';
import { pino } from 'pino';
import type { ObjectEvent, SourceProblem } from '../../model/events.ts';
import { Engine } from '../../snapshot/engine.ts';
import { EXIT, type ExitCode } from '../cli-error.ts';
import { engineConfig, type TranslateConfig } from '../flags.ts';
import { createSource } from '../source.ts';
import { explainHost } from './explain.ts';
import { outcomeOf } from './outcome.ts';
import { envoyResources, toYaml } from './resources.ts';
import { outcomeTable } from './table.ts';

export interface Translation {
  readonly stdout: string;
  readonly stderr: string;
  /** 2 where anything is not accepted. */
  readonly exitCode: ExitCode;
}

/** `sluice translate DIR`: what the manifests of a directory become. Rejects with a `CliError` if it cannot be read. */
export async function translate(directory: string, config: TranslateConfig): Promise<Translation> {
  const engine = new Engine(engineConfig(config));
  const problems = await readOnce(directory, (events) => engine.take(events));
  engine.flush();
  const outcome = outcomeOf(engine, problems);
  const exitCode = outcome.accepted ? EXIT.ok : EXIT.notAccepted;
  if (config.host !== undefined) {
    const { text, served } = explainHost(engine, config.host, outcome);
    return { stdout: text, stderr: '', exitCode: served ? EXIT.ok : EXIT.notAccepted };
  }
  const resources = () => envoyResources(engine.resources);
  switch (config.output) {
    case 'table':
      return { stdout: outcomeTable(outcome), stderr: '', exitCode };
    case 'json':
      return {
        stdout: `${JSON.stringify({ ...outcome, resources: resources() }, null, 2)}\n`,
        stderr: '',
        exitCode,
      };
    case 'yaml':
      return { stdout: toYaml(resources()), stderr: '', exitCode };
    default:
      return { stdout: toYaml(resources()), stderr: outcomeTable(outcome), exitCode };
  }
}

/** Reads a directory without following its changes; returns the problems with it. */
export async function readOnce(
  directory: string,
  take: (events: readonly ObjectEvent[]) => void,
): Promise<readonly SourceProblem[]> {
  let problems: readonly SourceProblem[] = [];
  const synced = Promise.withResolvers<void>();
  const source = createSource(
    { type: 'directory', path: directory, absolute: resolve(directory) },
    pino({ enabled: false }),
    { watch: false },
  );
  await source.start({
    apply: take,
    problems: (present) => {
      problems = present;
    },
    synced: () => synced.resolve(),
  });
  await synced.promise;
  await source.stop();
  return problems;
}
