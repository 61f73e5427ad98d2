/** `npm run test:node`: Sluice as it is installed, on real Kubernetes nodes. */
import process from 'node:process';
import { reexecInNetworkNamespace } from '../harness/network-namespace.ts';
import { removeCgroupsAtEnd } from '../harness/node/cgroups.ts';
import { prepareNodeCluster, startNodeCluster } from '../harness/node/node-cluster.ts';
import { missingRequirement } from '../harness/node/requirements.ts';

const started = performance.now();
if (process.env['SLUICE_NODE_TEST_CGROUP'] === undefined) {
  const missing = missingRequirement(say);
  if (missing !== undefined) {
    say(`skipped: ${missing}`);
    process.exit(0);
  }
  await prepareNodeCluster();
  removeCgroupsAtEnd();
}
await reexecInNetworkNamespace(import.meta.url, { contained: true });
const cluster = await startNodeCluster({ nodes: { w1: [], w2: [], g1: [], g2: [] } });
say('nodes Ready');
say(await cluster.kubectl('get', 'nodes', '-o', 'wide'));
process.exit(0);

function say(line: string): void {
  process.stdout.write(`+${((performance.now() - started) / 1_000).toFixed(1)} s ${line}\n`);
}
