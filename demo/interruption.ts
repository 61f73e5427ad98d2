import { constants } from 'node:os';
import process from 'node:process';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Ctrl-C, `kill` and a closed terminal, from the moment this is made. Until one is awaited it ends the process at once,
 * with 128 and its number; what was started is taken away by who listens to `exit`. Awaited, the first one is an answer.
 */
export class Interruption {
  #resolve: (() => void) | undefined;

  constructor() {
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        const resolve = this.#resolve;
        this.#resolve = undefined;
        if (resolve === undefined) process.exit(128 + constants.signals[signal]);
        resolve();
      });
    }
    // A closed terminal says so here first.
    process.stdout.on('error', () => process.exit(128 + constants.signals.SIGHUP));
  }

  async awaited(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#resolve = resolve;
    });
  }
}
