/** `npm run conformance`: the Gateway API's official conformance suite, profile GATEWAY-TLS, against Sluice. */
import '../../scripts/require-node.mjs';

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command, Option } from 'commander';
import { conformanceSuite, echoServer } from '../../scripts/conformance-assets.ts';
import { findEnvoy } from '../../scripts/fetch-envoy.ts';
import { type CrdChannel, gatewayApiCrds, kubernetesAsset } from '../../scripts/kubernetes-assets.ts';
import { reexecInNetworkNamespace } from '../harness/network-namespace.ts';
import { startConformanceCluster } from './cluster.ts';
import { GATEWAY_CLASS, startGateway } from './gateway.ts';
import { checkVirtualInterfaces } from './kubelet/pod-network.ts';
import { keepReport } from './report.ts';
import { runSuite } from './suite.ts';
import type { SuiteResult } from './suite-output.ts';

const NODES = [
  { name: 'gateway-1', address: '100.65.0.105', labels: { 'node-role.kubernetes.io/gateway': 'true' } },
  { name: 'worker-1', address: '100.65.0.106' },
];
/** All of it is local to the namespace: Envoy can listen on each, and the suite connect to it. */
const LOCAL_ADDRESSES = '100.65.1.1/24';
const ADDRESS_POOL = '100.65.1.0/25';
const USABLE_ADDRESS = '100.65.1.200';
/** A multicast group: no listener can be bound to it. */
const UNUSABLE_ADDRESS = '224.0.0.1';
const LAST_LINES = 30;

interface Options {
  readonly channel: CrdChannel;
  readonly only?: string;
  readonly report?: string;
  readonly logs?: string;
}

const program = new Command('conformance')
  .description(
    "Runs the Gateway API's conformance suite, profile GATEWAY-TLS, against Sluice. Needs Linux and Go.",
  )
  .addOption(
    new Option('--channel <channel>', 'CRDs').choices(['standard', 'experimental']).default('standard'),
  )
  .option('--only <regexp>', 'run the tests whose names match, e.g. TLSRoute')
  .option('--report <directory>', 'keep the report there, named as the Gateway API project wants it')
  .option('--logs <directory>', 'write what the suite, Sluice and Envoy say there')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 64));

try {
  program.parse();
  process.exitCode = await main(program.opts<Options>());
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? `${String(error.code)}: ` : '';
  const reason = message.startsWith(code) ? message : `${code}${message}`;
  process.stderr.write(`conformance: ${reason} "npm run test:unit" runs without it.\n`);
  process.exitCode = 69;
}

async function main(options: Options): Promise<number> {
  // Before there is no network any more; afterwards they come from the cache.
  const suite = await conformanceSuite();
  await Promise.all([echoServer(), findEnvoy(), gatewayApiCrds(options.channel)]);
  for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const)
    await kubernetesAsset(name);
  await reexecInNetworkNamespace(import.meta.url, {
    addresses: [LOCAL_ADDRESSES, ...NODES.map(({ address }) => `${address}/32`)],
    contained: true,
  });
  await checkVirtualInterfaces();

  const started = performance.now();
  const { cluster, kubeconfig, sluiceKubeconfig } = await startConformanceCluster({
    channel: options.channel,
    nodes: NODES,
    report: (line) => process.stderr.write(`${line}\n`),
  });
  const gateway = await startGateway(cluster, {
    kubeconfig: sluiceKubeconfig,
    addressPool: ADDRESS_POOL,
    nodeName: NODES[0]?.name ?? '',
  });
  say(
    `cluster, Sluice and Envoy are up after ${seconds(performance.now() - started)}; CRDs: ${options.channel}`,
  );

  const abort = new AbortController();
  void gateway.sluice.finished.then(() => abort.abort());
  const results: SuiteResult[] = [];
  const log: string[] = [];
  const report = path.join(await mkdtemp(path.join(tmpdir(), 'report-')), 'report.yaml');
  const { exitCode, setup } = await runSuite({
    binary: suite,
    kubeconfig,
    gatewayClass: GATEWAY_CLASS,
    only: options.only,
    usableAddress: USABLE_ADDRESS,
    unusableAddress: UNUSABLE_ADDRESS,
    signal: abort.signal,
    report,
    onLine: (text) => log.push(text),
    onResult(result) {
      results.push(result);
      if (result.outcome !== 'SKIP')
        say(`${result.outcome.toLowerCase()}  ${result.name} (${result.seconds.toFixed(1)} s)`);
      if (result.outcome === 'FAIL') for (const line of result.log.slice(-LAST_LINES)) say(`    ${line}`);
    },
  });
  const count = (outcome: string): number => results.filter((each) => each.outcome === outcome).length;
  if (count('PASS') + count('FAIL') === 0 && !abort.signal.aborted)
    for (const line of setup.slice(-LAST_LINES)) say(line);
  if (!gateway.sluice.isRunning) say(`Sluice has ended:\n${gateway.sluice.stderr.slice(-4_000)}`);
  if (options.logs !== undefined) {
    await mkdir(options.logs, { recursive: true });
    const texts = {
      'suite.log': `${log.join('\n')}\n`,
      'sluice.log': gateway.sluice.stderr,
      'envoy.log': gateway.envoy.stderr,
    };
    for (const [name, text] of Object.entries(texts)) await writeFile(path.join(options.logs, name), text);
  }
  if (options.report !== undefined && options.only === undefined && !abort.signal.aborted)
    say(`report: ${await keepReport(report, options.report, options.channel)}`);
  say(`${count('PASS')} passed, ${count('FAIL')} failed`);
  // Everything else ends with this process.
  process.exit(exitCode === 0 && count('PASS') > 0 ? 0 : 1);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
