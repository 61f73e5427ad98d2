import type { Condition } from '../../model/conditions.ts';
import { condition } from '../../model/conditions.ts';
import { refOf } from '../../model/events.ts';
import type { Claim, ParentModel, RouteModel, WeightedBackend } from '../../model/gateway.ts';
import type { Ingress, IngressBackend } from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';
import type { Lookup } from '../lookup.ts';
import { ingressBindings } from '../parents/bindings.ts';
import { isOfOwnClass, isOurIngress } from '../parents/gateway-class.ts';
import { mayClaimByIngress } from '../parents/wildcard-claims.ts';
import { invalidHostnames } from '../values/explain-hostname.ts';
import { isValidHostname, normalizeHostname } from '../values/hostname.ts';
import { clauses, listing, sentence } from '../values/listing.ts';
import { readPassthrough } from '../values/passthrough-annotation.ts';
import type { ReferenceProblem } from './backends.ts';
import { serviceTarget } from './backends.ts';
import { ClaimLimits } from './claim-limits.ts';
import { evaluatePolicy } from './host-policy.ts';
import { ignoredAnnotations, notAsking } from './ingress-annotations.ts';
import { routeAccepted, routeConditions, routeResolved } from './route-conditions.ts';
import { sharedParents } from './shared-parents.ts';

type IngressPath = Ingress['rules'][number]['paths'][number];

/** Whether an Ingress asks for TLS passthrough. */
export function asksForPassthrough(ingress: Ingress): boolean {
  return readPassthrough(ingress.meta.annotations).asks;
}

/**
 * What an Ingress with `ssl-passthrough` means; `undefined` where it is not ours, or does not ask for passthrough and need not be told.
 *
 * It works for a host as a whole: who does not terminate TLS sees no path. As ingress-nginx does, the path `/`
 * gives the backend; a host without one, which nginx would not pass through at all, goes to its first other
 * path with a note. Its hosts are served on the merged bindings, next to Gateways without addresses.
 */
export function evaluateIngress(
  ingress: Ingress,
  lookup: Lookup,
  config: GatewayConfig,
): RouteModel | undefined {
  const wish = readPassthrough(ingress.meta.annotations);
  if (!isOurIngress(ingress, lookup, config)) return undefined;
  if (!wish.asks) return refusedIngress(ingress, notAsking(ingress, wish, isOfOwnClass(ingress, lookup)));
  const { generation, creationTimestamp } = ingress.meta;
  const notes: string[] = [];
  const problems: ReferenceProblem[] = [];
  const backendsByHost = hostBackends(ingress, lookup, config, notes, problems);
  const policy = evaluatePolicy(ingress.meta, config);
  const claims: Claim[] = [];
  const limits = new ClaimLimits();
  for (const binding of ingressBindings(config)) {
    for (const [host, backends] of backendsByHost) {
      if (!limits.takeHost(host, policy.policy)) continue;
      claims.push({
        binding,
        host,
        original: host,
        parents: [0],
        gateway: undefined,
        backends,
        policy: policy.policy,
      });
    }
  }
  const beyond = limits.takeNote();
  if (beyond !== undefined) notes.push(beyond);
  const accepted = claims.length > 0;
  const ignored = ignoredAnnotations(ingress, wish);
  const decided = routeConditions(
    {
      accepted: acceptedCondition(accepted, notes, generation),
      resolvedRefs: resolvedRefsCondition(problems, generation),
      dropped: accepted ? notes : [],
      policy: policy.condition,
    },
    generation,
  );
  const conditions = ignored === undefined ? decided : [...decided, ignored];
  const parent: ParentModel = { parentRef: undefined, accepted, conditions, attached: [] };
  return { ref: refOf(ingress), generation, creationTimestamp, parents: sharedParents([parent]), claims };
}

/** An Ingress of which nothing is served. */
function refusedIngress(ingress: Ingress, accepted: Condition | undefined): RouteModel | undefined {
  if (accepted === undefined) return undefined;
  const { generation, creationTimestamp } = ingress.meta;
  const parent = { parentRef: undefined, accepted: false, conditions: [accepted], attached: [] };
  return { ref: refOf(ingress), generation, creationTimestamp, parents: [parent], claims: [] };
}

/** The backends of each host, in the order in which the hosts appear. Rules of one host are one rule. */
function hostBackends(
  ingress: Ingress,
  lookup: Lookup,
  config: GatewayConfig,
  notes: string[],
  problems: ReferenceProblem[],
): ReadonlyMap<string, readonly WeightedBackend[]> {
  const pathsByHost = new Map<string, IngressPath[]>();
  const invalid: string[] = [];
  const forbidden = new Set<string>();
  let hasRuleWithoutHost = false;
  for (const rule of ingress.rules) {
    if (rule.host === undefined || rule.host === '') {
      hasRuleWithoutHost = true;
      continue;
    }
    const host = normalizeHostname(rule.host);
    const paths = pathsByHost.get(host);
    if (paths !== undefined) for (const path of rule.paths) paths.push(path);
    else if (!isValidHostname(host)) invalid.push(rule.host);
    else if (mayClaimByIngress(host, config.wildcardClaims)) pathsByHost.set(host, [...rule.paths]);
    else forbidden.add(host);
  }
  if (hasRuleWithoutHost) notes.push('a rule without a host is ignored, TLS passthrough needs one');
  if (forbidden.size > 0)
    notes.push(`the operator lets no Ingress claim these wildcards: ${listing([...forbidden])}`);
  if (invalid.length > 0) notes.push(`hosts that are not valid are ignored: ${invalidHostnames(invalid)}`);
  if (ingress.defaultBackend !== undefined && ingress.rules.length === 0) {
    notes.push('a default backend alone has no host, TLS passthrough needs one');
  }

  const otherPaths: string[] = [];
  const backendsByHost = new Map<string, readonly WeightedBackend[]>();
  for (const [host, paths] of pathsByHost) {
    const chosen = choosePath(paths);
    if (chosen === undefined ? paths.length > 0 : paths.length > 1 || chosen.path !== '/')
      otherPaths.push(describePaths(host, chosen, paths, ingress.defaultBackend));
    const backend = chosen?.backend ?? ingress.defaultBackend;
    const target = backend === undefined ? undefined : resolveBackend(ingress, backend, lookup, problems);
    if (backend === undefined) {
      problems.push({ reason: 'BackendNotFound', message: `no path of host ${host} gives a backend` });
    }
    backendsByHost.set(host, [{ weight: 1, target }]);
  }
  if (otherPaths.length > 0) {
    notes.push(`TLS passthrough knows no paths: ${clauses(otherPaths)}`);
  }
  return backendsByHost;
}

/** Which backend has the whole of a host, and which it does not have. */
function describePaths(
  host: string,
  chosen: IngressPath | undefined,
  paths: readonly IngressPath[],
  fallback: IngressBackend | undefined,
): string {
  const others = paths.filter((path) => path !== chosen).map(describePath);
  const byDefault = fallback === undefined ? 'no backend' : `${describeBackend(fallback)} (default backend)`;
  const whole = `all of ${host} goes to ${chosen === undefined ? byDefault : describePath(chosen)}`;
  return others.length === 0 ? whole : `${whole} and not to ${listing(others)}`;
}

function describePath({ path, pathType, backend }: IngressPath): string {
  const exact = pathType === 'Exact' ? ', exact' : '';
  return `${describeBackend(backend)} (path ${listing([path === '' ? '/' : path])}${exact})`;
}

function describeBackend({ service }: IngressBackend): string {
  return service === undefined ? 'a resource backend' : `Service ${service.name}`;
}

/** The path `/`, else the first that is more than one exact path. */
function choosePath(paths: readonly IngressPath[]): IngressPath | undefined {
  return (
    paths.find(({ path, pathType }) => (path === '/' || path === '') && pathType !== 'Exact') ??
    paths.find(({ pathType }) => pathType !== 'Exact')
  );
}

function resolveBackend(
  ingress: Ingress,
  backend: IngressBackend,
  lookup: Lookup,
  problems: ReferenceProblem[],
): WeightedBackend['target'] {
  if (backend.service === undefined) {
    problems.push({
      reason: 'InvalidKind',
      message: 'a resource backend is not supported, only a Service is',
    });
    return undefined;
  }
  const { namespace } = ingress.meta;
  const { name, port } = backend.service;
  const service = lookup.service(namespace, name);
  if (service === undefined) {
    problems.push({ reason: 'BackendNotFound', message: `Service ${namespace}/${name} does not exist` });
    return undefined;
  }
  if (port === undefined) {
    problems.push({
      reason: 'BackendNotFound',
      message: `the reference to Service ${namespace}/${name} has no port`,
    });
    return undefined;
  }
  const target = serviceTarget(service, port);
  if (!('reason' in target)) return target;
  problems.push(target);
  return undefined;
}

function acceptedCondition(accepted: boolean, notes: readonly string[], generation: number): Condition {
  if (accepted) return routeAccepted(generation);
  const why = notes.length === 0 ? 'the Ingress has no rule with a host' : notes.join('; ');
  return condition('Accepted', false, 'NoHost', `No host can be served: ${why}.`, generation);
}

function resolvedRefsCondition(problems: readonly ReferenceProblem[], generation: number): Condition {
  const [first] = problems;
  if (first === undefined) return routeResolved(generation);
  const messages = [...new Set(problems.map(({ message }) => message))];
  return condition('ResolvedRefs', false, first.reason, sentence(clauses(messages)), generation);
}
