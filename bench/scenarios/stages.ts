import type { Mark } from '../processes/marks.ts';
import type { SluiceProcess } from '../processes/sluice.ts';
import { median } from '../statistics.ts';

/** What one change spends where, in milliseconds. A stage that ended before the one before it took nothing. */
export interface Stages {
  /** From the acknowledged write to the engine. */
  readonly watch: number;
  /** From there until the first response is written. */
  readonly push: number;
  /** Until Envoy has acknowledged the last one. */
  readonly ack: number;
  /** Until a client sees it. */
  readonly served: number;
}

export const STAGES = {
  watch: 'API→watch',
  push: 'watch→push',
  ack: 'push→ACK',
  served: 'ACK→served',
} as const satisfies Record<keyof Stages, string>;

const PATIENCE_ROUNDS = 200;

/** The marks of one change: until each response of it has been answered. */
export async function marksOfChange(sluice: SluiceProcess): Promise<Mark[]> {
  const marks: Mark[] = [];
  for (let round = 0; round < PATIENCE_ROUNDS; round += 1) {
    marks.push(...(await sluice.marks()));
    const sent = marks.filter(({ stage }) => stage === 'send').length;
    const answered = marks.filter(({ stage }) => stage === 'ack' || stage === 'nack').length;
    if (sent > 0 && answered >= sent) return marks;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`a change was not acknowledged: ${JSON.stringify(marks)}`);
}

export function stagesOf(marks: readonly Mark[], acknowledgedAt: number, servedAt: number): Stages {
  const at = (stage: Mark['stage'], last = false) =>
    (last ? marks.findLast((mark) => mark.stage === stage) : marks.find((mark) => mark.stage === stage))
      ?.at ?? servedAt;
  const bounds = [acknowledgedAt, at('event'), at('send'), at('ack', true), servedAt];
  // The event of a write may overtake its acknowledgement, and a client may see what Envoy has not acknowledged yet.
  const ordered = bounds.map((bound) => Math.min(Math.max(bound, acknowledgedAt), servedAt));
  const [write = 0, event = 0, send = 0, ack = 0, served = 0] = ordered;
  return { watch: event - write, push: send - event, ack: ack - send, served: served - ack };
}

/** Median of each stage as text, `1.2 + 0.5 + 3.1 + 0.2`. */
export function medianStages(all: readonly Stages[]): Record<keyof Stages, number> {
  const of = (stage: keyof Stages) => median(all.map((stages) => stages[stage]));
  return { watch: of('watch'), push: of('push'), ack: of('ack'), served: of('served') };
}
