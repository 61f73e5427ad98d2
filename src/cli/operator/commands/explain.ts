import { hostNameProblem, readHostName } from '../../../gateway/values/host-name-input.ts';
import type { HostReport } from '../../admin/api/shapes.ts';
import { CliError, EXIT } from '../../cli-error.ts';
import { type Answers, askAll } from '../find/ask.ts';
import type { ExplainConfig } from '../operator-flags.ts';
import { type Paint, paintFor, type Tone } from '../render/paint.ts';
import { notes, type Printed, rendered } from '../render/print.ts';
import { type Cell, printable, textTable } from '../render/text-table.ts';
import { type HostVerdict, verdictOf } from './host-verdict.ts';

/** Endpoints and hosts in one line. */
const LISTED = 5;

/**
 * `sluice explain HOST`: why a host is served or not, and on which nodes. `write` prints what is known while a probe goes on; a node
 * that hangs keeps nobody waiting for the others.
 */
export async function explain(
  asked: string,
  config: ExplainConfig,
  write: (text: string) => void,
): Promise<Printed> {
  const host = readHostName(asked);
  if (host === undefined) throw new CliError('SLUICE_HOST_INVALID', EXIT.usage, hostNameProblem(asked));
  const path = `/api/v1/explain?${new URLSearchParams({ host }).toString()}`;
  const answers: Answers<HostReport> = await askAll<HostReport>(config, path);
  const verdict = verdictOf(answers);
  const paint = paintFor(config);
  const isText = config.output === 'table' || config.output === 'wide';
  const text = verdictText(verdict, paint, config.output === 'wide');
  const stderr = notes(answers.failures, paint);
  if (!config.probe) {
    const stdout = await rendered(config, verdict, () => text);
    return { stdout, stderr, exitCode: verdict.state === 'live' ? 0 : 2 };
  }
  const told = isText ? write : () => {};
  told(`${text}\nprobe of ${host}\n`);
  const { probeHost } = await import('../probe/probe-host.ts');
  const probe = await probeHost(verdict, config, told, paint);
  return {
    stdout: await rendered(config, { ...verdict, probe }, () => ''),
    stderr,
    exitCode: verdict.state === 'live' && probe.isGood ? 0 : 2,
  };
}

const TONES: Readonly<Record<HostVerdict['state'], Tone>> = {
  live: 'good',
  partly: 'odd',
  'not live': 'bad',
  'not served': 'bad',
};

/** The verdict in the first line, then what it is made of. */
export function verdictText(verdict: HostVerdict, paint: Paint, isWide: boolean): string {
  const { host, state, explanation, notes: remarks } = verdict;
  const lines = [
    `${paint('strong', host)}: ${paint(TONES[state], printable(verdict.verdict))}`,
    ...remarks.map((remark) => `  ${paint('odd', `note: ${printable(remark)}`)}`),
    ...ownerLines(explanation).map(printable),
  ];
  const isOwned = explanation.served.length > 0 || explanation.closed.length > 0;
  return `${lines.join('\n')}\n${isOwned || isWide ? nodeTable(verdict, paint, isWide) : ''}`;
}

/** Who serves it and why, who lost and why, a line each. */
export function ownerLines({
  served,
  closed,
  kept,
  notServed,
  hints,
}: HostVerdict['explanation']): readonly string[] {
  const lines: string[] = [];
  for (const { binding, route, as, others, endpoints, reasons, cluster } of served) {
    lines.push(`  served by ${route} as ${as}, on ${binding}`);
    lines.push(...others.map(alsoWanted));
    if (reasons.length > 0) lines.push(`  some connections are closed: ${reasons.join('; ')}`);
    lines.push(`  endpoints: ${some(endpoints.map(endpointText))}`, `  cluster: ${cluster}`);
  }
  for (const { binding, route, as, others, reasons } of closed) {
    lines.push(`  ${route} has it as ${as}, on ${binding}: connections are closed`);
    if (reasons.length > 1) lines.push(...reasons.map((reason) => `  ${reason}`));
    lines.push(...others.map(alsoWanted));
  }
  for (const { binding, reason } of kept) lines.push(`  closed on ${binding}: ${reason}`);
  for (const { route, reasons } of notServed)
    for (const reason of reasons) lines.push(`  ${route} names it and is not served: ${reason}`);
  return [...lines, ...hints.map((hint) => `  ${hint}`)];
}

function alsoWanted({ route, reason }: { readonly route: string; readonly reason: string }): string {
  return `  also wanted by ${route}, ${reason}`;
}

function endpointText({
  address,
  port,
  weight,
}: HostVerdict['explanation']['served'][number]['endpoints'][number]): string {
  const where = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return weight === undefined ? where : `${where} (weight ${weight})`;
}

function some(texts: readonly string[]): string {
  if (texts.length === 0) return 'none';
  const more = texts.length > LISTED ? `, and ${texts.length - LISTED} more` : '';
  return texts.slice(0, LISTED).join(', ') + more;
}

function nodeTable({ nodes, explanation }: HostVerdict, paint: Paint, isWide: boolean): string {
  const isClosed = explanation.served.length === 0;
  const tone = { live: 'good', waiting: 'odd', rejected: 'bad', 'not connected': 'bad' } as const;
  const head = [
    'NODE',
    'STATE',
    'VERSION',
    'SINCE',
    ...(isWide ? ['REPLICA', 'ADDRESSES'] : []),
    'LAST REJECTION',
  ];
  const rows = nodes.map(
    ({
      node,
      state,
      version = '-',
      since = '-',
      replica = '-',
      addresses,
      lastRejection,
    }): readonly Cell[] => [
      node,
      // It has what there is, and that closes connections.
      isClosed && state === 'live' ? { text: 'closed', tone: 'odd' } : { text: state, tone: tone[state] },
      version,
      since.replace(/\.\d+Z$/, 'Z'),
      ...(isWide ? [replica, addresses.join(' ') || '-'] : []),
      lastRejection === undefined ? '-' : `${lastRejection.at}: ${lastRejection.error}`,
    ],
  );
  const table = textTable(head, rows, paint);
  return table === '' ? '' : `\n${table}`;
}
