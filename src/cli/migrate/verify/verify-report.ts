import { counted, printable, textTable } from '../../operator/render/text-table.ts';
import type { HostComparison, HostVerdict } from './compare.ts';
import type { VerifyReport } from './verify-hosts.ts';

/** Hosts that a table names; JSON and JUnit have all. */
const MOST_ROWS = 200;

export function verdictCounts({ hosts }: VerifyReport): Readonly<Record<HostVerdict, number>> {
  const counts = { same: 0, different: 0, neither: 0, unknown: 0 };
  for (const { verdict } of hosts) counts[verdict] += 1;
  return counts;
}

/** For people: the hosts that are not the same, the times, and a summary. */
export function verifyTable(report: VerifyReport): string {
  const { hosts, down } = report;
  const odd = hosts.filter(({ verdict }) => verdict === 'different' || verdict === 'neither');
  const rows = odd
    .slice(0, MOST_ROWS)
    .map(({ host, verdict, differences }) => [host, verdict, differences.join('; ')]);
  const more = odd.length > MOST_ROWS ? `and ${counted(odd.length - MOST_ROWS, 'more host')}\n` : '';
  const { same, different, neither, unknown } = verdictCounts(report);
  const parts = [
    `${same} the same`,
    `${different} different`,
    ...(neither === 0 ? [] : [`${neither} that neither gateway serves`]),
    ...(unknown === 0 ? [] : [`${unknown} not verified`]),
  ];
  const ended = down === undefined ? '' : `${printable(down)}: the rest was not compared\n`;
  return `${textTable(['HOST', 'VERDICT', 'DIFFERENCE'], rows, (_, text) => text)}${more}${timesText(hosts)}${ended}${counted(hosts.length, 'host')}: ${parts.join(', ')}\n`;
}

function timesText(hosts: readonly HostComparison[]): string {
  const line = (name: string, values: readonly (number | undefined)[]): string => {
    const sorted = values.filter((each) => each !== undefined).sort((a, b) => a - b);
    if (sorted.length === 0) return '';
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return `handshakes with the ${name} gateway: median ${at(0.5)} ms, 99 % within ${at(0.99)} ms, longest ${at(1)} ms\n`;
  };
  return (
    line(
      'old',
      hosts.map(({ fromMs }) => fromMs),
    ) +
    line(
      'new',
      hosts.map(({ toMs }) => toMs),
    )
  );
}

/** As CI systems read test results: a test case for each host. */
export function verifyJunit(report: VerifyReport): string {
  const { same: _, different, neither, unknown } = verdictCounts(report);
  const cases = report.hosts.map(({ host, verdict, differences, toMs }) => {
    const head = `    <testcase classname="sluice.migrate" name="${escaped(host)}" time="${((toMs ?? 0) / 1000).toFixed(4)}"`;
    if (verdict === 'same') return `${head}/>\n`;
    const message = escaped(differences.join('; '));
    const element =
      verdict === 'different'
        ? `<failure message="${message}"/>`
        : verdict === 'unknown'
          ? `<error message="${message}"/>`
          : `<skipped message="${message}"/>`;
    return `${head}>${element}</testcase>\n`;
  });
  const counts = `tests="${report.hosts.length}" failures="${different}" errors="${unknown}" skipped="${neither}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  <testsuite name="sluice migrate --verify" ${counts}>\n${cases.join('')}  </testsuite>\n</testsuites>\n`;
}

function escaped(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
