import { badNews } from '../../gateway/status/conditions-of.ts';
import { type Condition, isNotice, SERVING_CONDITION } from '../../model/conditions.ts';
import type { GatewayOutcome } from './outcome.ts';
import type { RouteReport, TranslationReport } from './report.ts';

/** Hosts in one cell; a route may have a thousand. */
const MAX_HOSTS = 3;

interface Row {
  readonly cells: readonly string[];
  readonly notes: readonly string[];
}

/** Gateways, routes and problems for people: one line each, what is wrong below it. */
export function reportTable(report: TranslationReport): string {
  const { gateways, listenerSets, unclaimed, routes, problems } = report;
  const sections = [
    table(
      ['GATEWAY', 'LISTENER', 'ROUTES', 'STATE'],
      [
        ...gateways.flatMap((each) => parentRows(each.gateway, each)),
        ...listenerSets.flatMap((each) => parentRows(`ListenerSet ${each.listenerSet}`, each)),
        ...unclaimed.map(({ gateway, reason }) => ({
          cells: [gateway, '', '', 'not for Sluice'],
          notes: [reason],
        })),
      ],
    ),
    table(['ROUTE', 'HOSTS', 'ENDPOINTS', 'PARENT', 'STATE'], routes.flatMap(routeRows)),
    problemLines(problems),
    summary(report),
  ];
  return sections.filter((section) => section !== '').join('\n');
}

/** Problems with the manifests, a line each. */
export function problemLines(problems: TranslationReport['problems']): string {
  return problems
    .map(({ code, file, line, message }) => {
      const place = [file, line].filter((part) => part !== undefined).join(':');
      return `${place === '' ? '' : `${printable(place)}: `}${code}: ${printable(message)}\n`;
    })
    .join('');
}

function parentRows(name: string, { conditions, listeners }: Omit<GatewayOutcome, 'gateway'>): Row[] {
  return [
    { cells: [name, '', '', state(conditions)], notes: notes(conditions) },
    ...listeners.map((listener) => ({
      cells: ['', listener.name, String(listener.attachedRoutes), state(listener.conditions)],
      notes: notes(listener.conditions),
    })),
  ];
}

function routeRows({ route, hosts, endpoints, parents, unclaimed, notes: own }: RouteReport): Row[] {
  const why = unclaimed === undefined ? own : [unclaimed];
  if (parents.length === 0) return [{ cells: [route, '-', '-', '-', 'not for Sluice'], notes: why }];
  return parents.map(({ parent, accepted, conditions }, index) => ({
    cells: [
      route,
      shortened(hosts),
      endpoints === undefined ? '-' : String(endpoints),
      parent,
      accepted && hosts.length === 0 ? `not served, ${state(conditions)}` : state(conditions),
    ],
    // Of the route, not of one parent: said once.
    notes: [...notes(conditions), ...(index === parents.length - 1 && unclaimed === undefined ? own : [])],
  }));
}

function summary({
  gateways,
  listenerSets,
  unclaimed,
  routes,
  problems,
  accepted,
  nothing,
}: TranslationReport): string {
  const ours = routes.filter((route) => route.unclaimed === undefined).length;
  const of = (count: number, all: number): string => (count === all ? String(all) : `${count} of ${all}`);
  const foreignSets = unclaimed.filter(({ gateway }) => gateway.startsWith('ListenerSet ')).length;
  const allGateways = gateways.length + unclaimed.length - foreignSets;
  const allSets = listenerSets.length + foreignSets;
  const left = ours < routes.length || unclaimed.length > 0;
  const counts = [
    `${of(gateways.length, allGateways)} Gateways`,
    ...(allSets === 0 ? [] : [`${of(listenerSets.length, allSets)} ListenerSets`]),
    `${of(ours, routes.length)} routes${left ? " are Sluice's" : ''}`,
    `${problems.length} problems`,
  ].join(', ');
  const closed = routes.filter(({ parents }) =>
    parents.some(({ conditions }) => isClosed(conditions)),
  ).length;
  const verdict = accepted ? 'all accepted' : 'NOT all accepted';
  const more = closed === 0 ? '' : `, ${closed} routes serve nothing`;
  return `${counts}: ${nothing ?? `${verdict}${more}`}\n`;
}

function isClosed(conditions: readonly Condition[]): boolean {
  return conditions.some(({ type, status }) => type === SERVING_CONDITION && status === 'False');
}

function shortened(hosts: readonly string[]): string {
  if (hosts.length === 0) return '-';
  const more = hosts.length > MAX_HOSTS ? ` +${hosts.length - MAX_HOSTS}` : '';
  return hosts.slice(0, MAX_HOSTS).join(' ') + more;
}

function state(conditions: readonly Condition[]): string {
  const bad = badNews(conditions);
  return bad.length === 0
    ? 'accepted'
    : bad.map(({ type, status, reason }) => `${type}=${status} ${reason}`).join(', ');
}

function notes(conditions: readonly Condition[]): string[] {
  const notices = conditions.filter(isNotice);
  return [...new Set([...badNews(conditions), ...notices].map(({ message }) => message))];
}

function table(head: readonly string[], rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const cells = [head, ...rows.map((row) => row.cells)];
  const widths = head.map((_, column) =>
    cells.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  const line = (row: readonly string[]) =>
    `${row
      .map((cell, column) => printable(cell).padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()}\n`;
  return (
    line(head) +
    rows.map((row) => line(row.cells) + row.notes.map((note) => `  ! ${printable(note)}\n`).join('')).join('')
  );
}

/** Manifests are other people's text: no control characters reach a terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}
