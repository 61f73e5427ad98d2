/** Sinks and loggers that tests wait on. */

import { type ObjectEvent, refOf, type SourceProblem, type SourceSink } from '../../model/events.ts';
import { objectKey } from '../../model/key.ts';
import type { Kind, KubernetesObject } from '../../model/objects.ts';
import type { SourceLogger } from './failure-log.ts';

/** Resolves what was waited for as soon as it is so. */
class Waiting {
  readonly #looks = new Set<() => void>();

  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#looks.delete(look);
        resolve();
      };
      this.#looks.add(look);
      look();
    });
  }

  look(): void {
    for (const look of this.#looks) look();
  }
}

/** Keeps the world as the source tells it. */
export class RecordingSink implements SourceSink {
  readonly objects = new Map<string, KubernetesObject>();
  readonly events: ObjectEvent[] = [];
  readonly syncedKinds: Kind[] = [];
  present: readonly SourceProblem[] = [];
  confirmations = 0;
  /** Events that had been given when all that was saved had been. */
  restoredAfter: number | undefined;
  readonly #waiting = new Waiting();

  apply(events: readonly ObjectEvent[]): void {
    for (const event of events) {
      this.events.push(event);
      if (event.type === 'upsert') this.objects.set(objectKey(refOf(event.object)), event.object);
      else this.objects.delete(objectKey(event.ref));
    }
    this.#waiting.look();
  }

  synced(kinds: readonly Kind[]): void {
    this.syncedKinds.push(...kinds);
    this.#waiting.look();
  }

  restored(): void {
    this.restoredAfter = this.events.length;
  }

  confirmed(): void {
    this.confirmations += 1;
    this.#waiting.look();
  }

  problems(problems: readonly SourceProblem[]): void {
    this.present = problems;
    this.#waiting.look();
  }

  until(holds: (sink: this) => boolean): Promise<void> {
    return this.#waiting.until(() => holds(this));
  }

  untilSynced(kind: Kind): Promise<void> {
    return this.until((sink) => sink.syncedKinds.includes(kind));
  }

  /** Sorted `kind/namespace/name`. */
  get keys(): string[] {
    return [...this.objects.keys()].sort();
  }
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export class RecordingLogger implements SourceLogger {
  readonly lines: LogLine[] = [];
  readonly #waiting = new Waiting();

  debug(fields: object, message: string): void {
    this.#add({ level: 'debug', fields: { ...fields }, message });
  }

  info(fields: object, message: string): void {
    this.#add({ level: 'info', fields: { ...fields }, message });
  }

  warn(fields: object, message: string): void {
    this.#add({ level: 'warn', fields: { ...fields }, message });
  }

  of(level: LogLine['level']): LogLine[] {
    return this.lines.filter((line) => line.level === level);
  }

  /** Resolves when there are, or were, so many lines of any level that match. */
  times(count: number, pattern: RegExp): Promise<void> {
    return this.#waiting.until(
      () => this.lines.filter(({ message }) => pattern.test(message)).length >= count,
    );
  }

  #add(line: LogLine): void {
    this.lines.push(line);
    this.#waiting.look();
  }
}
