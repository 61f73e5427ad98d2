import type { GatewayModel, RouteModel } from '../../model/gateway.ts';
import type { Engine } from '../../snapshot/engine.ts';
import type { Logger } from '../logger.ts';

/** Under a stream of changes there are 200 flushes a second: the first one is told at once, the others together. */
const LEAST_MS = 1_000;

interface Counts {
  added: number;
  changed: number;
  removed: number;
}

/** Tells in the log what changes did: how many routes came, changed and went, and how many hosts are served now. */
export class ChangeReport {
  readonly #engine: Engine;
  readonly #logger: Logger;
  /** Models as of the last flush; the engine replaces one only where it differs. */
  readonly #models = new Map<string, RouteModel | GatewayModel>();
  #routes: Counts = none();
  #gateways: Counts = none();
  #lastLine = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(engine: Engine, logger: Logger) {
    this.#engine = engine;
    this.#logger = logger;
  }

  /** Objects whose status may have changed, as the engine gives them after a flush. */
  flushed(keys: Iterable<string>): void {
    for (const key of keys) this.#count(key);
    if (sum(this.#routes) + sum(this.#gateways) === 0 || this.#timer !== undefined) return;
    const wait = this.#lastLine + LEAST_MS - performance.now();
    if (wait <= 0) this.#tell();
    else this.#timer = setTimeout(() => this.#tell(), wait).unref();
  }

  /** Tells what was not told yet. */
  close(): void {
    if (this.#timer !== undefined) this.#tell();
  }

  #count(key: string): void {
    const [kind = '', namespace = '', name = ''] = key.split('/');
    if (kind !== 'Gateway' && kind !== 'TLSRoute' && kind !== 'Ingress') return;
    const before = this.#models.get(key);
    const after = kind === 'Gateway' ? this.#engine.gateway(namespace, name) : this.#engine.route(key);
    if (before === after) return;
    const counts = kind === 'Gateway' ? this.#gateways : this.#routes;
    if (after === undefined) {
      this.#models.delete(key);
      counts.removed += 1;
      return;
    }
    this.#models.set(key, after);
    if (before === undefined) counts.added += 1;
    else counts.changed += 1;
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lastLine = performance.now();
    const [routes, gateways] = [this.#routes, this.#gateways];
    this.#routes = none();
    this.#gateways = none();
    let hosts = 0;
    for (const binding of this.#engine.bindings) hosts += binding.hosts.size;
    this.#logger.info(
      { routes, ...(sum(gateways) > 0 && { gateways }), hosts },
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
