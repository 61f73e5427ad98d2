import type { GatewayConfig } from '../../gateway/config.ts';
import { evaluateIngress } from '../../gateway/routes/evaluate-ingress.ts';
import { evaluateTlsRoute } from '../../gateway/routes/evaluate-tls-route.ts';
import { evaluateUnservedRoute } from '../../gateway/routes/evaluate-unserved-route.ts';
import type { RouteModel } from '../../model/gateway.ts';
import { type ObjectKey, parseObjectKey } from '../../model/key.ts';
import { isUnservedRouteKind } from '../../model/kinds.ts';
import { structurallyEqual } from '../collections/structural-equality.ts';
import type { Evaluator } from './evaluator.ts';
import { RouteQueue } from './route-queue.ts';
import { bring, type StageRules } from './stage.ts';

/** What the stages behind the routes are told. Routes are named by their object keys. */
export interface RouteOutput {
  /** A route means something else than before. */
  routeChanged(key: ObjectKey, before: RouteModel | undefined, after: RouteModel | undefined): void;
}

/** Routes, each evaluated to what it means: TLSRoutes and Ingresses, and those of kinds that claim nothing. */
export class RouteStage {
  /** Marked routes, in an order of its own: see `RouteQueue`. */
  readonly queue = new RouteQueue();
  readonly #models = new Map<ObjectKey, RouteModel>();
  readonly #evaluator: Evaluator;
  readonly #config: GatewayConfig;
  readonly #output: RouteOutput;
  readonly #rules: StageRules<ObjectKey, RouteModel> = {
    compute: (key) => this.#evaluate(key),
    isCurrent: (key, model) => structurallyEqual(this.#models.get(key), model),
    output: (key, model) => this.#replace(key, model),
  };

  constructor(evaluator: Evaluator, config: GatewayConfig, output: RouteOutput) {
    this.#evaluator = evaluator;
    this.#config = config;
    this.#output = output;
  }

  get(key: ObjectKey): RouteModel | undefined {
    return this.#models.get(key);
  }

  all(): Iterable<RouteModel> {
    return this.#models.values();
  }

  /** Brings a route that was taken out of the queue up to date. */
  bring(key: ObjectKey): void {
    bring(this.#rules, key);
  }

  #evaluate(key: ObjectKey): RouteModel | undefined {
    const { kind, namespace, name } = parseObjectKey(key);
    const config = this.#config;
    if (isUnservedRouteKind(kind))
      return this.#evaluator.evaluate(key, kind, namespace, name, evaluateUnservedRoute);
    return kind === 'Ingress'
      ? this.#evaluator.evaluate(key, kind, namespace, name, (ingress, lookup) =>
          evaluateIngress(ingress, lookup, config),
        )
      : this.#evaluator.evaluate(key, 'TLSRoute', namespace, name, (route, lookup) =>
          evaluateTlsRoute(route, lookup, config),
        );
  }

  #replace(key: ObjectKey, after: RouteModel | undefined): void {
    const before = this.#models.get(key);
    if (after === undefined) this.#models.delete(key);
    else this.#models.set(key, after);
    this.#output.routeChanged(key, before, after);
  }
}
