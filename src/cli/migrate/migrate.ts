import { type Plan, planMigration } from '../../migrate/plan.ts';
import { Sources } from '../../migrate/sources.ts';
import { EXIT, type ExitCode } from '../cli-error.ts';
import type { MigrateConfig } from './migrate-flags.ts';
import { grouped, planTable } from './plan-report.ts';
import { type ReadObjects, readFiles } from './read-files.ts';

export interface Migration {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: ExitCode;
}

/** `sluice migrate`: what the objects of other controllers become. Rejects with a `CliError`. */
export async function migrate(source: string | undefined, config: MigrateConfig): Promise<Migration> {
  const read = await readFiles(source ?? '-');
  return await printed(planOf(read, config), read.problems, config);
}

function planOf({ objects }: ReadObjects, config: MigrateConfig): Plan {
  const { gateway, gatewayClass, port, dns } = config;
  return planMigration(new Sources(objects), {
    gateway: { ...gateway, className: gatewayClass, port },
    holdsDns: dns === 'hold',
  });
}

async function printed(
  plan: Plan,
  problems: readonly string[],
  { output }: MigrateConfig,
): Promise<Migration> {
  const isGood = problems.length === 0 && !plan.findings.some(({ matters }) => matters === 'much');
  const exitCode = isGood ? EXIT.ok : EXIT.notAccepted;
  if (output === 'table') return { stdout: planTable(plan, problems), stderr: '', exitCode };
  if (output === 'json') {
    const { manifests, hosts, findings, stale } = plan;
    const report = { hosts, findings: grouped(findings), stale, problems, manifests };
    return { stdout: `${JSON.stringify(report, null, 2)}\n`, stderr: '', exitCode };
  }
  const stdout = await yamlOf(plan);
  return { stdout, stderr: output === 'yaml' ? '' : planTable(plan, problems), exitCode };
}

async function yamlOf({ manifests }: Plan): Promise<string> {
  const { stringify } = await import('yaml');
  return manifests
    .map((each) => stringify(each, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');
}
