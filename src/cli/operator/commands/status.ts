import type { StatusReport } from '../../admin/api/shapes.ts';
import { type Answers, askAll } from '../find/ask.ts';
import type { StatusCommandConfig } from '../operator-flags.ts';
import { type Paint, paintFor, type Tone } from '../render/paint.ts';
import { notes, type Printed, rendered } from '../render/print.ts';
import { counted, printable, span, textTable } from '../render/text-table.ts';
import { type FleetNode, fleetOf } from './nodes.ts';

const DAY_MS = 86_400_000;
/** A certificate that ends sooner is not being renewed. */
const SOON_DAYS = 14;

/** One line of the screen. */
interface Line {
  readonly title: string;
  readonly text: string;
  /** Whether all is well with it. */
  readonly isGood: boolean;
}

/** `sluice status`: all in one screen; exit code 2 where anything is not as it should be. */
export async function status(config: StatusCommandConfig): Promise<Printed> {
  const answers = await askAll<StatusReport>(config, '/api/v1/status');
  const fleet = fleetOf(answers);
  const lines = linesOf(answers, fleet);
  const paint = paintFor(config);
  const isGood = lines.every((line) => line.isGood);
  const value = {
    kind: 'Status',
    good: isGood,
    summary: lines,
    nodes: fleet,
    replicas: answers.answers.map(({ replica, answer }) => ({ name: replica, ...answer })),
    failures: answers.failures,
  };
  return {
    stdout: await rendered(config, value, () => screen(lines, answers, paint)),
    stderr: notes(answers.failures, paint),
    exitCode: isGood ? 0 : 2,
  };
}

function linesOf({ answers, failures }: Answers<StatusReport>, fleet: readonly FleetNode[]): readonly Line[] {
  const reports = answers.map(({ answer }) => answer);
  const best = reports.find(({ replica }) => replica.ready) ?? reports[0];
  if (best === undefined) throw new Error('no replica answered');
  const leaders = answers.filter(({ answer }) => answer.replica.leader).map(({ replica }) => replica);
  const all = answers.length + failures.length;
  const notReady = reports.filter(({ replica }) => !replica.ready);
  const pending = [...new Set(reports.flatMap(({ replica }) => [...replica.pending, ...replica.saved]))];
  const away = fleet.filter(({ state }) => state !== 'current');
  const over = [...new Set(reports.flatMap(({ overBudget }) => overBudget))];
  const { TLSRoute = 0, Ingress = 0 } = best.objects;
  const last = reports.flatMap(({ lastChangeMs }) => lastChangeMs ?? []);
  const statuses = Math.max(0, ...reports.map(({ statusesPending = 0 }) => statusesPending));
  const notAfter = reports.flatMap(({ certificateNotAfter }) => certificateNotAfter ?? []).sort()[0];
  const days = notAfter && Math.floor((Date.parse(notAfter) - Date.now()) / DAY_MS);
  return [
    {
      title: 'replicas',
      text: `${answers.length} of ${all} answer${notReady.length === 0 ? '' : `, ${notReady.length} not ready`}; ${leaders.length === 0 ? 'none leads' : `${leaders.join(', ')} ${leaders.length === 1 ? 'leads' : 'lead'}`}`,
      isGood: failures.length === 0 && notReady.length === 0 && leaders.length > 0,
    },
    {
      title: 'nodes',
      text:
        fleet.length === 0
          ? 'none: no Envoy is connected, and no node is a gateway node'
          : `${fleet.length - away.length} of ${counted(fleet.length, 'node')} current${away.map(({ node, state }) => `; ${node} ${state}`).join('')}`,
      isGood: fleet.length > 0 && away.length === 0,
    },
    {
      title: 'hosts',
      text: `${counted(best.hosts, 'host')} of ${counted(TLSRoute, 'TLSRoute')} and ${Ingress.toLocaleString('en')} Ingresses; ${counted(best.resources.listeners, 'listener')}, ${counted(best.resources.clusters, 'cluster')}, ${counted(best.resources.endpoints, 'endpoint set')}`,
      isGood: true,
    },
    {
      title: 'problems',
      text: best.problems === 0 ? 'none' : `${best.problems}: see "sluice routes --condition bad"`,
      // Most of them are tenants', and theirs to put right.
      isGood: true,
    },
    {
      title: 'budgets',
      text: over.length === 0 ? 'no namespace is over one' : `over it: ${over.join(', ')}`,
      isGood: over.length === 0,
    },
    {
      title: 'sources',
      text: `${pending.length === 0 ? 'all read' : pending.join('; ')}${last.length === 0 ? '' : `; last change ${span(Math.min(...last))} ago`}`,
      isGood: pending.length === 0,
    },
    { title: 'statuses', text: `${statuses} wait to be written${statusModes(reports)}`, isGood: true },
    {
      title: 'certificate',
      text: days === undefined || days === '' ? 'xDS is served without TLS' : `${days} days left`,
      isGood: typeof days !== 'number' || days >= SOON_DAYS,
    },
  ];
}

/** Nothing where all statuses are written. */
function statusModes(reports: readonly StatusReport[]): string {
  const modes = [...new Set(reports.map(({ statusMode = 'own' }) => statusMode))].sort();
  if (modes.join() === 'own') return '';
  const withheld = Math.max(0, ...reports.map(({ statusesWithheld = 0 }) => statusesWithheld));
  return `; --status-mode ${modes.join(' and ')}${modes.includes('shadow') ? `: ${withheld} withheld, see /debug/statuses` : ''}`;
}

function screen(lines: readonly Line[], { answers }: Answers<StatusReport>, paint: Paint): string {
  const tone = (isGood: boolean): Tone => (isGood ? 'good' : 'bad');
  const summary = lines
    .map(
      ({ title, text, isGood }) =>
        `${paint(tone(isGood), isGood ? 'ok' : '!!')}  ${title.padEnd(11)}  ${printable(text)}\n`,
    )
    .join('');
  const rows = answers.map(({ replica, answer }) => [
    replica,
    answer.replica.ready ? 'yes' : 'no',
    answer.replica.leader ? 'yes' : 'no',
    answer.replica.version,
    String(answer.nodes.length),
    `${span(Date.now() - Date.parse(answer.replica.startedAt))}`,
  ]);
  const table = textTable(['REPLICA', 'READY', 'LEADS', 'VERSION', 'ENVOYS', 'RUNS FOR'], rows, paint);
  return `${summary}\n${table}`;
}
