import type { ListenerModel, ListenerRef, ParentListeners } from '../../model/gateway.ts';
import type { ParentReference, RouteGroupKind } from '../../model/objects.ts';
import type { Lookup } from '../lookup.ts';
import type { AttachedHost } from '../parents/attached-host.ts';
import { isNamespaceAllowed } from '../parents/from-namespaces.ts';
import type { IsolatedHost } from '../parents/listener-isolation.ts';
import { isSameListener, ListenerOwners } from '../parents/listener-isolation.ts';
import { includesKind } from '../parents/route-kinds.ts';
import { append, NONE } from '../values/append.ts';
import { ANY_HOST, compareSpecificity, intersectHostnames } from '../values/hostname.ts';
import { listing } from '../values/listing.ts';

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
  /** Hosts that a listener to which the route is not attached keeps for itself, each with that listener. */
  readonly isolated: readonly string[];
}

/**
 * Attaches a route to the listeners of a Gateway or ListenerSet that `parentRef` selects. "If 1 of 2 Gateway listeners
 * accept attachment from the referencing Route, the Route MUST be considered successfully attached." "Routes attach to
 * all relevant Listeners in their direct parent object": the listeners of its ListenerSets are none of a Gateway's here.
 */
export function attachToParent(
  route: AttachingRoute,
  parentRef: ParentReference,
  parent: ParentListeners,
  lookup: Lookup,
): AttachmentResult {
  let attachments: readonly Attachment[] = NONE;
  const isolated: IsolatedHost[] = [];
  const isAlone = parent.listeners.length < 2 && !parent.isShared;
  const owners = isAlone ? undefined : new ListenerOwners(parent, lookup);
  let isAnySelected = false;
  let isAnyOfRightType = false;
  let allowed: readonly ListenerModel[] = NONE;
  let hasHosts = false;
  for (const listener of parent.listeners) {
    if (!isSelected(listener, parentRef)) continue;
    isAnySelected = true;
    if (!listener.acceptsRoutes) continue;
    isAnyOfRightType = true;
    if (!mayAttach(listener, route, parent, lookup)) continue;
    allowed = append(allowed, listener);
    const matching = matchingHosts(route.hostnames, listener);
    if (matching.length === 0) continue;
    const hosts = owners?.withoutIsolated(matching, listener, isolated) ?? matching;
    if (hosts.length > 0) hasHosts = true;
    attachments = append(attachments, { listener, hosts });
  }
  if (hasHosts) {
    return { attachments, refusal: undefined, isolated: notAttachedToOwner(isolated, attachments, parent) };
  }
  if (parent.notAllowed !== undefined) return refuse('NoMatchingParent', parent.notAllowed);
  if (!isAnySelected) return refuse('NoMatchingParent', noMatchingParentMessage(parentRef, parent));
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
    const message = `More specific listeners of the Gateway have all hostnames: ${listing(isolated.map((host) => describe(host, parent)))}.`;
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
export function isSelected(listener: ListenerModel, parentRef: ParentReference): boolean {
  const { sectionName, port } = parentRef;
  if (sectionName !== undefined && sectionName !== '' && sectionName !== listener.name) return false;
  return port === undefined || port === listener.port;
}

function noMatchingParentMessage(parentRef: ParentReference, { ref }: ParentListeners): string {
  const section = parentRef.sectionName ? ` named ${listing([parentRef.sectionName])}` : '';
  const port = parentRef.port === undefined ? '' : ` on port ${parentRef.port}`;
  return `The ${ref.kind} has no listener${section}${port}.`;
}

function mayAttach(
  listener: ListenerModel,
  route: AttachingRoute,
  parent: ParentListeners,
  lookup: Lookup,
): boolean {
  if (!listener.acceptsRoutes || !includesKind(listener.allowedKinds, route.kind)) return false;
  // "Same" is the namespace of who has the listener, which for a ListenerSet is its own and not that of the Gateway.
  return isNamespaceAllowed(listener.allowedNamespaces, parent.ref.namespace, route.namespace, lookup);
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
  parent: ParentListeners,
): readonly string[] {
  if (isolated.length === 0) return NONE;
  const isAttached = (owner: ListenerRef): boolean =>
    attachments.some(({ listener }) => isSameListener(listener.attachment, owner));
  return isolated.filter(({ owner }) => !isAttached(owner)).map((host) => describe(host, parent));
}

/** Of the listener of another object, which may be another tenant's, nothing but whose it is. */
function describe({ host, owner }: IsolatedHost, { ref }: ParentListeners): string {
  const { kind, namespace, name } = owner.parent;
  const isOwn = kind === ref.kind && namespace === ref.namespace && name === ref.name;
  return `${host} (${isOwn ? `listener ${owner.listener}` : `${kind} ${namespace}/${name}`})`;
}
