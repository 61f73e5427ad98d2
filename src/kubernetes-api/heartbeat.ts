import { type Clock, type Random, sleep } from './clock.ts';
import { type ApiTransport, readBody } from './transport.ts';

/** Times in milliseconds. */
export interface HeartbeatLimits {
  /** After so long without a word from the API server it is asked for one; `Infinity`: never. */
  readonly heartbeatMs: number;
  /** Within this it answers, or is not reached. */
  readonly heartbeatSilenceMs: number;
  /** Upper end of the time between two looks for one that is not reached. */
  readonly probeMs: number;
}

export interface HeartbeatOptions {
  readonly transport: Pick<ApiTransport, 'get'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: HeartbeatLimits;
  /** When something was last heard on any watch. */
  readonly heardAt: () => number;
  /** It is not reached, or is again. */
  readonly onChange: () => void;
  /** It is reached again; `since`: when it was not. What was open by then may be open on this side alone. */
  readonly onReturn: (since: number) => void;
}

const MAX_BYTES = 64 * 1024;

/**
 * Finds out that the path to the API server is broken where nobody closes connections: packets are dropped, and a watch that says nothing
 * looks like one on which nothing happens. While nothing is heard `/version` is asked for now and then, whatever the answer; once there is
 * none, it is asked for until there is.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #awaySince: number | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Since when the API server is not reached. */
  get awaySince(): number | undefined {
    return this.#awaySince;
  }

  /** Until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, limits, heardAt, onChange, onReturn } = this.#options;
    if (limits.heartbeatMs === Number.POSITIVE_INFINITY) return;
    while (!signal.aborted) {
      await sleep(clock, limits.heartbeatMs * (1 + random() / 4), signal);
      const since = clock.now();
      if (signal.aborted || since - heardAt() < limits.heartbeatMs || (await this.#isAnswered(signal)))
        continue;
      this.#awaySince = since;
      onChange();
      do await sleep(clock, (limits.probeMs * (1 + random())) / 2, signal);
      while (!signal.aborted && !(await this.#isAnswered(signal)));
      if (signal.aborted) return;
      this.#awaySince = undefined;
      onChange();
      onReturn(since);
    }
  }

  async #isAnswered(signal: AbortSignal): Promise<boolean> {
    const { transport, limits } = this.#options;
    try {
      const silenceMs = limits.heartbeatSilenceMs;
      const { body } = await transport.get({
        path: '/version',
        accept: 'application/json',
        silenceMs,
        signal,
      });
      await readBody(body, MAX_BYTES);
      return true;
    } catch {
      return signal.aborted;
    }
  }
}
