import type { ListedRoute, RoutesReport } from '../../admin/api/shapes.ts';
import { askAll } from '../find/ask.ts';
import type { RoutesConfig } from '../operator-flags.ts';
import { type Paint, paintFor } from '../render/paint.ts';
import { notes, type Printed, rendered } from '../render/print.ts';
import { type Cell, counted, printable, textTable } from '../render/text-table.ts';

const HOSTS_IN_CELL = 3;

/** `sluice routes`: any replica knows all of them, so the first that has read everything counts. */
export async function routes(config: RoutesConfig): Promise<Printed> {
  const query = new URLSearchParams({ limit: String(config.limit) });
  if (config.ofNamespace !== undefined) query.set('namespace', config.ofNamespace);
  if (config.ofHost !== undefined) query.set('host', config.ofHost);
  if (config.condition !== undefined) query.set('condition', config.condition);
  const asked = await askAll<RoutesReport>(config, `/api/v1/routes?${query.toString()}`);
  const best = (asked.answers.find(({ answer }) => answer.replica.ready) ?? asked.answers[0])?.answer;
  const found = best?.routes ?? [];
  const paint = paintFor(config);
  return {
    stdout: await rendered(config, { kind: 'RouteList', items: found, more: best?.more ?? 0 }, () =>
      found.length === 0 ? 'no such route\n' : text(found, best?.more ?? 0, paint, config.output === 'wide'),
    ),
    stderr: notes(asked.failures, paint),
    exitCode: found.every(({ state }) => state === 'ok') ? 0 : 2,
  };
}

function text(found: readonly ListedRoute[], more: number, paint: Paint, isWide: boolean): string {
  const head = ['ROUTE', 'HOSTS', 'ENDPOINTS', 'STATE'];
  const rows = found.map(({ route, hosts, endpoints, state }): readonly Cell[] => [
    route,
    isWide || hosts.length <= HOSTS_IN_CELL
      ? hosts.join(' ') || '-'
      : `${hosts.slice(0, HOSTS_IN_CELL).join(' ')} +${hosts.length - HOSTS_IN_CELL}`,
    endpoints === undefined ? '-' : String(endpoints),
    { text: state, tone: state === 'ok' ? 'good' : state === 'not for Sluice' ? 'dim' : 'bad' },
  ]);
  const [first = '', ...lines] = textTable(head, rows, paint).split('\n').slice(0, -1);
  const body = lines.map((line, index) => {
    const reasons = found[index]?.reasons ?? [];
    return `${line}\n${reasons.map((reason) => `  ${paint('odd', printable(reason))}\n`).join('')}`;
  });
  const rest = more === 0 ? '' : `${counted(more, 'more route')}: see --limit\n`;
  return `${first}\n${body.join('')}${rest}`;
}
