import process from 'node:process';
import { ApiClient } from '../../kubernetes-api/api-client.ts';
import { type Plan, planMigration } from '../../migrate/plan.ts';
import { type RawObject, titleOf } from '../../migrate/raw-object.ts';
import { MIGRATED_KINDS, Sources } from '../../migrate/sources.ts';
import { MIGRATED_LABEL } from '../../migrate/write/manifest.ts';
import { CliError, EXIT, type ExitCode } from '../cli-error.ts';
import { type ApplyReport, applyManifests } from './apply.ts';
import { applyText, isAllWritten } from './apply-report.ts';
import type { MigrateConfig } from './migrate-flags.ts';
import { grouped, planTable } from './plan-report.ts';
import { type Problem, problemText } from './problem.ts';
import { readCluster } from './read-cluster.ts';
import { type ReadObjects, readFiles } from './read-files.ts';
import { verify } from './verify/verify.ts';

export interface Migration {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: ExitCode;
}

/** `sluice migrate`: what the objects of other controllers become. Rejects with a `CliError`. */
export async function migrate(source: string | undefined, config: MigrateConfig): Promise<Migration> {
  refuseOddFlags(config);
  const progress = (text: string): void => void process.stderr.write(text);
  const { kubeconfig, context, timeoutMs } = config;
  const client = new ApiClient({ kubeconfig, context, userAgent: 'sluice-migrate', timeoutMs });
  try {
    if (config.verify && config.hosts.length > 0) return await verify(config.hosts, config, progress);
    const read = await readObjects(source, config, client);
    const plan = planOf(read, config);
    if (config.verify) {
      for (const problem of read.problems) progress(`${problemText(problem)}\n`);
      const hosts = plan.hosts.filter(({ route }) => route !== undefined).map(({ host }) => host);
      return await verify(hosts, config, progress);
    }
    const applied = config.apply ? await applyManifests(client, plan.manifests, progress) : undefined;
    return await printed(plan, read.problems, applied, config);
  } finally {
    client.close();
  }
}

/** What says nothing, or what one would expect to be heard and is not. */
function refuseOddFlags({ apply, verify: isVerify, from, to, hosts, resume, output }: MigrateConfig): void {
  const complaints: readonly (readonly [boolean, string])[] = [
    [isVerify && apply, '--apply and --verify are two steps; give one of them'],
    [
      isVerify && (from.length === 0 || to.length === 0),
      '--verify needs an address of each side; add --from and --to',
    ],
    [
      !isVerify && (from.length > 0 || to.length > 0 || hosts.length > 0 || resume !== undefined),
      '--from, --to, --host and --resume are of --verify; add it, or leave them out',
    ],
    [
      !isVerify && output === 'junit',
      '-o junit is a report of --verify; add it, or choose table, json or yaml',
    ],
  ];
  const [, complaint] = complaints.find(([isOdd]) => isOdd) ?? [];
  if (complaint !== undefined) throw new CliError('SLUICE_FLAG_UNUSED', EXIT.config, complaint);
}

/** What stands in a folder is for the cluster that it is applied to: its Gateways count, and what an earlier run made. */
async function readObjects(
  source: string | undefined,
  { apply }: MigrateConfig,
  client: ApiClient,
): Promise<ReadObjects> {
  if (source === undefined) return await readCluster(client);
  const read = await readFiles(source);
  if (!apply) return read;
  const there = await readCluster(
    client,
    MIGRATED_KINDS.filter(({ kind }) => kind === 'Gateway' || kind === 'TLSRoute'),
  );
  const known = there.objects.filter(
    ({ kind, labels }) => kind === 'Gateway' || labels[MIGRATED_LABEL] === 'true',
  );
  const isKnown = new Set(known.map(({ apiVersion, ...each }) => `${apiVersion} ${titleOf(each)}`));
  const isNew = (each: RawObject): boolean =>
    each.kind !== 'Gateway' && !isKnown.has(`${each.apiVersion} ${titleOf(each)}`);
  return {
    objects: [...known, ...read.objects.filter(isNew)],
    problems: [...read.problems, ...there.problems],
  };
}

function planOf({ objects }: ReadObjects, config: MigrateConfig): Plan {
  const { gateway, gatewayClass, port, dns } = config;
  return planMigration(new Sources(objects), {
    gateway: { ...gateway, className: gatewayClass, port },
    holdsDns: dns === undefined ? undefined : dns === 'hold',
  });
}

async function printed(
  plan: Plan,
  problems: readonly Problem[],
  applied: ApplyReport | undefined,
  { output }: MigrateConfig,
): Promise<Migration> {
  const isGood =
    problems.length === 0 &&
    !plan.findings.some(({ matters }) => matters === 'much') &&
    (applied === undefined || isAllWritten(applied));
  const exitCode = isGood ? EXIT.ok : EXIT.notAccepted;
  const written = applied === undefined ? '' : applyText(applied);
  const report = (): string => `${planTable(plan, problems)}${written === '' ? '' : `\n${written}`}`;
  if (output === 'json') {
    const { manifests, hosts, findings, stale } = plan;
    const all = {
      hosts,
      findings: grouped(findings),
      stale,
      problems,
      manifests,
      ...(applied && { applied }),
    };
    return { stdout: `${JSON.stringify(all, null, 2)}\n`, stderr: '', exitCode };
  }
  // Where they are in the cluster, nobody needs them on the screen.
  if (output === 'table' || (output === undefined && applied !== undefined))
    return { stdout: report(), stderr: '', exitCode };
  return { stdout: await yamlOf(plan), stderr: output === 'yaml' ? written : report(), exitCode };
}

async function yamlOf({ manifests }: Plan): Promise<string> {
  const { stringify } = await import('yaml');
  return manifests
    .map((each) => stringify(each, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');
}
