/**
 * Sluice is killed and started again, with its state in the API only, and all nodes reconnect at once: what goes over
 * the wire though nothing has changed, how long until each node has been told so, and what clients notice of it.
 */
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../../src/snapshot/resources/resource.ts';
import { Connections, type ConnectionsReport } from '../clients/connections.ts';
import { sampleHosts, untilAllServed } from '../clients/probe.ts';
import { monotonicMs } from '../clock.ts';
import { startBackend } from '../processes/backend.ts';
import { startEnvoy } from '../processes/envoy.ts';
import { ANSWERED, type NodesAnswer, startNodes } from '../processes/nodes.ts';
import { SluiceProcess, XDS_PORT } from '../processes/sluice.ts';
import type { Report, ScenarioOptions } from '../scenario.ts';
import { gateway } from '../world/manifests.ts';
import { startWorld } from '../world/start-world.ts';
import type { World } from '../world/world.ts';

const NODES = [10, 50, 200];
const CONNECTIONS = 50;

interface ReconnectSample {
  readonly nodes: number;
  /** From the start of the new process. */
  readonly readyMs: number;
  /** From its being ready until the last simulated node has been answered. */
  readonly nodesMs: number;
  /** The same for the real Envoy, which waits a random time before it tries again. */
  readonly envoyMs: number;
  readonly sentBytesPerNode: number;
  readonly receivedBytesPerNode: number;
  /** Resources that Sluice sent to all nodes together. */
  readonly resourcesSent: number;
  readonly cpuMs: number;
  readonly peakRssMb: number;
  /** Longest time that the event loop of the new process did not turn, its start included. */
  readonly stallMs: number;
  readonly connections: ConnectionsReport;
}

async function reconnectSample(
  world: World,
  nodes: number,
  options: ScenarioOptions,
): Promise<ReconnectSample> {
  const { routes } = world;
  await using stack = new AsyncDisposableStack();
  const first = stack.use(await SluiceProcess.start({ world, ...options, profile: undefined }));
  await first.untilReady();
  stack.use(await startEnvoy(XDS_PORT));
  await untilAllServed(sampleHosts(routes));
  const simulated = stack.use(await startNodes(nodes));
  await simulated.ask<NodesAnswer>({
    resources: { [CLUSTER_TYPE]: routes, [ENDPOINT_TYPE]: routes, [LISTENER_TYPE]: 1 },
  });
  const hosts = Array.from({ length: CONNECTIONS }, (_, index) => index);
  const connections = stack.use(await Connections.open({ idle: CONNECTIONS, talking: CONNECTIONS, hosts }));

  await first.stop('SIGKILL');
  const second = stack.use(await SluiceProcess.start({ world, ...options }));
  const answered = simulated.ask<NodesAnswer>(ANSWERED);
  await second.untilReady();
  const readyAt = monotonicMs();
  const { at, bytesReceived, bytesSent } = await answered;
  await second.untilCurrent(nodes + 1);
  const envoyMs = monotonicMs() - readyAt;
  const metrics = await second.metrics();
  const resourcesSent = [...metrics]
    .filter(([name]) => name.startsWith('sluice_xds_sent_resources_total'))
    .reduce((sum, [, value]) => sum + value, 0);
  const { cpuMs, peakRssMb } = second.usage();
  const stallMs = (metrics.get('nodejs_eventloop_lag_max_seconds') ?? Number.NaN) * 1_000;
  if (options.profile !== undefined) await second.stop();
  return {
    nodes,
    readyMs: readyAt - second.startedAt,
    nodesMs: Math.max(0, at - readyAt),
    envoyMs,
    sentBytesPerNode: bytesReceived / nodes,
    receivedBytesPerNode: bytesSent / nodes,
    resourcesSent,
    cpuMs,
    peakRssMb,
    stallMs,
    connections: await connections.report(),
  };
}

export async function reconnect(options: ScenarioOptions): Promise<Report> {
  const routes = options.routes ?? 20_000;
  const samples: ReconnectSample[] = [];
  await using _backend = await startBackend();
  await using world = await startWorld(options, routes);
  await world.create(gateway());
  for (const nodes of NODES) {
    options.progress(`reconnect: 1 Envoy and ${nodes} simulated nodes with ${routes} routes`);
    samples.push(await reconnectSample(world, nodes, options));
  }
  const last = samples.at(-1);
  return {
    title: `reconnect: Sluice is killed and comes back, all nodes at once, ${routes} routes (source: ${options.source})`,
    columns: [
      ...['nodes', 'process ready: ms', 'then last node: ms', 'then Envoy: ms', 'bytes to a node'],
      ...['bytes from a node', 'resources sent', 'Sluice CPU ms', 'peak MB', 'longest stall ms'],
      ...['connections dropped', 'errors'],
    ],
    rows: samples.map((sample) => [
      ...[`1 + ${sample.nodes}`, sample.readyMs, sample.nodesMs, sample.envoyMs],
      ...[Math.round(sample.sentBytesPerNode), Math.round(sample.receivedBytesPerNode), sample.resourcesSent],
      ...[sample.cpuMs, sample.peakRssMb, sample.stallMs],
      ...[sample.connections.dropped, sample.connections.errors],
    ]),
    figures: {
      routes,
      nodesMs: last?.nodesMs ?? Number.NaN,
      bytesPerNode: last?.sentBytesPerNode ?? Number.NaN,
      dropped: samples.reduce((sum, sample) => sum + sample.connections.dropped, 0),
    },
    notes: ['Envoy waits a random time of some hundred milliseconds and more before it connects again.'],
    versions: world.versions,
    samples,
  };
}
