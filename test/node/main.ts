/** `npm run test:node`: Sluice as it is installed, on real Kubernetes nodes. */
import path from 'node:path';
import process from 'node:process';
import { envoyImage, sluiceImage } from '../../scripts/image.ts';
import { cacheDirectory } from '../../scripts/kubernetes-assets.cache.ts';
import { reexecInNetworkNamespace } from '../harness/network-namespace.ts';
import { removeCgroupsAtEnd } from '../harness/node/cgroups.ts';
import { corednsImage, pauseImage } from '../harness/node/images.ts';
import { prepareNodeCluster, startNodeCluster } from '../harness/node/node-cluster.ts';
import { missingRequirement } from '../harness/node/requirements.ts';
import { installByScript, prepareTenant, SLUICE_IMAGE } from './installation.ts';

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
  await envoyImage(images);
  await pauseImage(images);
  await corednsImage(images);
  say('images');
  removeCgroupsAtEnd();
}
await reexecInNetworkNamespace(import.meta.url, { contained: true });
const archive = (name: string) => path.join(images, `${name}.tar`);
const pause = archive('pause');
const sluice = archive('sluice');
const cluster = await startNodeCluster({
  nodes: {
    w1: [pause, sluice, archive('coredns')],
    w2: [pause, sluice],
    g1: [pause, sluice, archive('envoy')],
    g2: [pause, sluice, archive('envoy')],
  },
});
say('nodes Ready');
try {
  await prepareTenant(cluster);
  say('tenant runs');
  say(await installByScript(cluster, ['g1', 'g2']));
  say('installed');
} catch (error) {
  say(String(error));
  say(await cluster.kubectl('get', 'pods,nodes', '-A', '-o', 'wide'));
  say(await cluster.kubectl('get', 'events', '-A'));
}
process.exit(0);

function say(line: string): void {
  process.stdout.write(`+${((performance.now() - started) / 1_000).toFixed(1)} s ${line}\n`);
}
