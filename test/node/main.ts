/** `npm run test:node`: Sluice as it is installed, on real Kubernetes nodes. */
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { envoyImage, sluiceImage } from '../../scripts/image.ts';
import { cacheDirectory } from '../../scripts/kubernetes-assets.cache.ts';
import { reexecInNetworkNamespace } from '../harness/network-namespace.ts';
import { removeCgroupsAtEnd } from '../harness/node/cgroups.ts';
import { corednsImage, pauseImage } from '../harness/node/images.ts';
import { type NodeCluster, prepareNodeCluster, startNodeCluster } from '../harness/node/node-cluster.ts';
import { missingRequirement } from '../harness/node/requirements.ts';
import { CASES } from './cases.ts';
import { type FaultContext, NEXT_ENVOY_IMAGE, NEXT_SLUICE_IMAGE } from './faults.ts';
import {
  daemonSetsOf,
  ENVOY_IMAGE,
  installByScript,
  prepareTenant,
  type Setup,
  SLUICE_IMAGE,
} from './installation.ts';
import { chosenFaults, measure, TABLE_HEAD, tableRows } from './measure.ts';

const { values } = parseArgs({
  options: {
    faults: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    envoys: { type: 'string', default: '2' },
  },
});
const started = performance.now();
const images = path.join(cacheDirectory(), 'node-test-images');
if (process.env['SLUICE_NODE_TEST_CGROUP'] === undefined) {
  const missing = missingRequirement(say);
  if (missing !== undefined) {
    say(`skipped: ${missing}`);
    process.exit(0);
  }
  await prepareNodeCluster();
  await sluiceImage(images, SLUICE_IMAGE);
  await envoyImage(images, ENVOY_IMAGE);
  await pauseImage(images);
  await corednsImage(images);
  say('images');
  removeCgroupsAtEnd();
}
await reexecInNetworkNamespace(import.meta.url, { contained: true });
const setup: Setup = { envoys: values.envoys === '1' ? 1 : 2, drainSeconds: values.faults ? 30 : 10 };
const cluster = await startNodeCluster({
  nodes: nodesWithImages(),
  sysctls: { 'net/ipv4/tcp_migrate_req': '1' },
});
say('nodes Ready');
try {
  await tagNextImages(cluster);
  await prepareTenant(cluster);
  say('tenant runs');
  say(await installByScript(cluster, setup, ['g1', 'g2']));
  say('installed');
  if (!values.faults) await runCases({ cluster, setup, daemonSets: daemonSetsOf(setup) });
  if (values.faults) {
    say(`\n${TABLE_HEAD}`);
    for (const fault of chosenFaults(values.only)) {
      for (const row of tableRows(await measure(cluster, setup, fault))) process.stdout.write(`${row}\n`);
    }
  }
} catch (error) {
  say(error instanceof Error ? (error.stack ?? '') : String(error));
  say(await cluster.kubectl('get', 'pods,nodes', '-A', '-o', 'wide'));
  say(await cluster.kubectl('get', 'events', '-A'));
  process.exit(1);
}
process.exit(0);

async function runCases(context: FaultContext): Promise<void> {
  for (const { name, run } of CASES) {
    const began = performance.now();
    await run(context);
    say(`ok (${((performance.now() - began) / 1_000).toFixed(1)} s) ${name}`);
  }
}

function nodesWithImages(): Record<string, string[]> {
  const archives = (...names: readonly string[]) => names.map((name) => path.join(images, `${name}.tar`));
  return {
    w1: archives('pause', 'sluice', 'coredns'),
    w2: archives('pause', 'sluice'),
    g1: archives('pause', 'sluice', 'envoy'),
    g2: archives('pause', 'sluice', 'envoy'),
  };
}

/** The next versions are the same images by other names: what is measured is that they are replaced. */
async function tagNextImages({ node }: NodeCluster): Promise<void> {
  for (const name of ['w1', 'w2', 'g1', 'g2']) {
    const tag = ['--namespace', 'k8s.io', 'images', 'tag'];
    await node(name).run('ctr', ...tag, SLUICE_IMAGE, NEXT_SLUICE_IMAGE);
    if (name.startsWith('g')) await node(name).run('ctr', ...tag, ENVOY_IMAGE, NEXT_ENVOY_IMAGE);
  }
}

function say(line: string): void {
  process.stdout.write(`+${((performance.now() - started) / 1_000).toFixed(1)} s ${line}\n`);
}
