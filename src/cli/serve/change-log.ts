import { type Clock, systemClock } from '../../kubernetes-api/clock.ts';
import type { ParentListeners, RouteModel } from '../../model/gateway.ts';
import { type ObjectKey, parseObjectKey } from '../../model/key.ts';
import type { Kind } from '../../model/objects.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import type { Logger } from '../logger.ts';

/**
 * Under a stream of changes there are 200 flushes a second: the first one is told at once, the others together, after a second, and
 * after ever longer times while the stream goes on.
 */
const LEAST_MS = 1_000;
const MOST_MS = 10_000;

interface Counts {
  added: number;
  changed: number;
  removed: number;
}

/** Tells in the log what changes did: how many routes and parents came, changed and went, and how many hosts are served now. */
export class ChangeLog {
  readonly #engine: Engine;
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** Models as of the last flush; the engine replaces one only where it differs. */
  readonly #models = new Map<ObjectKey, RouteModel | ParentListeners>();
  #routes: Counts = none();
  #gateways: Counts = none();
  #listenerSets: Counts = none();
  #lastLine = Number.NEGATIVE_INFINITY;
  #waitMs = LEAST_MS;
  #cancel: (() => void) | undefined;

  constructor(engine: Engine, logger: Logger, clock: Clock = systemClock) {
    this.#engine = engine;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Objects whose status may have changed, as the engine gives them after a flush. */
  flushed(keys: Iterable<ObjectKey>): void {
    for (const key of keys) this.#count(key);
    const changes = sum(this.#routes) + sum(this.#gateways) + sum(this.#listenerSets);
    if (changes === 0 || this.#cancel !== undefined) return;
    const wait = this.#lastLine + this.#waitMs - this.#clock.now();
    if (wait <= 0) {
      this.#waitMs = LEAST_MS;
      this.#tell();
      return;
    }
    this.#waitMs = Math.min(this.#waitMs * 2, MOST_MS);
    this.#cancel = this.#clock.after(wait, () => this.#tell());
  }

  /** Writes the line of the changes that are counted and not yet logged. */
  close(): void {
    if (this.#cancel !== undefined) this.#tell();
  }

  #count(key: ObjectKey): void {
    const { kind } = parseObjectKey(key);
    const counts = this.#countsOf(kind);
    if (counts === undefined) return;
    const before = this.#models.get(key);
    const after = this.#model(key);
    if (before === after) return;
    if (after === undefined) {
      this.#models.delete(key);
      counts.removed += 1;
      return;
    }
    this.#models.set(key, after);
    if (before === undefined) counts.added += 1;
    else counts.changed += 1;
  }

  #countsOf(kind: Kind): Counts | undefined {
    switch (kind) {
      case 'Gateway':
        return this.#gateways;
      case 'ListenerSet':
        return this.#listenerSets;
      case 'TLSRoute':
      case 'Ingress':
        return this.#routes;
      default:
        return undefined;
    }
  }

  #model(key: ObjectKey): RouteModel | ParentListeners | undefined {
    const { kind, namespace, name } = parseObjectKey(key);
    if (kind === 'Gateway') return this.#engine.gateway(namespace, name);
    return kind === 'ListenerSet' ? this.#engine.listenerSet(namespace, name) : this.#engine.route(key);
  }

  #tell(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#lastLine = this.#clock.now();
    const [routes, gateways, listenerSets] = [this.#routes, this.#gateways, this.#listenerSets];
    this.#routes = none();
    this.#gateways = none();
    this.#listenerSets = none();
    let hosts = 0;
    for (const binding of this.#engine.bindings) hosts += binding.hosts.size;
    this.#logger.info(
      {
        code: 'SLUICE_CHANGES',
        routes,
        ...(sum(gateways) > 0 && { gateways }),
        ...(sum(listenerSets) > 0 && { listenerSets }),
        hosts,
      },
      'changes are translated, Envoys are being told',
    );
  }
}

function none(): Counts {
  return { added: 0, changed: 0, removed: 0 };
}

function sum({ added, changed, removed }: Counts): number {
  return added + changed + removed;
}
