import { resolve } from 'node:path';
import { pino } from 'pino';
import type { GatewayConfig } from '../../gateway/config.ts';
import type { ObjectEvent, SourceProblem } from '../../model/events.ts';
import { Engine } from '../../snapshot/engine/engine.ts';
import { EXIT, type ExitCode } from '../cli-error.ts';
import { engineConfig, type TranslateConfig } from '../flags.ts';
import { createSource } from '../source.ts';
import { explainHost, explanationText } from './explain.ts';
import { reportOf } from './report.ts';
import { envoyResources, toYaml } from './resources.ts';
import { problemLines, reportTable } from './table.ts';

export interface Translation {
  readonly stdout: string;
  readonly stderr: string;
  /** 2 where anything is not accepted, or nothing is Sluice's. */
  readonly exitCode: ExitCode;
}

/** `sluice translate DIR|-`: what the manifests of a directory become. Rejects with a `CliError` if it cannot be read. */
export async function translate(directory: string, config: TranslateConfig): Promise<Translation> {
  if (directory !== '-') return await translated(directory, config);
  const { withStdin } = await import('./stdin.ts');
  return await withStdin((folder) => translated(folder, config));
}

async function translated(directory: string, config: TranslateConfig): Promise<Translation> {
  const meaning = engineConfig(config);
  const engine = new Engine(meaning);
  const problems = await readOnce(directory, config, (events) => engine.takeEvents(events));
  engine.flush();
  const report = reportOf(engine, problems, meaning.gateway);
  if (config.host !== undefined)
    return {
      ...explained(engine, config.host, config.output, meaning.gateway),
      // An object that could not be read is often why a host is not found.
      stderr: problemLines(report.problems),
    };
  const exitCode = report.accepted ? EXIT.ok : EXIT.notAccepted;
  const resources = () => envoyResources(engine.resources);
  switch (config.output) {
    case 'table':
      return { stdout: reportTable(report), stderr: '', exitCode };
    case 'json':
      return { stdout: jsonText({ ...report, resources: resources() }), stderr: '', exitCode };
    case 'yaml':
      return { stdout: toYaml(resources()), stderr: '', exitCode };
    default:
      return { stdout: toYaml(resources()), stderr: reportTable(report), exitCode };
  }
}

function explained(
  engine: Engine,
  host: string,
  output: TranslateConfig['output'],
  config: GatewayConfig,
): Omit<Translation, 'stderr'> {
  const explanation = explainHost(engine, host, config);
  return {
    stdout: output === 'json' ? jsonText(explanation) : explanationText(explanation),
    exitCode: explanation.served.length > 0 ? EXIT.ok : EXIT.notAccepted,
  };
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Reads a directory without following its changes; returns the problems with it. */
export async function readOnce(
  directory: string,
  { gatewayApiChannel }: Pick<TranslateConfig, 'gatewayApiChannel'>,
  take: (events: readonly ObjectEvent[]) => void,
): Promise<readonly SourceProblem[]> {
  let problems: readonly SourceProblem[] = [];
  const synced = Promise.withResolvers<void>();
  const source = createSource(
    { type: 'directory', path: directory, absolute: resolve(directory) },
    pino({ enabled: false }),
    { watch: false, gatewayApiChannel },
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
