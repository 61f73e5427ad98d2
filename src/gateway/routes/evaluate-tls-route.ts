import type { Condition } from '../../model/conditions.ts';
import { condition } from '../../model/conditions.ts';
import { refOf } from '../../model/events.ts';
import type { ParentListeners, ParentModel, RouteModel } from '../../model/gateway.ts';
import type { TlsRoute } from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';
import type { Lookup } from '../lookup.ts';
import { TLS_ROUTE } from '../parents/route-kinds.ts';
import { unservedRoute } from '../parents/unserved-listener.ts';
import { NONE } from '../values/append.ts';
import { invalidHostnames } from '../values/explain-hostname.ts';
import { listing } from '../values/listing.ts';
import type { AttachingRoute, Attachment, AttachmentResult, Refusal } from './attachment.ts';
import { attachToParent, forbiddenText } from './attachment.ts';
import type { ResolvedBackends } from './backends.ts';
import { resolveBackends } from './backends.ts';
import { ClaimCollection } from './claim-collection.ts';
import { evaluatePolicy } from './host-policy.ts';
import { routeAccepted, routeConditions, routeResolved } from './route-conditions.ts';
import { validHostnames } from './route-hostnames.ts';
import { MAX_PARENTS, type OurParent, ourParents } from './route-parents.ts';
import { sharedParents } from './shared-parents.ts';

const NO_RULE: ResolvedBackends = { backends: [], problem: undefined };

/**
 * What a TLSRoute means: the hosts that it claims on each binding, and its conditions for each parent before
 * contention with other routes is settled. `undefined` where none of its parents is ours.
 */
export function evaluateTlsRoute(
  route: TlsRoute,
  lookup: Lookup,
  config: GatewayConfig,
): RouteModel | undefined {
  const ours = ourParents(route, lookup);
  if (ours.length === 0) return undefined;
  const { namespace, generation, creationTimestamp } = route.meta;
  const { hostnames, invalid } = validHostnames(route.hostnames);
  const attaching: AttachingRoute = { kind: TLS_ROUTE, namespace, hostnames };
  const rule = route.rules[0];
  const resolved = rule === undefined ? NO_RULE : resolveBackends(rule.backendRefs, attaching, lookup);
  const policy = evaluatePolicy(route.meta, config);
  const refusal = refusalOfRoute(route, hostnames, invalid);
  const dropped = droppedParts(route, invalid);
  const claims = new ClaimCollection(resolved.backends, policy.policy);
  const resolvedRefs = resolvedRefsCondition(resolved, generation);

  const attacher = ours.length > 1 ? new Attacher(attaching, lookup) : undefined;
  const parents = ours.map((ourParent, index): ParentModel => {
    const { parentRef, parent } = ourParent;
    const result = attacher?.attach(ourParent) ?? attachToParent(attaching, parentRef, parent, lookup);
    const problem = refusal ?? result.refusal;
    const attachments = problem === undefined ? result.attachments : [];
    for (const { listener, hosts } of attachments) claims.add(listener.bindings, hosts, parent, index);
    const parts = partsOf(dropped, result, claims.takeNote());
    return {
      parentRef,
      accepted: problem === undefined,
      conditions: routeConditions(
        {
          accepted: acceptedCondition(problem, attachments, parent, generation),
          resolvedRefs,
          // "This condition MUST NOT be set if a Route is fully valid, fully invalid, or not accepted."
          dropped: problem === undefined ? parts : NONE,
          policy: policy.condition,
        },
        generation,
      ),
      attached: attachments.map(({ listener }) => listener.attachment),
    };
  });
  return {
    ref: refOf(route),
    generation,
    creationTimestamp,
    parents: sharedParents(parents),
    claims: claims.all(),
  };
}

/**
 * Attaches a route to its parents. The API refuses parentRefs that select the same; a directory of manifests does
 * not, and a thousand of them cost no more than one.
 */
class Attacher {
  readonly #route: AttachingRoute;
  readonly #lookup: Lookup;
  readonly #results = new Map<string, AttachmentResult>();

  constructor(route: AttachingRoute, lookup: Lookup) {
    this.#route = route;
    this.#lookup = lookup;
  }

  attach({ parentRef, parent }: OurParent): AttachmentResult {
    const { kind, namespace, name } = parent.ref;
    const section = `${kind}/${namespace}/${name}/${parentRef.port ?? ''}/${parentRef.sectionName ?? ''}`;
    let result = this.#results.get(section);
    if (result === undefined) {
      result = attachToParent(this.#route, parentRef, parent, this.#lookup);
      this.#results.set(section, result);
    }
    return result;
  }
}

/** What keeps the route from being accepted whatever its parent is. */
function refusalOfRoute(
  route: TlsRoute,
  hostnames: readonly string[],
  invalid: readonly string[],
): Refusal | undefined {
  if (route.rules.length === 0) {
    return { reason: 'UnsupportedValue', message: 'The route has no rule.' };
  }
  // Hostnames that are all invalid must not become a route without hostnames, which matches everything.
  if (hostnames.length === 0 && invalid.length > 0) {
    return { reason: 'UnsupportedValue', message: `No hostname is valid: ${invalidHostnames(invalid)}.` };
  }
  return undefined;
}

/** TLSRoute v1 has exactly one rule; of the older versions' several, none but the first could ever be selected. */
function droppedParts(route: TlsRoute, invalid: readonly string[]): readonly string[] {
  if (route.rules.length <= 1 && invalid.length === 0 && route.parentRefs.length <= MAX_PARENTS) return NONE;
  const parts: string[] = [];
  if (route.parentRefs.length > MAX_PARENTS) parts.push(`only ${MAX_PARENTS} parentRefs are used`);
  if (route.rules.length > 1) {
    parts.push(
      `a TLSRoute selects by host name alone, so only the first of ${route.rules.length} rules is used`,
    );
  }
  if (invalid.length > 0)
    parts.push(`hostnames that are not valid are ignored: ${invalidHostnames(invalid)}`);
  return parts;
}

function partsOf(
  dropped: readonly string[],
  { isolated, forbidden }: AttachmentResult,
  limits: string | undefined,
): readonly string[] {
  if (isolated.length === 0 && forbidden.length === 0 && limits === undefined) return dropped;
  const ofIsolated = isolated.length === 0 ? [] : [isolatedPart(isolated)];
  const ofForbidden = forbidden.length === 0 ? [] : [forbiddenText(forbidden)];
  return [...dropped, ...ofIsolated, ...ofForbidden, ...(limits === undefined ? [] : [limits])];
}

function isolatedPart(isolated: readonly string[]): string {
  return `more specific listeners of the Gateway have these hosts: ${listing(isolated)}`;
}

function acceptedCondition(
  problem: Refusal | undefined,
  attachments: readonly Attachment[],
  parent: ParentListeners,
  generation: number,
): Condition {
  if (problem !== undefined) return condition('Accepted', false, problem.reason, problem.message, generation);
  if (attachments.some(({ listener }) => listener.bindings.length > 0)) return routeAccepted(generation);
  // "Listener or Route status does not impact successful attachment."
  const message = unservedRoute(
    attachments.map(({ listener }) => listener),
    parent,
  );
  return condition('Accepted', true, 'Accepted', message, generation);
}

function resolvedRefsCondition(resolved: ResolvedBackends, generation: number): Condition {
  const { backends, problem } = resolved;
  if (problem !== undefined)
    return condition('ResolvedRefs', false, problem.reason, problem.message, generation);
  if (backends.length > 0) return routeResolved(generation);
  const message = 'There is no backend with a weight above 0: connections are rejected.';
  return condition('ResolvedRefs', true, 'ResolvedRefs', message, generation);
}
