import { readFileSync } from 'node:fs';
import type { NodesReport, OwedResource, ResourcesReport } from '../../admin/api/shapes.ts';
import { CliError, EXIT } from '../../cli-error.ts';
import { type EnvoyResources, readConfigDump } from '../envoy/config-dump.ts';
import { type Envoy, envoysOf } from '../envoy/envoys.ts';
import { type Answers, askThese } from '../find/ask.ts';
import { call } from '../find/http.ts';
import { findReplicas } from '../find/replicas.ts';
import type { DiffConfig } from '../operator-flags.ts';
import { type Paint, paintFor } from '../render/paint.ts';
import { notes, type Printed, rendered } from '../render/print.ts';
import { counted, printable, textTable } from '../render/text-table.ts';

/** Differences that a text lists; JSON has all. */
const LISTED = 50;

/** One resource that differs. */
export interface Difference {
  readonly type: 'listener' | 'cluster' | 'endpoints';
  readonly name: string;
  /** `missing`: Envoy does not have it. `outdated`: another version. `extra`: it should not have it. */
  readonly difference: 'missing' | 'outdated' | 'extra';
  readonly should?: string;
  readonly has?: string;
  /** Envoy's words, where it rejects it. */
  readonly rejected?: string;
}

/** `sluice diff NODE` */
export async function diff(node: string, config: DiffConfig): Promise<Printed> {
  if (config.envoyAdmins.length + (config.configDump === undefined ? 0 : 1) > 1)
    throw new CliError(
      'SLUICE_FLAG_REPEATED',
      EXIT.usage,
      '--config-dump and --envoy-admin say where the one config dump is; give one of them, once',
    );
  const replicas = await findReplicas(config);
  const known = await askThese<NodesReport>(replicas, config, '/api/v1/nodes');
  const owner = known.answers.find(({ answer }) => answer.nodes.some((each) => each.node === node));
  if (owner === undefined) throw unknownNode(node, known);
  const holder = replicas.filter(({ name }) => name === owner.replica);
  const path = `/api/v1/resources?${new URLSearchParams({ node }).toString()}`;
  const envoy = await envoyOf(node, config);
  const { answers } = await askThese<ResourcesReport>(holder, config, path);
  const [report] = answers;
  if (report === undefined) throw unknownNode(node, known);
  const differences = differencesOf(report.answer, envoy);
  const paint = paintFor(config);
  const value = { kind: 'Diff', node, replica: report.replica, differences, warming: envoy.warming };
  return {
    stdout: await rendered(config, value, () => text(node, report.answer, differences, envoy, paint)),
    stderr: notes(known.failures, paint),
    exitCode: differences.length === 0 ? 0 : 2,
  };
}

export function differencesOf(owed: ResourcesReport, envoy: EnvoyResources): readonly Difference[] {
  const { rejected } = owed;
  const addresses = new Map([...envoy.endpoints].map(([name, each]) => [name, each.join(' ')]));
  const version = (each: OwedResource): string => each.version;
  return [
    ...compared('listener', owed.listeners, envoy.listeners, version, rejected),
    ...compared('cluster', owed.clusters, envoy.clusters, version, rejected),
    ...compared('endpoints', owed.endpoints, addresses, (each) => (each.addresses ?? []).join(' '), rejected),
  ];
}

function compared(
  type: Difference['type'],
  owed: readonly OwedResource[],
  has: ReadonlyMap<string, string>,
  contentOf: (resource: OwedResource) => string,
  rejected: ResourcesReport['rejected'],
): readonly Difference[] {
  const found: Difference[] = [];
  const names = new Set<string>();
  for (const resource of owed) {
    const { name } = resource;
    names.add(name);
    const should = contentOf(resource);
    const present = has.get(name);
    if (present === should) continue;
    const why = rejected[name];
    found.push({
      type,
      name,
      difference: present === undefined ? 'missing' : 'outdated',
      should,
      ...(present !== undefined && { has: present }),
      ...(why !== undefined && { rejected: why }),
    });
  }
  for (const [name, present] of has)
    if (!names.has(name)) found.push({ type, name, difference: 'extra', has: present });
  return found;
}

async function envoyOf(node: string, config: DiffConfig): Promise<EnvoyResources> {
  const { configDump, timeoutMs } = config;
  if (configDump !== undefined)
    return dumpFrom(configDump === '-' ? 'stdin' : configDump, async () =>
      readFileSync(configDump === '-' ? 0 : configDump, 'utf8'),
    );
  const [envoy] = await envoysOf(config, node);
  const body = await dumped(envoy, timeoutMs).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(
      'SLUICE_ENVOY_UNREACHABLE',
      EXIT.unavailable,
      `the Envoy of ${envoy.name} does not say what it has: ${reason}; name its admin address with --envoy-admin, or give a config dump with --config-dump`,
      { cause },
    );
  });
  return await dumpFrom(envoy.name, async () => body);
}

async function dumped(envoy: Envoy, timeoutMs: number): Promise<string> {
  const path = '/config_dump?include_eds';
  // A dump of 20,000 hosts takes Envoy a second or two.
  const signal = AbortSignal.timeout(Math.max(timeoutMs, 30_000));
  const { status, text: body } = await call(await envoy.admin(), { path, signal });
  if (status !== 200) throw new Error(`answered ${status}: ${body.slice(0, 200)}`);
  return body;
}

async function dumpFrom(from: string, read: () => Promise<string>): Promise<EnvoyResources> {
  try {
    return readConfigDump(await read());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `no config dump of an Envoy at ${from}: ${reason}; give what its /config_dump?include_eds answers`;
    throw new CliError('SLUICE_ENVOY_CONFIG_DUMP', EXIT.noInput, message, { cause });
  }
}

function unknownNode(node: string, { answers }: Answers<NodesReport>): CliError {
  const names = [...new Set(answers.flatMap(({ answer }) => answer.nodes.map((each) => each.node)))].sort();
  const others =
    names.length === 0 ? 'no Envoy is connected' : `connected are ${names.slice(0, 20).join(', ')}`;
  return new CliError(
    'SLUICE_NODE_UNKNOWN',
    EXIT.usage,
    `no Envoy of node id ${JSON.stringify(node)} is connected: ${others}`,
  );
}

function text(
  node: string,
  owed: ResourcesReport,
  differences: readonly Difference[],
  { warming }: EnvoyResources,
  paint: Paint,
): string {
  const { listeners, clusters, endpoints } = owed;
  const all = `${counted(listeners.length, 'listener')}, ${counted(clusters.length, 'cluster')} and ${counted(endpoints.length, 'endpoint set')}`;
  const waits =
    warming.length === 0
      ? ''
      : `${counted(warming.length, 'resource')} warming: ${warming.slice(0, 5).join(', ')}\n`;
  if (differences.length === 0) return `${paint('good', `${node} has all it should: ${all}`)}\n${waits}`;
  const rows = differences
    .slice(0, LISTED)
    .map(({ type, name, difference, should = '-', has = '-', rejected }) => [
      type,
      name,
      { text: difference, tone: 'bad' as const },
      should,
      has,
      rejected === undefined ? '-' : printable(rejected).slice(0, 200),
    ]);
  const more =
    differences.length > LISTED
      ? `${counted(differences.length - LISTED, 'more difference')}: see -o json\n`
      : '';
  return `${paint('bad', `${node} differs in ${counted(differences.length, 'resource')}, of ${all}`)}\n${waits}\n${textTable(['TYPE', 'NAME', 'DIFFERENCE', 'SHOULD HAVE', 'HAS', 'REJECTED'], rows, paint)}${more}`;
}
