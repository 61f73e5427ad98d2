import type { ServiceTarget, WeightedBackend } from '../../model/gateway.ts';
import type { BackendReference, RouteGroupKind, Service } from '../../model/objects.ts';
import type { Lookup } from '../lookup.ts';
import { isReferencePermitted } from '../reference-grant.ts';
import { append, NONE } from '../values/append.ts';
import { clauses, sentence } from '../values/listing.ts';
import { nearMiss } from './near-grant.ts';

/** Why a reference does not lead to a Service's port. `reason` is one of the ResolvedRefs condition. */
export interface ReferenceProblem {
  readonly reason:
    | 'RefNotPermitted'
    | 'InvalidKind'
    | 'BackendNotFound'
    | 'UnsupportedProtocol'
    | 'UnsupportedValue';
  readonly message: string;
}

/** The route that refers, as a ReferenceGrant names it. */
export interface ReferringRoute {
  readonly kind: RouteGroupKind;
  readonly namespace: string;
}

/** The backends of a rule, and what is wrong with them. */
export interface ResolvedBackends {
  readonly backends: readonly WeightedBackend[];
  /** The reason of the first problem, with the messages of all; `undefined` where every reference is resolved. */
  readonly problem: ReferenceProblem | undefined;
}

/** The API allows this many backendRefs; a directory of manifests has no API server that would refuse more. */
const MAX_BACKENDS = 16;
const MAX_WEIGHT = 1_000_000;

/**
 * Resolves a rule's backendRefs. "If an invalid backend is requested to have 80% of requests, then 80% of requests
 * must be rejected instead": an invalid reference keeps its weight and has no target. "If weight is set to 0, no
 * traffic should be forwarded for this entry", but its reference must be right all the same.
 */
export function resolveBackends(
  refs: readonly BackendReference[],
  route: ReferringRoute,
  lookup: Lookup,
): ResolvedBackends {
  let backends: readonly WeightedBackend[] = NONE;
  let problems: readonly ReferenceProblem[] = NONE;
  if (refs.length > MAX_BACKENDS) {
    const message = `only the first ${MAX_BACKENDS} backendRefs are used`;
    problems = append(problems, { reason: 'UnsupportedValue', message });
  }
  for (const ref of refs.length > MAX_BACKENDS ? refs.slice(0, MAX_BACKENDS) : refs) {
    const resolved = resolveReference(ref, route, lookup);
    const target = 'reason' in resolved ? undefined : resolved;
    if ('reason' in resolved) problems = append(problems, resolved);
    if (ref.weight > 0) backends = append(backends, { weight: Math.min(ref.weight, MAX_WEIGHT), target });
  }
  const [first] = problems;
  if (first === undefined) return { backends, problem: undefined };
  const message = sentence(clauses(problems.map((problem) => problem.message)));
  return { backends, problem: { reason: first.reason, message } };
}

function resolveReference(
  ref: BackendReference,
  route: ReferringRoute,
  lookup: Lookup,
): ServiceTarget | ReferenceProblem {
  if (ref.group !== '' || ref.kind !== 'Service') {
    const kind = ref.group === '' ? ref.kind : `${ref.kind}.${ref.group}`;
    return { reason: 'InvalidKind', message: `backends of kind ${kind} are not supported, only Service is` };
  }
  const namespace = ref.namespace ?? route.namespace;
  // Before the Service is looked at: whether it exists is not for a route to know that may not refer to it.
  if (namespace !== route.namespace) {
    const problem = grantProblem(route, namespace, ref.name, lookup);
    if (problem !== undefined) return { reason: 'RefNotPermitted', message: problem };
  }
  const service = lookup.service(namespace, ref.name);
  if (service === undefined) {
    return { reason: 'BackendNotFound', message: `Service ${namespace}/${ref.name} does not exist` };
  }
  // "Port is required when the referent is a Kubernetes Service."
  if (ref.port === undefined) {
    return {
      reason: 'BackendNotFound',
      message: `the reference to Service ${namespace}/${ref.name} has no port`,
    };
  }
  return serviceTarget(service, ref.port);
}

/** Why no grant allows the reference; `undefined` where one does. */
function grantProblem(
  route: ReferringRoute,
  namespace: string,
  name: string,
  lookup: Lookup,
): string | undefined {
  const from = { ...route.kind, namespace: route.namespace };
  const to = { group: '', kind: 'Service', namespace, name };
  if (isReferencePermitted(from, to, lookup)) return undefined;
  const near = nearMiss(from, to, lookup.referenceGrants(namespace));
  const refused = `no ReferenceGrant in namespace ${namespace} allows the reference to Service ${name}`;
  return near === undefined ? refused : `${refused}; ${near}`;
}

/** The port of a Service by number, or by name as an Ingress may have it. Only TCP ports carry TLS. */
export function serviceTarget(service: Service, port: number | string): ServiceTarget | ReferenceProblem {
  const { namespace, name } = service.meta;
  if (service.type === 'ExternalName') {
    return {
      reason: 'UnsupportedValue',
      message: `Service ${namespace}/${name} is of type ExternalName, which is not supported`,
    };
  }
  let otherProtocol: string | undefined;
  for (const candidate of service.ports) {
    if (typeof port === 'number' ? candidate.port !== port : candidate.name !== port) continue;
    if (candidate.protocol === 'TCP') return { namespace, service: name, port: candidate.port };
    otherProtocol = candidate.protocol;
  }
  if (otherProtocol !== undefined) {
    return {
      reason: 'UnsupportedProtocol',
      message: `port ${port} of Service ${namespace}/${name} is ${otherProtocol} and not TCP`,
    };
  }
  return { reason: 'BackendNotFound', message: `Service ${namespace}/${name} has no port ${port}` };
}
