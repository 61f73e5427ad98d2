import type { Condition } from '../../model/conditions.ts';
import { isBad } from '../serve/report.ts';
import type { Outcome } from './outcome.ts';

/** Hosts in one cell; a route may have a thousand. */
const MAX_HOSTS = 3;

/** Gateways, routes and problems for people: one line each, what is wrong below it. */
export function outcomeTable(outcome: Outcome): string {
  const { gateways, routes, problems } = outcome;
  const sections = [
    table(
      ['GATEWAY', 'LISTENER', 'ROUTES', 'STATE'],
      gateways.flatMap(({ gateway, conditions, listeners }) => [
        { cells: [gateway, '', '', state(conditions)], notes: notes(conditions) },
        ...listeners.map((listener) => ({
          cells: ['', listener.name, String(listener.attachedRoutes), state(listener.conditions)],
          notes: notes(listener.conditions),
        })),
      ]),
    ),
    table(
      ['ROUTE', 'HOSTS', 'PARENT', 'STATE'],
      routes.flatMap(({ route, hosts, parents }) =>
        parents.length === 0
          ? [{ cells: [route, '-', '-', 'not for Sluice'], notes: [] }]
          : parents.map(({ parent, conditions }) => ({
              cells: [route, shortened(hosts), parent, state(conditions)],
              notes: notes(conditions),
            })),
      ),
    ),
    problems
      .map(({ code, file, line, message }) => {
        const place = [file, line].filter((part) => part !== undefined).join(':');
        return `${place === '' ? '' : `${printable(place)}: `}${code}: ${printable(message)}\n`;
      })
      .join(''),
    summary(outcome),
  ];
  return sections.filter((section) => section !== '').join('\n');
}

function summary({ gateways, routes, problems, accepted }: Outcome): string {
  const counts = `${gateways.length} Gateways, ${routes.length} routes, ${problems.length} problems`;
  return `${counts}: ${accepted ? 'all accepted' : 'NOT all accepted'}\n`;
}

function shortened(hosts: readonly string[]): string {
  if (hosts.length === 0) return '-';
  const more = hosts.length > MAX_HOSTS ? ` +${hosts.length - MAX_HOSTS}` : '';
  return hosts.slice(0, MAX_HOSTS).join(' ') + more;
}

function state(conditions: readonly Condition[]): string {
  const bad = conditions.filter(isBad);
  return bad.length === 0
    ? 'accepted'
    : bad.map(({ type, status, reason }) => `${type}=${status} ${reason}`).join(', ');
}

function notes(conditions: readonly Condition[]): string[] {
  return conditions.filter(isBad).map(({ message }) => message);
}

function table(
  head: readonly string[],
  rows: readonly { readonly cells: readonly string[]; readonly notes: readonly string[] }[],
): string {
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
