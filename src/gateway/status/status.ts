import { POLICY_ANNOTATIONS } from '../../model/annotations.ts';
import type { Condition } from '../../model/conditions.ts';
import { condition, POLICY_CONDITION } from '../../model/conditions.ts';
import type { ObjectRef } from '../../model/events.ts';
import type {
  Claim,
  GatewayModel,
  ListenerSetModel,
  LostClaim,
  ParentListeners,
  ParentModel,
  RouteModel,
} from '../../model/gateway.ts';
import type { RouteGroupKind } from '../../model/objects.ts';
import {
  notClosingText,
  OVER_BUDGET,
  type OverBudget,
  overBudgetText,
  unserved,
} from '../budgets/over-budget.ts';
import { type EndpointNews, endpointsCondition } from '../endpoints/endpoints.ts';
import { droppedMessage } from '../routes/route-conditions.ts';
import { addressScope, parseIpAddress } from '../values/ip-address.ts';
import { listing } from '../values/listing.ts';
import { compareText } from '../values/order.ts';

/** The final state of a route with respect to one of its parents. */
export interface ParentStatus {
  readonly parentRef: ParentModel['parentRef'];
  readonly accepted: boolean;
  readonly conditions: readonly Condition[];
  /** Listeners that count the route; none where it is not accepted. */
  readonly attached: ParentModel['attached'];
}

export interface ListenerStatus {
  readonly name: string;
  readonly supportedKinds: readonly RouteGroupKind[];
  readonly attachedRoutes: number;
  readonly conditions: readonly Condition[];
}

export interface ListenerSetStatus {
  readonly conditions: readonly Condition[];
  readonly listeners: readonly ListenerStatus[];
}

export interface GatewayStatus extends ListenerSetStatus {
  /** Without the unspecified address: a Gateway merged on it is reached at the addresses of the nodes. */
  readonly addresses: readonly { readonly type: 'IPAddress'; readonly value: string }[];
}

/** What of a route is not followed, whatever other routes want. */
export interface Limited {
  /** Claims that are over the budget of the namespace. */
  readonly over?: OverBudget | undefined;
  readonly endpoints?: EndpointNews;
  /** How many connections each host of the namespace takes. */
  readonly connectionLimit?: number;
}

/**
 * The conditions of a route for each parent, once it is known which of its claims are over the budget of its namespace,
 * which other routes won, and which endpoints are not used. A parent none of whose hosts is left is not accepted; one with some
 * of them is accepted and partially invalid.
 */
export function routeStatus(
  route: RouteModel,
  lost: readonly LostClaim[],
  limited: Limited = {},
): readonly ParentStatus[] {
  const { over, endpoints } = limited;
  const endpointsSay = endpoints && endpointsCondition(endpoints, route.generation);
  return route.parents.map((parent, index) => {
    const settled = afterContention(route, parent, index, lost, over);
    const status = withPolicyNotes(settled, notesOf(route, index, limited), route.generation);
    if (endpointsSay === undefined || !status.accepted) return status;
    return { ...status, conditions: [...status.conditions, endpointsSay] };
  });
}

/** Part of a sentence for each thing that the route's annotations ask for and other routes of the namespace leave no room for. */
function notesOf(
  { claims }: RouteModel,
  parent: number,
  { over, connectionLimit = Infinity }: Limited,
): readonly string[] {
  const notes: string[] = [];
  // All hosts of a route have its annotations.
  if ((claims[0]?.policy.maxConnections ?? 0) > connectionLimit)
    notes.push(
      `${POLICY_ANNOTATIONS.maxConnections.name} beyond ${connectionLimit} is not followed, which is a host's part of the connections of the namespace`,
    );
  const open = over?.refused.filter(
    ({ claim, instead }) => instead !== undefined && claim.parents.includes(parent),
  );
  if (over !== undefined && open !== undefined && open.length > 0) notes.push(notClosingText(open, over));
  return notes;
}

/** What is not followed of a route's annotations, besides what its evaluation has said already. */
function withPolicyNotes(status: ParentStatus, notes: readonly string[], generation: number): ParentStatus {
  if (notes.length === 0 || !status.accepted) return status;
  const known = status.conditions.find(({ type }) => type === POLICY_CONDITION);
  const message = `${[...(known === undefined ? [] : [known.message.slice(0, -1)]), ...notes].join('; ')}.`;
  const said = condition(POLICY_CONDITION, false, known?.reason ?? 'Limited', message, generation);
  return { ...status, conditions: [...status.conditions.filter((each) => each !== known), said] };
}

function afterContention(
  route: RouteModel,
  parent: ParentModel,
  index: number,
  lost: readonly LostClaim[],
  over: OverBudget | undefined,
): ParentStatus {
  const isHere = ({ claim }: { readonly claim: Claim }): boolean => claim.parents.includes(index);
  const lostHere = lost.filter(isHere);
  const refusedHere = unserved(over).filter(isHere);
  const gone = lostHere.length + refusedHere.length;
  if (!parent.accepted || gone === 0) return statusOf(parent, parent.accepted, parent.conditions);
  const reason = refusedHere.length > 0 ? OVER_BUDGET : 'HostnameConflict';
  const isAll = gone >= route.claims.filter((claim) => isHere({ claim })).length;
  const parts: string[] = [];
  if (over !== undefined && refusedHere.length > 0)
    parts.push(overBudgetText({ ...over, refused: refusedHere }));
  if (lostHere.length > 0)
    parts.push(
      `other routes serve ${isAll && parts.length === 0 ? 'all' : 'some'} hosts: ${winners(lostHere)}`,
    );
  const others = parent.conditions.filter(({ type }) => type !== 'PartiallyInvalid');
  if (isAll) {
    const accepted = condition('Accepted', false, reason, sentence(parts), route.generation);
    return statusOf(parent, false, [accepted, ...others.filter(({ type }) => type !== 'Accepted')]);
  }
  const known = parent.conditions.find(({ type }) => type === 'PartiallyInvalid');
  const message =
    known === undefined ? droppedMessage(parts) : `${known.message.slice(0, -1)}; ${parts.join('; ')}.`;
  return statusOf(parent, true, [
    ...others,
    condition('PartiallyInvalid', true, reason, message, route.generation),
  ]);
}

function sentence(parts: readonly string[]): string {
  const text = parts.join('; ');
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function statusOf(parent: ParentModel, accepted: boolean, conditions: readonly Condition[]): ParentStatus {
  return { parentRef: parent.parentRef, accepted, conditions, attached: accepted ? parent.attached : [] };
}

/**
 * `host to Kind namespace/name` for each lost host. The winner is another tenant's: nothing but its kind,
 * namespace and name may be told, not what it serves the host with.
 */
function winners(lost: readonly LostClaim[]): string {
  const lines = lost.map(
    ({ claim, winner }) => `${claim.host} on port ${claim.binding.port} by ${nameOf(winner)}`,
  );
  return listing([...new Set(lines)].sort(compareText));
}

function nameOf(ref: ObjectRef): string {
  return `${ref.kind} ${ref.namespace}/${ref.name}`;
}

/** `0.0.0.0` and `::` are no address that anyone could connect to; who knows the nodes adds theirs. */
function isSpecific(value: string): boolean {
  const address = parseIpAddress(value);
  return address !== undefined && addressScope(address) !== 'unspecified';
}

/** The status of a Gateway and its own listeners; those of its ListenerSets are in theirs. */
export function gatewayStatus(
  model: GatewayModel,
  attachedRoutes: (listener: string) => number,
): GatewayStatus {
  return {
    addresses: model.addresses.filter(isSpecific).map((value) => ({ type: 'IPAddress', value })),
    conditions: model.conditions,
    listeners: listenerStatuses(model, attachedRoutes),
  };
}

/** "ListenerSets MUST NOT have their parent Gateway's listeners in the associated status.listeners conditions list." */
export function listenerSetStatus(
  model: ListenerSetModel,
  attachedRoutes: (listener: string) => number,
): ListenerSetStatus {
  return { conditions: model.conditions, listeners: listenerStatuses(model, attachedRoutes) };
}

/**
 * `attachedRoutes` tells how many accepted routes are attached to a listener; "the AttachedRoutes field count MUST be
 * set for Listeners, even if the Accepted condition of an individual Listener is set to False". Listeners of one name
 * have one entry: the list's key is the name.
 */
function listenerStatuses(
  model: ParentListeners,
  attachedRoutes: (listener: string) => number,
): readonly ListenerStatus[] {
  const names = new Set<string>();
  const listeners = model.listeners.filter(({ name }) => !names.has(name) && names.add(name));
  return listeners.map(({ name, supportedKinds, conditions }) => ({
    name,
    supportedKinds,
    attachedRoutes: attachedRoutes(name),
    conditions,
  }));
}
