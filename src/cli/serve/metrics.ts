import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { KINDS } from '../../model/kinds.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../../snapshot/resources/resource.ts';
import type { StatusController } from '../../status/status-controller.ts';
import type { ConnectionEvents } from '../../xds/connection.ts';
import type { AdsServer } from '../../xds/server.ts';
import type { XdsTls } from './xds-tls.ts';

/** Types come from clients as well: what is not ours shares one label, so that none of them can make thousands. */
const TYPE_LABELS: ReadonlyMap<string, string> = new Map([
  [CLUSTER_TYPE, 'cluster'],
  [ENDPOINT_TYPE, 'endpoint'],
  [LISTENER_TYPE, 'listener'],
]);

const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** Prometheus metrics of one control plane. docs/operations.md says which to watch. */
export class Metrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly #events = new Counter({
    name: 'sluice_object_events_total',
    help: 'Changes of objects that the source reported.',
    registers: this.#registers,
  });
  readonly #wait = new Histogram({
    name: 'sluice_change_seconds',
    help: 'From the first event of a flush until its resources were handed to the streams.',
    buckets: SECONDS,
    registers: this.#registers,
  });
  readonly #work = new Histogram({
    name: 'sluice_flush_work_seconds',
    help: 'Time that flushes held the event loop.',
    buckets: SECONDS,
    registers: this.#registers,
  });
  readonly #acks = new Counter({
    name: 'sluice_xds_acks_total',
    help: 'Responses that Envoys accepted.',
    labelNames: ['type'],
    registers: this.#registers,
  });
  readonly #nacks = new Counter({
    name: 'sluice_xds_nacks_total',
    help: 'Responses that Envoys rejected, in part at least.',
    labelNames: ['type'],
    registers: this.#registers,
  });
  readonly #ackTime = new Histogram({
    name: 'sluice_xds_ack_seconds',
    help: 'From handing a response to the transport until it was accepted.',
    labelNames: ['type'],
    buckets: SECONDS,
    registers: this.#registers,
  });
  readonly #bytes = new Counter({
    name: 'sluice_xds_sent_bytes_total',
    help: 'Bytes of responses.',
    labelNames: ['type'],
    registers: this.#registers,
  });
  readonly #resources = new Counter({
    name: 'sluice_xds_sent_resources_total',
    help: 'Resources sent, and removals.',
    labelNames: ['type', 'change'],
    registers: this.#registers,
  });

  readonly #windows = new Counter({
    name: 'sluice_demand_windows_ended_total',
    help: 'Demand windows of Envoys that started, by how they ended: complete, unknown names.',
    labelNames: ['reason'],
    registers: this.#registers,
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** What is counted when it is asked for. */
  observe(state: {
    readonly engine: Engine;
    readonly server: AdsServer;
    readonly problems: () => number;
    readonly nodes: () => {
      readonly expected: readonly string[];
      readonly missing: readonly string[] | null;
    };
    /** Connected Envoys with too few descriptors or connections. */
    readonly limitedNodes: () => number;
    readonly xdsTls: XdsTls | undefined;
  }): void {
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers: this.#registers,
        collect() {
          this.set(value());
        },
      });
    const { engine, server, xdsTls } = state;
    const { resources, world } = engine;
    server.rejections.onEvent(({ type, typeUrl }) => {
      if (type === 'rejected') this.#nacks.inc({ type: typeLabel(typeUrl) });
    });
    gauge('sluice_ready', '1 once the source has synced and Envoys are served.', () =>
      resources.ready ? 1 : 0,
    );
    gauge('sluice_source_problems', 'Present problems of the source, see /problems.', state.problems);
    gauge('sluice_xds_nodes', 'Envoys that are connected.', () => server.nodes().length);
    gauge(
      'sluice_demand_windows',
      'Envoys that have not been told of all hosts yet and ask for those that clients want.',
      () => server.nodes().filter(({ stream }) => stream.window.isOpen).length,
    );
    gauge(
      'sluice_demand_unknown_names',
      'Names of no host that connected Envoys have asked for; each keeps them until it ends.',
      () => server.nodes().reduce((sum, { stream }) => sum + stream.window.unknownCount, 0),
    );
    gauge(
      'sluice_nodes_expected',
      'Nodes with the label of gateway nodes.',
      () => state.nodes().expected.length,
    );
    gauge(
      'sluice_nodes_missing',
      'Gateway nodes whose Envoy is connected to no replica; 0 on a replica that does not lead.',
      () => state.nodes().missing?.length ?? 0,
    );
    gauge(
      'sluice_xds_nodes_limited',
      'Connected Envoys with too few descriptors or connections, see the problems on /debug/nodes.',
      state.limitedNodes,
    );
    gauge(
      'sluice_xds_held_resources',
      'Resources that an Envoy rejected, over all Envoys, see /debug/nodes.',
      () => server.rejections.count,
    );
    if (xdsTls !== undefined) {
      gauge(
        'sluice_xds_tls_not_after_seconds',
        'Unix time at which the certificate of the xDS port expires.',
        () => xdsTls.notAfter().getTime() / 1000,
      );
    }
    const objects = new Gauge({
      name: 'sluice_objects',
      help: 'Objects that the source has reported.',
      labelNames: ['kind'],
      registers: this.#registers,
      collect() {
        for (const kind of KINDS) objects.set({ kind }, world.count(kind));
      },
    });
    const encoded = new Gauge({
      name: 'sluice_resources',
      help: 'Resources of the snapshot.',
      labelNames: ['type'],
      registers: this.#registers,
      collect() {
        for (const [typeUrl, type] of TYPE_LABELS) encoded.set({ type }, resources.count(typeUrl));
      },
    });
  }

  /** Of who writes statuses. */
  observeStatus(status: StatusController): void {
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers: this.#registers,
        collect() {
          this.set(value());
        },
      });
    gauge('sluice_leader', '1 while this replica writes statuses.', () => (status.leading ? 1 : 0));
    gauge('sluice_status_pending', 'Statuses that wait to be written.', () => status.pending);
    gauge(
      'sluice_status_events_dropped',
      'Events that were not written because there were too many at once.',
      () => status.eventsDropped,
    );
    const results = new Gauge({
      name: 'sluice_status_results',
      help: 'What became of statuses since the start: written, unchanged, conflicts, failed.',
      labelNames: ['result'],
      registers: this.#registers,
      collect() {
        for (const [result, count] of Object.entries(status.counts)) results.set({ result }, count);
      },
    });
  }

  flushed({ events, waitedMs, workedMs }: { events: number; waitedMs: number; workedMs: number }): void {
    this.#events.inc(events);
    this.#wait.observe(waitedMs / 1000);
    this.#work.observe(workedMs / 1000);
  }

  /** Listeners to the xDS server that count; joined with its other listeners. */
  readonly connectionEvents: ConnectionEvents = {
    onAck: (_node, typeUrl, _resources, elapsedMs) => {
      const type = typeLabel(typeUrl);
      this.#acks.inc({ type });
      this.#ackTime.observe({ type }, elapsedMs / 1000);
    },
    onWindowEnd: (_node, { reason }) => this.#windows.inc({ reason }),
    onSend: (_node, typeUrl, bytes, resources, removed) => {
      const type = typeLabel(typeUrl);
      this.#bytes.inc({ type }, bytes);
      this.#resources.inc({ type, change: 'upsert' }, resources);
      this.#resources.inc({ type, change: 'removal' }, removed);
    },
  };
}

export function typeLabel(typeUrl: string): string {
  return TYPE_LABELS.get(typeUrl) ?? 'other';
}
