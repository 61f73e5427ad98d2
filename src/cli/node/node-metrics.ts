import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { NodeRelay } from '../../relay/node-relay.ts';
import { RELAYED_TYPES } from '../../relay/relayed-resources.ts';
import type { StateKeeper } from '../../relay/state-keeper.ts';
import { typeLabel } from '../serve/metrics.ts';

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
    collectDefaultMetrics({ register: this.registry });
    const gauge = (name: string, help: string, value: () => number): void => {
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(value());
        },
      });
    };
    gauge('sluice_node_envoys', 'Envoys that are connected.', () => relay.server.nodes().length);
    gauge(
      'sluice_node_control_plane_connected_timestamp_seconds',
      'Unix time since when the control plane is connected; 0: it is not.',
      () => (relay.connectedAt?.getTime() ?? 0) / 1000,
    );
    gauge(
      'sluice_node_confirmed',
      'Whether the control plane has confirmed since the start what is served: 0 while it is what was kept.',
      () => Number(relay.wasComplete),
    );
    gauge(
      'sluice_node_state_timestamp_seconds',
      'Unix time at which what this process has kept on the disk was true; 0: nothing.',
      () => (keeper()?.savedAt ?? 0) / 1000,
    );
    gauge('sluice_node_state_bytes', 'Size of what is kept on the disk.', () => keeper()?.bytes ?? 0);
    new Gauge({
      name: 'sluice_node_resources',
      help: 'Resources that are served.',
      labelNames: ['type'],
      registers: [this.registry],
      collect() {
        for (const typeUrl of RELAYED_TYPES)
          this.set({ type: typeLabel(typeUrl) }, relay.resources.table.count(typeUrl));
      },
    });
    relay.server.rejections.onEvent(({ type, typeUrl }) => {
      if (type === 'rejected') this.#rejections.inc({ type: typeLabel(typeUrl) });
    });
  }
}
