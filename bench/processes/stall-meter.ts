/** How long the event loop was held at most: by the clock, and by the CPU that this thread had meanwhile. */
import { readFileSync } from 'node:fs';

/** Other processes take the CPU away on a busy machine; that lengthens the one and not the other. */
export interface Stall {
  readonly ms: number;
  readonly cpuMs: number;
}

export class StallMeter {
  readonly #timer: NodeJS.Timeout;
  #at = performance.now();
  #cpu = threadCpuMs();
  #ms = 0;
  #cpuMs = 0;

  constructor() {
    this.#timer = setInterval(() => this.#tick(), 1);
  }

  stop(): Stall {
    this.#tick();
    clearInterval(this.#timer);
    return { ms: this.#ms, cpuMs: this.#cpuMs };
  }

  #tick(): void {
    const at = performance.now();
    const cpu = threadCpuMs();
    this.#ms = Math.max(this.#ms, at - this.#at);
    this.#cpuMs = Math.max(this.#cpuMs, cpu - this.#cpu);
    this.#at = at;
    this.#cpu = cpu;
  }
}

/** Nanoseconds on the CPU are the first field. */
function threadCpuMs(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
}
