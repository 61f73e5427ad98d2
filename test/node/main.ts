/** `npm run test:node`: Sluice as it is installed, on real Kubernetes nodes. `--help` says more. */
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { helm } from '../../scripts/helm-asset.ts';
import { envoyImage, sluiceImage } from '../../scripts/image.ts';
import { cacheDirectory } from '../../scripts/kubernetes-assets.cache.ts';
import { reexecInNetworkNamespace } from '../harness/network-namespace.ts';
import { removeCgroupsAtEnd } from '../harness/node/cgroups.ts';
import { corednsImage, pauseImage } from '../harness/node/images.ts';
import { type NodeCluster, prepareNodeCluster, startNodeCluster } from '../harness/node/node-cluster.ts';
import { missingRequirement } from '../harness/node/requirements.ts';
import { CASES } from './cases.ts';
import { FAULTS, NEXT_ENVOY_IMAGE, NEXT_SLUICE_IMAGE } from './faults.ts';
import {
  daemonSetsOf,
  ENVOY_IMAGE,
  installByChart,
  installByScript,
  prepareTenant,
  type Setup,
  SLUICE_IMAGE,
  uninstall,
} from './installation.ts';
import { measure, SHORT_FAULTS, unnoticed } from './measure.ts';
import { TABLE_HEAD, tableRows, writeTable } from './table.ts';

const HELP = `npm run test:node -- [--faults [--only FAULT]... [--envoys 1|2] [--write]]

Installs Sluice on four real Kubernetes nodes (containerd, kubelet, kube-proxy), in namespaces of this machine that are gone
afterwards, by install.sh and by Helm, and holds both to the same. Needs Linux, root and Go; on Debian it installs the packages that
are missing. Skipped where it cannot run, with one line that says why.

  --faults     instead: the faults and upgrades of docs/upgrades.md under load, as rows of its table
  --only       one of them: ${FAULTS.map(({ id }) => id).join(', ')}
  --envoys     only with so many Envoys on each gateway node
  --write      writes the table to docs/upgrades.md
`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean' },
    faults: { type: 'boolean' },
    only: { type: 'string', multiple: true, default: [] },
    envoys: { type: 'string' },
    write: { type: 'boolean' },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const GATEWAYS = ['g1', 'g2'];
const started = performance.now();
const images = path.join(cacheDirectory(), 'node-test-images');
if (process.env['SLUICE_NODE_TEST_CGROUP'] === undefined) await prepare();
await reexecInNetworkNamespace(import.meta.url, { contained: true });

const archives = (...names: readonly string[]) => names.map((name) => path.join(images, `${name}.tar`));
const cluster = await startNodeCluster({
  nodes: {
    w1: archives('pause', 'sluice', 'coredns'),
    w2: archives('pause', 'sluice'),
    g1: archives('pause', 'sluice', 'envoy'),
    g2: archives('pause', 'sluice', 'envoy'),
  },
  // As docs/upgrades.md asks for.
  sysctls: { 'net/ipv4/tcp_migrate_req': '1' },
});
say('nodes are Ready');
try {
  await tagNextImages(cluster);
  await prepareTenant(cluster);
  say('the tenant runs');
  await (values.faults ? runFaults() : runCases());
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  for (const what of ['nodes,pods', 'events'])
    process.stdout.write(await cluster.kubectl('get', what, '--all-namespaces', '--output', 'wide'));
  process.exit(1);
}
say('done');
process.exit(0);

/** Outside, where there is a network: what the cluster runs. Ends the process where this machine cannot run it. */
async function prepare(): Promise<void> {
  const missing = missingRequirement(say);
  if (missing !== undefined) {
    say(`skipped: ${missing}`);
    process.exit(0);
  }
  await prepareNodeCluster();
  await helm();
  say('programs are there');
  await sluiceImage(images, SLUICE_IMAGE);
  await envoyImage(images, ENVOY_IMAGE);
  await pauseImage(images);
  await corednsImage(images);
  say('images are made');
  removeCgroupsAtEnd();
}

/** Both ways of installation, each held to the same; and what nobody may notice where a node has two Envoys. */
async function runCases(): Promise<void> {
  const two: Setup = { envoys: 2, drainSeconds: 15 };
  await installByScript(cluster, two, GATEWAYS);
  say('installed by install.sh, two Envoys on each gateway node');
  await hold(two);
  for (const fault of SHORT_FAULTS) {
    const measured = await measure(cluster, two, fault);
    for (const row of tableRows(measured)) say(row);
    unnoticed(measured);
    say(`ok: ${fault.name}`);
  }
  await uninstall(cluster);
  say('uninstalled');
  const one: Setup = { envoys: 1, drainSeconds: 10 };
  await installByChart(cluster, one, GATEWAYS);
  say('installed by Helm, one Envoy on each gateway node');
  await hold(one);
}

async function hold(setup: Setup): Promise<void> {
  for (const { name, run } of CASES) {
    await run({ cluster, setup, daemonSets: daemonSetsOf(setup) });
    say(`ok: ${name}`);
  }
}

async function runFaults(): Promise<void> {
  const unknown = values.only.filter((id) => !FAULTS.some((fault) => fault.id === id));
  if (unknown.length > 0) throw new Error(`there is no fault ${unknown.join(', ')}; see --help`);
  const chosen = FAULTS.filter(({ id }) => values.only.length === 0 || values.only.includes(id));
  const rows: string[] = [];
  process.stdout.write(`${TABLE_HEAD}\n`);
  for (const envoys of [1, 2] as const) {
    if (values.envoys !== undefined && values.envoys !== String(envoys)) continue;
    const setup: Setup = { envoys, drainSeconds: 30 };
    // Not by an upgrade: Helm does not take back what `kubectl set` has changed.
    if (rows.length > 0) await uninstall(cluster);
    await installByChart(cluster, setup, GATEWAYS);
    for (const fault of chosen) {
      const measured = tableRows(await measure(cluster, setup, fault));
      rows.push(...measured);
      process.stdout.write(`${measured.join('\n')}\n`);
    }
  }
  if (values.write) await writeTable(rows);
}

/** The next versions are the same images by other names: what is measured is that they are replaced. */
async function tagNextImages({ node }: NodeCluster): Promise<void> {
  for (const name of ['w1', 'w2', ...GATEWAYS]) {
    const tag = ['--namespace', 'k8s.io', 'images', 'tag'];
    await node(name).run('ctr', ...tag, SLUICE_IMAGE, NEXT_SLUICE_IMAGE);
    if (GATEWAYS.includes(name)) await node(name).run('ctr', ...tag, ENVOY_IMAGE, NEXT_ENVOY_IMAGE);
  }
}

function say(line: string): void {
  process.stdout.write(`+${((performance.now() - started) / 1_000).toFixed(1)} s ${line}\n`);
}
