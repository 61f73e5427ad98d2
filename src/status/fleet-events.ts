import type { EventNote, EventRecorder } from './event-recorder.ts';
import { LEADER_LEASE } from './leader-election.ts';

/** Tells in Sluice's own namespace that no Envoy is connected to any replica, and when one is again. */
export class FleetEvents {
  readonly #events: Pick<EventRecorder, 'record'>;
  readonly #namespace: string;
  #isAlone = false;

  constructor(events: Pick<EventRecorder, 'record'>, namespace: string) {
    this.#events = events;
    this.#namespace = namespace;
  }

  /** `envoys`: how many are there, or were until moments ago, over all replicas. */
  look(envoys: number): void {
    const isAlone = envoys === 0;
    if (isAlone === this.#isAlone) return;
    this.#isAlone = isAlone;
    const note: EventNote = isAlone
      ? {
          type: 'Warning',
          reason: 'NoEnvoyConnected',
          action: 'Serving',
          note: 'No Envoy is connected to any replica of Sluice, so no change reaches one: see the log of Envoy for its connection to the xds cluster.',
        }
      : {
          type: 'Normal',
          reason: 'EnvoyConnected',
          action: 'Serving',
          note: 'Envoys are connected to Sluice again.',
        };
    this.#events.record(
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        namespace: this.#namespace,
        name: LEADER_LEASE,
        uid: '',
      },
      note,
    );
  }
}
