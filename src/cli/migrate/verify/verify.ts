import { CliError, EXIT, type ExitCode, errorLine } from '../../cli-error.ts';
import type { SocketAddress } from '../../flag-values.ts';
import { toYaml } from '../../translate/resources.ts';
import type { MigrateConfig } from '../migrate-flags.ts';
import { ResumeFile } from './resume-file.ts';
import { type VerifyReport, verifyHosts } from './verify-hosts.ts';
import { verdictCounts, verifyJunit, verifyTable } from './verify-report.ts';

/** How often progress is told, in milliseconds. */
const PROGRESS_MS = 5_000;

/** Compares the old gateway and the new one, host by host. Rejects with a `CliError` where there is nothing to compare. */
export async function verify(
  hosts: readonly string[],
  config: MigrateConfig,
  progress: (text: string) => void,
): Promise<{ readonly stdout: string; readonly stderr: string; readonly exitCode: ExitCode }> {
  if (hosts.length === 0)
    throw new CliError(
      'SLUICE_MIGRATE_NO_HOSTS',
      EXIT.noInput,
      'there is no host to verify; name one with --host, or what is migrated',
    );
  const { from, to, resume } = config;
  const file = resume === undefined ? undefined : new ResumeFile(resume, addressesOf(from, to));
  const done = hosts.flatMap((host) => file?.done.get(host) ?? []);
  const left = hosts.filter((host) => !file?.done.has(host));
  if (done.length > 0) progress(`${done.length} of ${hosts.length} hosts were verified by an earlier run\n`);
  let count = 0;
  let different = 0;
  const timer = setInterval(
    () => progress(`verified ${count} of ${left.length} hosts, ${different} differ\n`),
    PROGRESS_MS,
  );
  let fresh: VerifyReport;
  try {
    fresh = await verifyHosts(left, config, (comparison) => {
      count += 1;
      if (comparison.verdict === 'different') different += 1;
      file?.add(comparison);
    });
  } finally {
    clearInterval(timer);
  }
  const report: VerifyReport = {
    ...fresh,
    hosts: [...done, ...fresh.hosts].sort((a, b) => (a.host < b.host ? -1 : 1)),
  };
  const counts = verdictCounts(report);
  const exitCode =
    report.down !== undefined ? EXIT.unavailable : counts.different > 0 ? EXIT.notAccepted : EXIT.ok;
  const stderr = report.down === undefined ? '' : errorLine('SLUICE_MIGRATE_GATEWAY_DOWN', report.down);
  return { stdout: printed(report, config), stderr, exitCode };
}

function printed(report: VerifyReport, { output }: MigrateConfig): string {
  const { down } = report;
  const all = { counts: verdictCounts(report), ...(down !== undefined && { down }), hosts: report.hosts };
  switch (output) {
    case 'json':
      return `${JSON.stringify(all, null, 2)}\n`;
    case 'yaml':
      return toYaml(JSON.parse(JSON.stringify(all)));
    case 'junit':
      return verifyJunit(report);
    default:
      return verifyTable(report);
  }
}

function addressesOf(from: readonly SocketAddress[], to: readonly SocketAddress[]): string {
  const side = (addresses: readonly SocketAddress[]): string =>
    addresses.map(({ host, port }) => `${host} ${port}`).join(',');
  return `${side(from)} and ${side(to)}`;
}
