/** An event loop of which a test owns the clock and the turns. */
import { type LoopClock, Turns } from './turns.ts';

export class ManualLoop implements LoopClock {
  time = 0;
  /** What each look at the clock costs. */
  tick = 0;
  readonly turns = new Turns(this);
  #tasks: (() => void)[] = [];

  now(): number {
    this.time += this.tick;
    return this.time;
  }

  nextTurn(task: () => void): void {
    this.#tasks.push(task);
  }

  get isIdle(): boolean {
    return this.#tasks.length === 0;
  }

  /** One turn; returns how long it took. */
  turn(): number {
    const began = this.time;
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const task of tasks) task();
    return this.time - began;
  }

  /** Turns until nothing is to be done in the next; returns how long each took. */
  run(): number[] {
    const turns: number[] = [];
    while (!this.isIdle) turns.push(this.turn());
    return turns;
  }
}
