import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { CliError, EXIT } from '../../cli-error.ts';
import { version } from '../../version.ts';
import { apiConnection } from '../find/api-access.ts';
import { call } from '../find/http.ts';
import type { Replica } from '../find/replica.ts';
import { findReplicas } from '../find/replicas.ts';
import type { BundleConfig } from '../operator-flags.ts';
import type { Printed } from '../render/print.ts';
import { counted } from '../render/text-table.ts';
import { redacted, withoutClients } from './redact.ts';
import { type ArchivedFile, tarGz } from './tar.ts';

/** Pages of each replica. Not the resources: they are what routes are, and many megabytes. */
const PAGES: Readonly<Record<string, string>> = {
  'status.json': '/api/v1/status',
  'nodes.json': '/api/v1/nodes',
  'bad-routes.json': '/api/v1/routes?condition=bad&limit=1000',
  'problems.json': '/problems',
  'namespaces.json': '/debug/namespaces',
  'metrics.txt': '/metrics',
  'readyz.txt': '/readyz',
};
const LOG_LINES = 5_000;

/** `sluice bundle`: what whoever helps will ask for. What cannot be had is named in the archive. */
export async function bundle(config: BundleConfig): Promise<Printed> {
  const replicas = await findReplicas(config);
  const now = new Date();
  const missing: string[] = [];
  const files: ArchivedFile[] = [];
  const add = async (name: string, get: () => Promise<string>): Promise<void> => {
    try {
      files.push({ name, text: redacted(await get()) });
    } catch (error) {
      missing.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const pages = replicas.flatMap((replica, index) =>
    Object.entries(PAGES).map(([file, path]) =>
      add(`replica-${index}/${file}`, () => pageOf(replica, path, config)),
    ),
  );
  await Promise.all([
    ...pages,
    ...(config.servers.length > 0 ? [] : await clusterFiles(config, replicas, add)),
  ]);
  const about = [
    `made ${now.toISOString()} by sluice ${version()}`,
    ...replicas.map(({ name }, index) => `replica-${index} is ${name}`),
    'left out: Secrets, tokens, keys, access logs and the addresses of clients in them',
    'in it: names of namespaces, routes and hosts, addresses of endpoints and nodes',
    ...missing.map((each) => `could not be had: ${each}`),
  ];
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  if (files.length === 0)
    throw new CliError(
      'SLUICE_SERVER_UNREACHABLE',
      EXIT.unavailable,
      `nothing could be had: ${missing.join('; ')}`,
    );
  const archive = tarGz([{ name: 'about.txt', text: `${about.join('\n')}\n` }, ...files], now);
  const file = config.file ?? `sluice-bundle-${now.toISOString().replace(/[:.]/g, '-')}.tar.gz`;
  const stderr = missing.map((each) => `note: could not be had: ${each}\n`).join('');
  if (file === '-') {
    process.stdout.write(archive);
    return { stdout: '', stderr, exitCode: 0 };
  }
  try {
    await writeFile(file, archive, { mode: 0o600 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(
      'SLUICE_BUNDLE_FILE',
      EXIT.noInput,
      `${file} cannot be written (${reason}); name another with --file`,
      { cause },
    );
  }
  return {
    stdout: `${file}: ${counted(files.length + 1, 'file')}, ${archive.length} bytes\n`,
    stderr,
    exitCode: 0,
  };
}

async function pageOf(replica: Replica, path: string, { timeoutMs }: BundleConfig): Promise<string> {
  const { status, text } = await replica.get(path, AbortSignal.timeout(Math.max(timeoutMs, 30_000)));
  // "Not ready" is an answer.
  if (status !== 200 && path !== '/readyz') throw new Error(`answered ${status}: ${text.slice(0, 200)}`);
  return text;
}

/** What the API server knows of the pods, and their logs. */
async function clusterFiles(
  config: BundleConfig,
  replicas: readonly Replica[],
  add: (name: string, get: () => Promise<string>) => Promise<void>,
): Promise<readonly Promise<void>[]> {
  const api = await apiConnection(config);
  const base = `/api/v1/namespaces/${config.namespace}`;
  const get = async (path: string): Promise<string> => {
    const signal = AbortSignal.timeout(Math.max(config.timeoutMs, 30_000));
    const { status, text } = await call(api, { path: `${base}${path}`, signal });
    if (status !== 200) throw new Error(`the API server answered ${status}: ${text.slice(0, 200)}`);
    return text;
  };
  return [
    add('cluster/pods.json', async () => podsOf(await get('/pods'))),
    add('cluster/events.json', async () => await get('/events?limit=500')),
    ...replicas.map(({ name }, index) =>
      add(`replica-${index}/log.txt`, async () =>
        withoutClients(await get(`/pods/${name}/log?tailLines=${LOG_LINES}`)),
      ),
    ),
  ];
}

/** Of pods what tells whether they run; their environment is nobody's business. */
function podsOf(text: string): string {
  const { items = [] } = JSON.parse(text) as {
    items?: readonly {
      metadata?: { name?: string; creationTimestamp?: string };
      spec?: { nodeName?: string; containers?: readonly { name?: string; image?: string; args?: unknown }[] };
      status?: unknown;
    }[];
  };
  const short = items.map(({ metadata, spec, status }) => ({
    name: metadata?.name,
    created: metadata?.creationTimestamp,
    node: spec?.nodeName,
    containers: spec?.containers?.map(({ name, image, args }) => ({ name, image, args })),
    status,
  }));
  return `${JSON.stringify(short, null, 2)}\n`;
}
