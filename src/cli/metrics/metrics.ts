import { Counter, Histogram, Registry } from 'prom-client';
import { KINDS } from '../../model/kinds.ts';
import type { Kind } from '../../model/objects.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import type { FlushLoop } from '../../snapshot/engine/flush-loop.ts';
import type { StatusController } from '../../status/status-controller.ts';
import type { ConnectionEvents } from '../../xds/connection.ts';
import type { AdsServer } from '../../xds/server.ts';
import { counters, gauge, gauges } from './gauges.ts';
import { registerNodeSeries } from './node-series.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { Propagation } from './propagation.ts';
import { RouteOutcomes } from './route-outcomes.ts';
import { TYPE_LABELS, typeLabel } from './type-label.ts';

const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** What the metrics of a control plane are read from at each scrape; all of it is in memory and counted already. */
export interface ObservedState {
  readonly engine: Pick<Engine, 'resources' | 'world'>;
  readonly server: Pick<AdsServer, 'nodes' | 'rejections'>;
  readonly loop: Pick<FlushLoop, 'pendingEvents' | 'pendingSince'>;
  readonly problems: () => number;
  /** Unix time in milliseconds at which something was last heard of each kind that is read; 0: nothing yet. */
  readonly heard: () => readonly { readonly kind: Kind; readonly at: number }[];
  readonly nodes: () => { readonly expected: readonly string[]; readonly missing: readonly string[] | null };
  /** Connected Envoys with too few descriptors or connections. */
  readonly limitedNodes: () => number;
  /** Of the xDS port; `undefined` where it has no certificate. */
  readonly xdsTls: { notAfter(): Date } | undefined;
}

/** Prometheus metrics of one control plane. docs/metrics.md lists them, docs/alerts.md says which to watch. */
export class Metrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly #events = new Counter({
    name: 'sluice_object_events_total',
    help: 'Changes of objects that the source reported.',
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

  readonly #connections = new Counter({
    name: 'sluice_xds_connections_total',
    help: 'Streams that Envoys have opened.',
    registers: this.#registers,
  });
  readonly #windows = new Counter({
    name: 'sluice_demand_windows_ended_total',
    help: 'Demand windows of Envoys that started, by how they ended: complete, unknown names.',
    labelNames: ['reason'],
    registers: this.#registers,
  });

  #propagation: Propagation | undefined;

  constructor() {
    registerProcessMetrics(this.registry);
  }

  /** What is counted when it is asked for. */
  observe({ engine, server, loop, ...state }: ObservedState): void {
    const { registry } = this;
    const { resources, world } = engine;
    const propagation = new Propagation(registry, {
      versionOf: (typeUrl, name) => resources.get(typeUrl, name)?.version,
      eventAt: () => loop.pendingSince,
    });
    this.#propagation = propagation;
    resources.onChange((change) => propagation.published(change));
    server.rejections.onEvent(({ type, typeUrl }) => {
      if (type === 'rejected') this.#nacks.inc({ type: typeLabel(typeUrl) });
    });
    gauge(registry, 'sluice_ready', '1 once the source has synced and Envoys are served.', () =>
      resources.ready ? 1 : 0,
    );
    gauge(
      registry,
      'sluice_events_pending',
      'Changes of objects that were read and that no complete flush contains yet.',
      () => loop.pendingEvents,
    );
    gauge(
      registry,
      'sluice_events_oldest_seconds',
      'Since when the first of those waits; 0: there is none.',
      () => (loop.pendingSince === undefined ? 0 : (performance.now() - loop.pendingSince) / 1000),
    );
    gauge(
      registry,
      'sluice_source_problems',
      'Present problems of the source, see /problems.',
      state.problems,
    );
    gauges(
      registry,
      'sluice_source_heard_timestamp_seconds',
      'Unix time at which the API server last said something of a kind: a list, a change, a bookmark, a new watch; 0: nothing since the start.',
      ['kind'],
      () => state.heard().map(({ kind, at }) => [{ kind }, at / 1000]),
    );
    gauge(
      registry,
      'sluice_xds_nodes',
      'Envoys that are connected to this replica.',
      () => server.nodes().length,
    );
    gauge(
      registry,
      'sluice_demand_windows',
      'Envoys that have not been told of all hosts yet and ask for those that clients want.',
      () => server.nodes().filter(({ stream }) => stream.window.isOpen).length,
    );
    gauge(
      registry,
      'sluice_demand_unknown_names',
      'Names of no host that connected Envoys have asked for; each keeps them until it ends.',
      () => server.nodes().reduce((sum, { stream }) => sum + stream.window.unknownCount, 0),
    );
    gauge(
      registry,
      'sluice_nodes_expected',
      'Nodes with the label of gateway nodes.',
      () => state.nodes().expected.length,
    );
    gauge(
      registry,
      'sluice_nodes_missing',
      'Gateway nodes whose Envoy is connected to no replica; 0 on a replica that does not lead.',
      () => state.nodes().missing?.length ?? 0,
    );
    gauge(
      registry,
      'sluice_xds_nodes_limited',
      'Connected Envoys with too few descriptors or connections, see the problems on /debug/nodes.',
      state.limitedNodes,
    );
    registerNodeSeries(registry, {
      connected: () => server.nodes(),
      expected: () => state.nodes().expected,
      lagOf: (node) => propagation.lagOf(node),
      heldCount: ({ stream }, typeUrl) => server.rejections.of(stream, typeUrl).size,
      types: TYPE_LABELS,
    });
    const { xdsTls } = state;
    if (xdsTls !== undefined) {
      gauge(
        registry,
        'sluice_xds_tls_not_after_timestamp_seconds',
        'Unix time at which the certificate of the xDS port expires.',
        () => xdsTls.notAfter().getTime() / 1000,
      );
    }
    gauges(registry, 'sluice_objects', 'Objects that the source has reported.', ['kind'], () =>
      KINDS.map((kind) => [{ kind }, world.count(kind)]),
    );
    gauges(registry, 'sluice_resources', 'Resources of the snapshot.', ['type'], () =>
      [...TYPE_LABELS].map(([typeUrl, type]) => [{ type }, resources.count(typeUrl)]),
    );
  }

  /** Routes and hosts by what has become of them; returns what is to be told of conditions that may have changed. */
  observeRoutes(engine: Engine): RouteOutcomes['note'] {
    const outcomes = new RouteOutcomes(engine);
    outcomes.register(this.registry);
    return (key, conditions) => outcomes.note(key, conditions);
  }

  /** Of who writes statuses. */
  observeStatus(
    status: Pick<StatusController, 'leading' | 'pending' | 'withheld' | 'eventsDropped' | 'counts'>,
  ): void {
    const { registry } = this;
    gauge(registry, 'sluice_leader', '1 while this replica writes statuses.', () => (status.leading ? 1 : 0));
    gauge(
      registry,
      'sluice_status_withheld',
      'Objects whose status would say something else if it were not for --status-mode shadow; of the leader.',
      () => status.withheld.size,
    );
    gauge(registry, 'sluice_status_pending', 'Statuses that wait to be written.', () => status.pending);
    counters(
      registry,
      'sluice_status_events_dropped_total',
      'Events that were not written because there were too many at once.',
      [],
      () => [[{}, status.eventsDropped]],
    );
    counters(
      registry,
      'sluice_status_writes_total',
      'What became of statuses: written, unchanged, conflicts, failed.',
      ['result'],
      () => Object.entries(status.counts).map(([result, count]) => [{ result }, count]),
    );
  }

  flushed({ events, waitedMs, workedMs }: { events: number; waitedMs: number; workedMs: number }): void {
    this.#events.inc(events);
    this.#propagation?.computed(waitedMs / 1000);
    this.#work.observe(workedMs / 1000);
  }

  /** Listeners to the xDS server that count; joined with its other listeners. */
  readonly connectionEvents: ConnectionEvents = {
    onConnect: (_node, connection) => {
      this.#connections.inc();
      this.#propagation?.connected(connection);
    },
    onDisconnect: (_node, _reason, connection) => this.#propagation?.disconnected(connection),
    onAck: (_node, typeUrl, _resources, elapsedMs, nonce, connection) => {
      const type = typeLabel(typeUrl);
      this.#acks.inc({ type });
      this.#ackTime.observe({ type }, elapsedMs / 1000);
      this.#propagation?.acknowledged(connection, typeUrl, nonce);
    },
    onWindowEnd: (_node, { reason }) => this.#windows.inc({ reason }),
    onSend: (_node, { typeUrl, nonce, batch }, bytes, connection) => {
      const type = typeLabel(typeUrl);
      this.#bytes.inc({ type }, bytes);
      this.#resources.inc({ type, change: 'upsert' }, batch.resources.length);
      this.#resources.inc({ type, change: 'removal' }, batch.removed.length);
      this.#propagation?.sent(connection, typeUrl, nonce);
    },
  };
}
