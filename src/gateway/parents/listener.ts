import type { Condition } from '../../model/conditions.ts';
import { condition } from '../../model/conditions.ts';
import type { ObjectRef } from '../../model/events.ts';
import type { Binding, ListenerModel } from '../../model/gateway.ts';
import type { GatewayListener, RouteGroupKind } from '../../model/objects.ts';
import type { Lookup } from '../lookup.ts';
import { invalidHostnames } from '../values/explain-hostname.ts';
import { isValidHostname, normalizeHostname } from '../values/hostname.ts';
import { listing } from '../values/listing.ts';
import { isPort } from './bindings.ts';
import { certificateProblem, certificateRefs } from './certificate-refs.ts';
import { fromNamespacesProblem } from './from-namespaces.ts';
import type { ListenerConflict } from './listener-conflicts.ts';
import { includesKind, kindsOfProtocol } from './route-kinds.ts';

/** What a listener's evaluation needs to know of what is around it. */
export interface ListenerContext {
  /** The Gateway or ListenerSet that it is of, and its generation. */
  readonly parent: ObjectRef;
  readonly generation: number;
  readonly conflict: ListenerConflict | undefined;
  readonly overlapsTls: boolean;
  /** The bindings on this listener's port. */
  readonly bindings: readonly Binding[];
  readonly lookup: Lookup;
  /** Why it is not accepted, if nothing else is wrong with it. */
  readonly refusal?: ListenerProblem | undefined;
  /** Why there are no bindings, where there are none. */
  readonly unbound?: string;
}

/** Reason and message of a condition that is not as it should be. */
export interface ListenerProblem {
  readonly reason: string;
  readonly message: string;
}

/**
 * Evaluates one listener. Only protocol TLS in mode Passthrough is served. HTTP and HTTPS listeners are accepted,
 * as the conformance suite demands of every implementation, and open no port.
 */
export function evaluateListener(listener: GatewayListener, context: ListenerContext): ListenerModel {
  const { generation, conflict } = context;
  const hostname =
    listener.hostname === undefined || listener.hostname === ''
      ? undefined
      : normalizeHostname(listener.hostname);
  const typeProblem = unsupportedType(listener);
  const valueProblem = typeProblem ?? invalidValue(listener, hostname);
  const isPassthrough = listener.protocol === 'TLS' && typeProblem === undefined;
  const notAccepted: ListenerProblem | undefined = valueProblem ?? conflict ?? context.refusal;
  const kinds = routeKinds(listener);
  const refsProblem = kinds.problem ?? certificateProblem(certificateRefs(listener), context);
  const bindings = isPassthrough && notAccepted === undefined ? context.bindings : [];
  const reserved = listener.protocol === 'HTTPS' && notAccepted === undefined ? context.bindings : [];
  // A listener of which only a route kind is not supported still serves the others.
  const isProgrammed =
    notAccepted === undefined &&
    (refsProblem === undefined || kinds.problem !== undefined) &&
    (!isPassthrough || bindings.length > 0);

  const conditions: Condition[] = [
    notAccepted === undefined
      ? condition('Accepted', true, 'Accepted', acceptedMessage(isPassthrough), generation)
      : condition('Accepted', false, notAccepted.reason, notAccepted.message, generation),
    isProgrammed
      ? condition('Programmed', true, 'Programmed', acceptedMessage(isPassthrough), generation)
      : condition(
          'Programmed',
          false,
          reasonNotProgrammed(notAccepted, context),
          (notAccepted ?? refsProblem)?.message ?? context.unbound ?? UNBOUND,
          generation,
        ),
    refsProblem === undefined
      ? condition('ResolvedRefs', true, 'ResolvedRefs', 'All references are resolved.', generation)
      : condition('ResolvedRefs', false, refsProblem.reason, refsProblem.message, generation),
    conflict === undefined
      ? condition(
          'Conflicted',
          false,
          'NoConflicts',
          'No other listener conflicts with this one.',
          generation,
        )
      : condition('Conflicted', true, conflict.reason, conflict.message, generation),
  ];
  if (context.overlapsTls && notAccepted === undefined) {
    const message = 'Another HTTPS listener on the port matches some of the same hostnames.';
    conditions.push(condition('OverlappingTLSConfig', true, 'OverlappingHostnames', message, generation));
  }
  return {
    name: listener.name,
    attachment: { parent: context.parent, listener: listener.name },
    port: listener.port,
    protocol: listener.protocol,
    hostname,
    bindings,
    reserved,
    // "This MUST represent the kinds supported by an implementation for that Listener configuration": none where
    // the configuration is not accepted.
    supportedKinds: notAccepted === undefined ? kinds.supported : [],
    conditions,
    acceptsRoutes: typeProblem === undefined,
    allowedKinds: kinds.supported,
    allowedNamespaces: listener.allowedRoutes.namespaces,
  };
}

/** A protocol or TLS mode that Sluice does not implement. */
function unsupportedType(listener: GatewayListener): ListenerProblem | undefined {
  if (kindsOfProtocol(listener.protocol) === undefined) {
    const upper = listener.protocol.toUpperCase();
    if (kindsOfProtocol(upper) !== undefined) {
      const message = `Protocol ${listener.protocol} is written in upper case: write ${upper}.`;
      return { reason: 'UnsupportedProtocol', message };
    }
    return {
      reason: 'UnsupportedProtocol',
      message: `Protocol ${listing([listener.protocol])} is not supported; Sluice serves TLS in mode Passthrough.`,
    };
  }
  if (listener.protocol === 'HTTPS' && listener.tls?.mode === 'Passthrough') {
    return {
      reason: 'UnsupportedValue',
      message: 'An HTTPS listener must have tls.mode Terminate; write protocol TLS to pass TLS through.',
    };
  }
  if (listener.protocol === 'TLS' && listener.tls?.mode !== 'Passthrough') {
    return {
      reason: 'UnsupportedValue',
      message: 'A TLS listener must have tls.mode Passthrough; Sluice does not terminate TLS.',
    };
  }
  return undefined;
}

function invalidValue(listener: GatewayListener, hostname: string | undefined): ListenerProblem | undefined {
  if (!isPort(listener.port)) {
    return { reason: 'PortUnavailable', message: `Port ${listener.port} is not between 1 and 65535.` };
  }
  if (hostname !== undefined && !isValidHostname(hostname)) {
    return {
      reason: 'UnsupportedValue',
      message: `The hostname is not valid: ${invalidHostnames([hostname])}.`,
    };
  }
  const problem = fromNamespacesProblem(listener.allowedRoutes.namespaces);
  if (problem === undefined) return undefined;
  return { reason: 'UnsupportedValue', message: `allowedRoutes.namespaces.${problem}.` };
}

/**
 * "If kinds are specified in Spec that are not supported, they MUST NOT appear in this list and an implementation
 * MUST set the ResolvedRefs condition to False with the InvalidRouteKinds reason. If both valid and invalid
 * Route kinds are specified, the implementation MUST reference the valid Route kinds that have been specified."
 */
function routeKinds(listener: GatewayListener): {
  readonly supported: readonly RouteGroupKind[];
  readonly problem: ListenerProblem | undefined;
} {
  const ofProtocol = kindsOfProtocol(listener.protocol) ?? [];
  const specified = listener.allowedRoutes.kinds;
  if (specified.length === 0) return { supported: ofProtocol, problem: undefined };
  const invalid = specified.filter((kind) => !includesKind(ofProtocol, kind));
  const supported = ofProtocol.filter((kind) => includesKind(specified, kind));
  if (invalid.length === 0) return { supported, problem: undefined };
  const names = listing(invalid.map(({ group, kind }) => (group === '' ? kind : `${kind}.${group}`)));
  const message = `A ${listing([listener.protocol])} listener takes no routes of kind ${names}.`;
  return { supported, problem: { reason: 'InvalidRouteKinds', message } };
}

function acceptedMessage(isPassthrough: boolean): string {
  if (isPassthrough) return 'The listener is served.';
  return 'The listener is valid, but Sluice serves only TLS in mode Passthrough: no port is opened for it.';
}

/** A ListenerSet's listener says it as the conformance suite wants it, a Gateway's as it always has. */
function reasonNotProgrammed(
  notAccepted: ListenerProblem | undefined,
  { parent, conflict }: ListenerContext,
): string {
  const isTold = notAccepted === conflict || notAccepted?.reason === 'PortUnavailable';
  return parent.kind === 'ListenerSet' && notAccepted !== undefined && isTold
    ? notAccepted.reason
    : 'Invalid';
}

const UNBOUND = 'The Gateway has no address that the listener could be bound to.';
