import type { GatewayModel, ListenerModel } from '../model/gateway.ts';
import type { ParentReference, RouteGroupKind } from '../model/objects.ts';
import { append, NONE } from './append.ts';
import type { AttachedHost } from './attached-host.ts';
import { ANY_HOST, compareSpecificity, intersectHostnames } from './hostname.ts';
import { selectorMatches } from './label-selector.ts';
import type { IsolatedHost } from './listener-isolation.ts';
import { ListenerOwners } from './listener-isolation.ts';
import { listing } from './listing.ts';
import type { Lookup } from './lookup.ts';
import { includesKind } from './route-kinds.ts';

/** What of a route decides whether it may attach to a listener. */
export interface AttachingRoute {
  readonly kind: RouteGroupKind;
  readonly namespace: string;
  /** Normalised and valid, each once; empty where the route matches what its listener matches. */
  readonly hostnames: readonly string[];
}

export interface Attachment {
  readonly listener: ListenerModel;
  /** Without those that belong to a more specific listener. */
  readonly hosts: readonly AttachedHost[];
}

/** Why a route does not attach to a parent at all: the reason and message of its Accepted condition. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

export interface AttachmentResult {
  /** The listeners that take the route. Not empty unless there is a refusal. */
  readonly attachments: readonly Attachment[];
  readonly refusal: Refusal | undefined;
  /** Hosts that a listener to which the route is not attached keeps for itself, as `host (listener name)`. */
  readonly isolated: readonly string[];
}

/**
 * Attaches a route to the listeners of a Gateway that `parentRef` selects. "If 1 of 2 Gateway listeners accept
 * attachment from the referencing Route, the Route MUST be considered successfully attached."
 */
export function attachToGateway(
  route: AttachingRoute,
  parentRef: ParentReference,
  gateway: GatewayModel,
  lookup: Lookup,
): AttachmentResult {
  let attachments: readonly Attachment[] = NONE;
  const isolated: IsolatedHost[] = [];
  const owners = gateway.listeners.length > 1 ? new ListenerOwners(gateway.listeners) : undefined;
  let isAnySelected = false;
  let isAnyOfRightType = false;
  let allowed: readonly ListenerModel[] = NONE;
  let hasHosts = false;
  for (const listener of gateway.listeners) {
    if (!isSelected(listener, parentRef)) continue;
    isAnySelected = true;
    if (!listener.acceptsRoutes) continue;
    isAnyOfRightType = true;
    if (!mayAttach(listener, route, gateway, lookup)) continue;
    allowed = append(allowed, listener);
    const matching = matchingHosts(route.hostnames, listener);
    if (matching.length === 0) continue;
    const hosts = owners?.withoutIsolated(matching, listener, isolated) ?? matching;
    if (hosts.length > 0) hasHosts = true;
    attachments = append(attachments, { listener, hosts });
  }
  if (hasHosts) {
    return { attachments, refusal: undefined, isolated: notAttachedToOwner(isolated, attachments) };
  }
  if (!isAnySelected) return refuse('NoMatchingParent', noMatchingParentMessage(parentRef));
  if (!isAnyOfRightType) {
    // "The implementation MUST raise an Accepted Condition with a status of False ... with the reason of
    // UnsupportedValue in case a Listener of the wrong type is used."
    return refuse(
      'UnsupportedValue',
      `${route.kind.kind} needs a listener with protocol TLS and mode Passthrough.`,
    );
  }
  if (allowed.length === 0) {
    return refuse('NotAllowedByListeners', 'No listener allows routes of this kind from this namespace.');
  }
  if (isolated.length > 0) {
    const message = `More specific listeners of the Gateway have all hostnames: ${listing(isolated.map(describe))}.`;
    return refuse('NoMatchingListenerHostname', message);
  }
  const patterns = allowed.map(({ hostname }) => hostname ?? ANY_HOST);
  const message = `No hostname of the route (${listing(route.hostnames)}) matches one of the listeners that it may attach to (${listing([...new Set(patterns)])}).`;
  return refuse('NoMatchingListenerHostname', message);
}

function refuse(reason: string, message: string): AttachmentResult {
  return { attachments: [], refusal: { reason, message }, isolated: NONE };
}

/** "When both Port and SectionName are specified, the name and port of the selected listener must match both." */
function isSelected(listener: ListenerModel, parentRef: ParentReference): boolean {
  const { sectionName, port } = parentRef;
  if (sectionName !== undefined && sectionName !== '' && sectionName !== listener.name) return false;
  return port === undefined || port === listener.port;
}

function noMatchingParentMessage(parentRef: ParentReference): string {
  const section = parentRef.sectionName ? ` named ${listing([parentRef.sectionName])}` : '';
  const port = parentRef.port === undefined ? '' : ` on port ${parentRef.port}`;
  return `The Gateway has no listener${section}${port}.`;
}

function mayAttach(
  listener: ListenerModel,
  route: AttachingRoute,
  gateway: GatewayModel,
  lookup: Lookup,
): boolean {
  if (!listener.acceptsRoutes || !includesKind(listener.allowedKinds, route.kind)) return false;
  const { from, selector } = listener.allowedNamespaces;
  switch (from) {
    case 'All':
      return true;
    case 'Same':
      return route.namespace === gateway.ref.namespace;
    case 'Selector': {
      // A namespace that is not known is not selected, not even by an expression such as DoesNotExist.
      const namespace = selector === undefined ? undefined : lookup.namespace(route.namespace);
      if (selector === undefined || namespace === undefined) return false;
      return selectorMatches(selector, {
        ...namespace.meta.labels,
        // The API server sets this label on every namespace; a manifest in a directory may lack it.
        'kubernetes.io/metadata.name': route.namespace,
      });
    }
    default:
      return false;
  }
}

/**
 * The intersection of the route's hostnames with the listener's; "any TLSRoute hostnames that do not match any
 * Listener hostname MUST be ignored". Where two lead to one host, the more specific is kept as its original; as
 * the route has each hostname once, that host can only be the listener's own.
 */
function matchingHosts(hostnames: readonly string[], listener: ListenerModel): readonly AttachedHost[] {
  const pattern = listener.hostname ?? ANY_HOST;
  if (hostnames.length === 0) return [{ host: pattern, original: ANY_HOST }];
  let hosts: readonly AttachedHost[] = NONE;
  let originalOfPattern: string | undefined;
  for (const original of hostnames) {
    const host = intersectHostnames(pattern, original);
    if (host === undefined) continue;
    if (host !== pattern) {
      hosts = append(hosts, { host, original });
    } else if (originalOfPattern === undefined || compareSpecificity(original, originalOfPattern) < 0) {
      originalOfPattern = original;
    }
  }
  return originalOfPattern === undefined
    ? hosts
    : append(hosts, { host: pattern, original: originalOfPattern });
}

/** What a parentRef that selects several listeners loses on one and has on another is not lost. */
function notAttachedToOwner(
  isolated: readonly IsolatedHost[],
  attachments: readonly Attachment[],
): readonly string[] {
  if (isolated.length === 0) return NONE;
  const attached = new Set(attachments.map(({ listener }) => listener));
  return isolated.filter(({ owner }) => !attached.has(owner)).map(describe);
}

function describe({ host, owner }: IsolatedHost): string {
  return `${host} (listener ${owner.name})`;
}
