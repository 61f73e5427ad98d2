import type { Registry } from 'prom-client';
import { closedHost } from '../../gateway/status/serving.ts';
import { type Condition, SERVING_CONDITION } from '../../model/conditions.ts';
import type { RouteModel } from '../../model/gateway.ts';
import { type ObjectKey, parseObjectKey } from '../../model/key.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import { gauges } from './gauges.ts';

/** Why connections to a host are closed that a route serves: reasons of its condition `sluice.dev/Serving`. */
const CLOSED = [
  'NoBackends',
  'BackendNotFound',
  'InvalidKind',
  'RefNotPermitted',
  'UnsupportedProtocol',
  'UnsupportedValue',
  'NoEndpoints',
  'EndpointsNotReady',
  'PortNotFound',
  'EndpointsRefused',
] as const;

const HOST_OUTCOMES = ['Serving', 'HostnameConflict', 'OverBudget', ...CLOSED, 'Other'] as const;

const ROUTE_OUTCOMES = [
  'PartlyServing',
  ...HOST_OUTCOMES,
  // Reasons of the condition `Accepted`.
  'NoMatchingParent',
  'NotAllowedByListeners',
  'NoMatchingListenerHostname',
  'NoPassthrough',
  'NoHost',
  'ListenersNotServed',
] as const;

/** Of kinds that are served; of the others only what there is. */
const SERVED_KINDS = ['TLSRoute', 'Ingress'] as const;

interface Outcome {
  /** Kind and outcome of the route. */
  readonly route: string;
  /** How many hosts have which outcome. */
  readonly hosts: ReadonlyMap<string, number>;
}

/** What has become of routes and of their hosts, counted as their conditions change. */
export class RouteOutcomes {
  readonly #engine: Engine;
  readonly #known = new Map<ObjectKey, Outcome>();
  readonly #routes = new Map<string, number>();
  readonly #hosts = new Map<string, number>();
  /** Of the many routes that serve all their hosts: one object for each kind and number of hosts. */
  readonly #serving = new Map<string, Outcome>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  register(registry: Registry): void {
    gauges(
      registry,
      'sluice_routes',
      'Routes by what has become of them: Serving, PartlyServing, or the reason of the condition that says why not.',
      ['kind', 'outcome'],
      () => {
        const all = new Map(
          SERVED_KINDS.flatMap((kind) => ROUTE_OUTCOMES.map((each) => [`${kind} ${each}`, 0])),
        );
        for (const [route, count] of this.#routes) all.set(route, count);
        return [...all].map(([route, count]) => {
          const [kind = '', outcome = ''] = route.split(' ');
          return [{ kind, outcome }, count];
        });
      },
    );
    gauges(
      registry,
      'sluice_hosts',
      'Hosts that routes claim, each for every address and port, by what has become of them: Serving, or why not.',
      ['outcome'],
      () => HOST_OUTCOMES.map((outcome) => [{ outcome }, this.#hosts.get(outcome) ?? 0]),
    );
  }

  /** The conditions of an object as they are now; none where it is gone, or not ours. */
  note(key: ObjectKey, conditions: readonly Condition[]): void {
    const route = this.#engine.route(key);
    const before = this.#known.get(key);
    const after = route && this.#outcomeOf(key, route, conditions);
    if (before === after) return;
    if (before !== undefined) this.#count(before, -1);
    if (after === undefined) this.#known.delete(key);
    else {
      this.#count(after, 1);
      this.#known.set(key, after);
    }
  }

  #count({ route, hosts }: Outcome, sign: 1 | -1): void {
    add(this.#routes, route, sign);
    for (const [outcome, count] of hosts) add(this.#hosts, outcome, sign * count);
  }

  #outcomeOf(key: ObjectKey, route: RouteModel, conditions: readonly Condition[]): Outcome {
    const { kind } = parseObjectKey(key);
    const outcome = `${kind} ${routeOutcome(conditions)}`;
    const isWhole = conditions.every(({ type, reason }) =>
      type === SERVING_CONDITION ? reason === 'Serving' : type !== 'PartiallyInvalid',
    );
    if (!isWhole) return { route: outcome, hosts: this.#hostsOf(route, conditions) };
    const hosts = route.claims.length;
    const shared = this.#serving.get(`${outcome} ${hosts}`) ?? {
      route: outcome,
      hosts: new Map([['Serving', hosts]]),
    };
    this.#serving.set(`${outcome} ${hosts}`, shared);
    return shared;
  }

  #hostsOf(route: RouteModel, conditions: readonly Condition[]): ReadonlyMap<string, number> {
    const engine = this.#engine;
    const hosts = new Map<string, number>();
    add(hosts, 'HostnameConflict', engine.lostClaims(route).length);
    const served = engine.servedClaims(route);
    add(hosts, 'OverBudget', route.claims.length - served.length - (hosts.get('HostnameConflict') ?? 0));
    const resolvedRefs = conditions.find(({ type, status }) => type === 'ResolvedRefs' && status === 'False');
    for (const claim of served) {
      const { isClosed, problems } = closedHost(claim, resolvedRefs, engine.reachOf(claim));
      add(hosts, isClosed ? known(HOST_OUTCOMES, problems[0]?.reason) : 'Serving', 1);
    }
    return hosts;
  }
}

/** Of a route with several parents: that it serves, however little, else the reason of the first. */
function routeOutcome(conditions: readonly Condition[]): string {
  const serving = conditions.filter(({ type }) => type === SERVING_CONDITION);
  const isServing = serving.filter(({ status }) => status === 'True');
  if (isServing.length > 0)
    return serving.every(({ reason }) => reason === 'Serving') ? 'Serving' : 'PartlyServing';
  const reason = serving[0]?.reason;
  const accepted = conditions.find(({ type, status }) => type === 'Accepted' && status === 'False');
  return known(ROUTE_OUTCOMES, reason === undefined || reason === 'NotAccepted' ? accepted?.reason : reason);
}

/** Reasons are ours, and a new one must not become a series that no alert knows. */
function known(outcomes: readonly string[], reason: string | undefined): string {
  return reason !== undefined && outcomes.includes(reason) ? reason : 'Other';
}

function add(counts: Map<string, number>, name: string, more: number): void {
  const count = (counts.get(name) ?? 0) + more;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}
