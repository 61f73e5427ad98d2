import type { Registry } from 'prom-client';
import { BUDGET_KINDS, type BudgetKind } from '../../gateway/budgets/admission.ts';
import type { NamespaceBudget } from '../../model/budget.ts';
import type { ObjectEvent } from '../../model/events.ts';
import type { NamespaceUse } from '../../snapshot/engine/budget-stage.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import type { Logger } from '../logger.ts';
import { gauge, gauges, type Series } from '../metrics/gauges.ts';
import { type AdminPage, jsonPage } from './admin-server.ts';

/** Share of a budget from which a namespace has a metric. */
const NEAR = 0.8;
/** Most series of each budget, the fullest first: namespaces are the tenants', and there are thousands. */
const MAX_NEAR = 20;
/** Lines about Namespaces that one batch of events may write. */
const MAX_LINES = 20;

/** One namespace on the page `/debug/namespaces`. */
export interface NamespaceOnPage {
  readonly namespace: string;
  /** Whether it asks for more than a budget: hosts of it are not served, or their connections do not end with them. */
  readonly overBudget: boolean;
  readonly use: Readonly<Record<BudgetKind, number>>;
  readonly budget: NamespaceBudget;
  /** How many endpoints each of its hosts uses at most: fewer than `budget.endpoints` where `budget.pairs` says so. */
  readonly endpointsPerHost: number;
  /** How many connections each of its hosts takes at most on each Envoy, its part of `budget.connections`. */
  readonly connectionsPerHost: number;
  /** Annotations that were to set a budget and do not: SLUICE_BUDGET_INVALID. */
  readonly invalid: readonly string[];
}

/** Tells what namespaces have of what they may have. */
export class NamespacePage {
  readonly #engine: Engine;
  readonly #logger: Logger;
  /** By namespace: the invalid annotations that were told. */
  readonly #told = new Map<string, string>();

  constructor(engine: Engine, logger: Logger) {
    this.#engine = engine;
    this.#logger = logger;
  }

  /** Tells of annotations that set no budget, once when it begins; to be called after the engine took the events. */
  objectsChanged(events: readonly ObjectEvent[]): void {
    let lines = 0;
    for (const event of events) {
      const kind = event.type === 'upsert' ? event.object.kind : event.ref.kind;
      if (kind !== 'Namespace') continue;
      const name = event.type === 'upsert' ? event.object.meta.name : event.ref.name;
      const invalid = this.#engine.budgetOf(name).invalid.join(', ');
      if ((this.#told.get(name) ?? '') === invalid) continue;
      if (invalid === '') this.#told.delete(name);
      else this.#told.set(name, invalid);
      lines += 1;
      if (invalid === '' || lines > MAX_LINES) continue;
      this.#logger.warn(
        { code: 'SLUICE_BUDGET_INVALID', namespace: name, annotations: invalid },
        'the annotations of the Namespace set no budget: a budget is a whole number above zero',
      );
    }
  }

  /** `/debug/namespaces`: the fullest first; with `?namespace=NAME`, that one alone. */
  page(query: URLSearchParams): AdminPage {
    const asked = query.get('namespace');
    const found = [...this.#engine.namespaces()].filter(
      ({ namespace }) => asked === null || namespace === asked,
    );
    const sorted = found
      .map((each) => ({ each, fullness: Math.max(...BUDGET_KINDS.map((kind) => fullness(each, kind))) }))
      .sort((a, b) => b.fullness - a.fullness || (a.each.namespace < b.each.namespace ? -1 : 1));
    return jsonPage(sorted.map(({ each }) => onPage(each)));
  }

  /** Namespaces that ask for more than a budget, by name. */
  overBudget(): readonly string[] {
    return [...this.#engine.namespaces()]
      .filter(isOver)
      .map(({ namespace }) => namespace)
      .sort();
  }

  /** Metrics of the few namespaces that are near a budget. */
  register(registry: Registry): void {
    const engine = this.#engine;
    gauges(
      registry,
      'sluice_namespace_budget_used',
      `Share of its budget that a namespace asks for, above 1 where hosts are not served; of the ${MAX_NEAR} fullest from ${NEAR} on.`,
      // Not "namespace", which is what Prometheus says of where it found the target.
      ['tenant_namespace', 'budget'],
      () => BUDGET_KINDS.flatMap((budget) => fullest(engine.namespaces(), budget)),
    );
    gauge(
      registry,
      'sluice_namespaces_over_budget',
      'Namespaces that ask for more hosts, wildcards or chains than they may have, see /debug/namespaces.',
      () => {
        let over = 0;
        for (const each of engine.namespaces()) if (isOver(each)) over += 1;
        return over;
      },
    );
  }
}

function fullest(all: Iterable<NamespaceUse>, budget: BudgetKind): Series<'tenant_namespace' | 'budget'> {
  const near: { readonly namespace: string; readonly used: number }[] = [];
  for (const each of all) {
    const used = fullness(each, budget);
    if (used >= NEAR) near.push({ namespace: each.namespace, used });
  }
  near.sort((a, b) => b.used - a.used || (a.namespace < b.namespace ? -1 : 1));
  return near
    .slice(0, MAX_NEAR)
    .map(({ namespace, used }) => [{ tenant_namespace: namespace, budget }, used]);
}

function onPage(each: NamespaceUse): NamespaceOnPage {
  const { namespace, use, budget, invalid } = each;
  return {
    namespace,
    overBudget: isOver(each),
    use,
    budget,
    endpointsPerHost: each.endpointLimit,
    connectionsPerHost: each.connectionLimit,
    invalid,
  };
}

function isOver(each: NamespaceUse): boolean {
  return BUDGET_KINDS.some((kind) => fullness(each, kind) > 1);
}

function fullness({ use, budget }: NamespaceUse, kind: BudgetKind): number {
  return use[kind] / budget[kind];
}
