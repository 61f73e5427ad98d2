import { Counter, Registry } from 'prom-client';
import type { NodeRelay } from '../../relay/node-relay.ts';
import { RELAYED_TYPES } from '../../relay/relayed-resources.ts';
import type { StateKeeper } from '../../relay/state-keeper.ts';
import { gauge, gauges } from '../metrics/gauges.ts';
import { registerProcessMetrics } from '../metrics/process-metrics.ts';
import { typeLabel } from '../metrics/type-label.ts';

/** Prometheus metrics of `sluice node`. */
export class NodeMetrics {
  readonly registry = new Registry();
  readonly #rejections = new Counter({
    name: 'sluice_node_rejections_total',
    help: 'Responses that the Envoy of this node rejected, in part at least.',
    labelNames: ['type'],
    registers: [this.registry],
  });

  constructor(relay: NodeRelay, keeper: () => StateKeeper | undefined) {
    const { registry } = this;
    registerProcessMetrics(registry);
    gauge(registry, 'sluice_node_envoys', 'Envoys that are connected.', () => relay.server.nodes().length);
    gauge(
      registry,
      'sluice_node_control_plane_connected_timestamp_seconds',
      'Unix time since when the control plane is connected; 0: it is not.',
      () => (relay.connectedAt?.getTime() ?? 0) / 1000,
    );
    gauge(
      registry,
      'sluice_node_confirmed',
      'Whether the control plane has confirmed since the start what is served: 0 while it is what was kept.',
      () => Number(relay.wasComplete),
    );
    gauge(
      registry,
      'sluice_node_state_timestamp_seconds',
      'Unix time at which what this process has kept on the disk was true; 0: nothing.',
      () => (keeper()?.savedAt ?? 0) / 1000,
    );
    gauge(
      registry,
      'sluice_node_state_bytes',
      'Size of what is kept on the disk.',
      () => keeper()?.bytes ?? 0,
    );
    gauges(registry, 'sluice_node_resources', 'Resources that are served.', ['type'], () =>
      RELAYED_TYPES.map((typeUrl) => [{ type: typeLabel(typeUrl) }, relay.resources.table.count(typeUrl)]),
    );
    relay.server.rejections.onEvent(({ type, typeUrl }) => {
      if (type === 'rejected') this.#rejections.inc({ type: typeLabel(typeUrl) });
    });
  }
}
