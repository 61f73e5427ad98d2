import type { ListedRoute, RoutesReport } from '../../admin/api/shapes.ts';
import { CliError, EXIT } from '../../cli-error.ts';
import { envoysOf } from '../envoy/envoys.ts';
import { addTraffic, type TrafficOfHosts } from '../envoy/host-traffic.ts';
import { askAll } from '../find/ask.ts';
import type { RoutesConfig } from '../operator-flags.ts';
import { type Paint, paintFor } from '../render/paint.ts';
import { notes, type Printed, rendered } from '../render/print.ts';
import { type Cell, counted, printable, textTable } from '../render/text-table.ts';

const HOSTS_IN_CELL = 3;
/** Routes that a replica lists at most. */
const MOST = 50_000;
const ENVOYS_AT_ONCE = 4;
const NO_BYTES =
  'no bytes are counted: Envoy counts them of routes with the annotation sluice.dev/stats alone';
/** At 20,000 hosts a replica and an Envoy take a second or two each. */
const ALL_MS = 30_000;

/** `sluice routes`: any replica knows all of them, so the first that has read everything counts. */
export async function routes(config: RoutesConfig): Promise<Printed> {
  const isSorted = config.sort !== 'name';
  // What has the most may be anywhere.
  const query = new URLSearchParams({ limit: String(isSorted ? MOST : config.limit) });
  if (config.ofNamespace !== undefined) query.set('namespace', config.ofNamespace);
  if (config.ofHost !== undefined) query.set('host', config.ofHost);
  if (config.condition !== undefined) query.set('condition', config.condition);
  const patient = { ...config, timeoutMs: Math.max(config.timeoutMs, ALL_MS) };
  const [asked, { traffic, failures }] = await Promise.all([
    askAll<RoutesReport>(isSorted ? patient : config, `/api/v1/routes?${query.toString()}`),
    isSorted ? trafficOfAll(patient) : NOT_ASKED,
  ]);
  const best = (asked.answers.find(({ answer }) => answer.replica.ready) ?? asked.answers[0])?.answer;
  const sorted =
    traffic === undefined ? (best?.routes ?? []) : byTraffic(best?.routes ?? [], traffic, config);
  const found = sorted.slice(0, config.limit);
  const more = (best?.more ?? 0) + sorted.length - found.length;
  const isCounted = config.sort !== 'bytes' || sorted.some(({ bytes }: CountedRoute) => bytes !== undefined);
  const remarks = isCounted ? failures : [...failures, NO_BYTES];
  const paint = paintFor(config);
  return {
    stdout: await rendered(config, { kind: 'RouteList', items: found, more }, () =>
      found.length === 0 ? 'no such route\n' : text(found, more, paint, config),
    ),
    stderr:
      notes(asked.failures, paint) +
      remarks.map((each) => paint('odd', `note: ${printable(each)}\n`)).join(''),
    exitCode: found.every(({ state }) => state === 'ok') ? 0 : 2,
  };
}

/** A route, with what Envoys count of its hosts where they were asked. */
type CountedRoute = ListedRoute & { readonly connections?: number; readonly bytes?: number };

const NOT_ASKED: EnvoysTraffic = { traffic: undefined, failures: [] };

interface EnvoysTraffic {
  readonly traffic: TrafficOfHosts | undefined;
  readonly failures: readonly string[];
}

/** Of all Envoys together. Rejects with a `CliError` where none answers. */
async function trafficOfAll(config: RoutesConfig): Promise<EnvoysTraffic> {
  const envoys = await envoysOf(config);
  const traffic: TrafficOfHosts = new Map();
  const failures: string[] = [];
  const waiting = [...envoys];
  const askInTurn = async (): Promise<void> => {
    for (let envoy = waiting.shift(); envoy !== undefined; envoy = waiting.shift()) {
      try {
        const signal = AbortSignal.timeout(config.timeoutMs);
        await addTraffic(traffic, await envoy.admin(), signal);
      } catch (error) {
        failures.push(`Envoy of ${envoy.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: ENVOYS_AT_ONCE }, askInTurn));
  if (failures.length < envoys.length) return { traffic, failures };
  throw new CliError(
    'SLUICE_ENVOY_UNREACHABLE',
    EXIT.unavailable,
    `no Envoy says what it counts: ${failures.join('; ')}; name its admin address with --envoy-admin`,
  );
}

function byTraffic(
  routes: readonly ListedRoute[],
  traffic: TrafficOfHosts,
  { sort }: RoutesConfig,
): readonly CountedRoute[] {
  const counted = routes.map((route): CountedRoute => {
    const counts = route.hosts.flatMap((host) => traffic.get(host) ?? []);
    const connections = counts.reduce((sum, each) => sum + each.connections, 0);
    const bytes = counts.reduce<number | undefined>(
      (sum, each) => (each.bytes === undefined ? sum : (sum ?? 0) + each.bytes),
      undefined,
    );
    return { ...route, connections, ...(bytes !== undefined && { bytes }) };
  });
  const by = (route: CountedRoute): number => (sort === 'bytes' ? route.bytes : route.connections) ?? -1;
  return counted.sort((a, b) => by(b) - by(a));
}

function text(
  found: readonly CountedRoute[],
  more: number,
  paint: Paint,
  { output, sort }: RoutesConfig,
): string {
  const isWide = output === 'wide';
  const columns = [
    ...(sort === 'name' ? [] : ['CONNECTIONS']),
    ...(sort === 'bytes' || (isWide && sort !== 'name') ? ['BYTES'] : []),
  ];
  const head = ['ROUTE', 'HOSTS', 'ENDPOINTS', ...columns, 'STATE'];
  const rows = found.map(({ route, hosts, endpoints, state, connections, bytes }): readonly Cell[] => [
    route,
    isWide || hosts.length <= HOSTS_IN_CELL
      ? hosts.join(' ') || '-'
      : `${hosts.slice(0, HOSTS_IN_CELL).join(' ')} +${hosts.length - HOSTS_IN_CELL}`,
    endpoints === undefined ? '-' : String(endpoints),
    ...columns.map((column) => String((column === 'BYTES' ? bytes : connections) ?? '-')),
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
