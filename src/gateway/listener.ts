import type { Condition } from '../model/conditions.ts';
import { condition } from '../model/conditions.ts';
import type { ObjectRef } from '../model/events.ts';
import type { Binding, ListenerModel } from '../model/gateway.ts';
import type { Gateway, GatewayListener, RouteGroupKind } from '../model/objects.ts';
import { isPort } from './bindings.ts';
import { certificateProblem, certificateRefs } from './certificate-refs.ts';
import { invalidHostnames } from './explain-hostname.ts';
import { isValidHostname, normalizeHostname } from './hostname.ts';
import { labelSelectorProblem } from './label-selector.ts';
import type { ListenerConflict } from './listener-conflicts.ts';
import { listing } from './listing.ts';
import type { Lookup } from './lookup.ts';
import { includesKind, kindsOfProtocol } from './route-kinds.ts';

/** What a listener's evaluation needs to know of the Gateway around it. */
export interface ListenerContext {
  readonly gateway: Gateway;
  readonly gatewayRef: ObjectRef;
  readonly conflict: ListenerConflict | undefined;
  readonly overlapsTls: boolean;
  /** The bindings on this listener's port. */
  readonly bindings: readonly Binding[];
  readonly lookup: Lookup;
}

interface Problem {
  readonly reason: string;
  readonly message: string;
}

/**
 * Evaluates one listener. Only protocol TLS in mode Passthrough is served. HTTP and HTTPS listeners are accepted,
 * as the conformance suite demands of every implementation, and open no port.
 */
export function evaluateListener(listener: GatewayListener, context: ListenerContext): ListenerModel {
  const { gateway, conflict } = context;
  const generation = gateway.meta.generation;
  const hostname =
    listener.hostname === undefined || listener.hostname === ''
      ? undefined
      : normalizeHostname(listener.hostname);
  const typeProblem = unsupportedType(listener);
  const valueProblem = typeProblem ?? invalidValue(listener, hostname);
  const notAccepted: Problem | undefined = valueProblem ?? conflict;
  const kinds = routeKinds(listener);
  const refsProblem = kinds.problem ?? certificateRefsProblem(listener, context);
  const isPassthrough = listener.protocol === 'TLS' && typeProblem === undefined;
  const bindings = isPassthrough && notAccepted === undefined ? context.bindings : [];
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
          'Invalid',
          notProgrammedMessage(notAccepted ?? refsProblem),
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
    attachment: { gateway: context.gatewayRef, listener: listener.name },
    port: listener.port,
    protocol: listener.protocol,
    hostname,
    bindings,
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
function unsupportedType(listener: GatewayListener): Problem | undefined {
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
  if (listener.protocol === 'TLS' && listener.tls?.mode !== 'Passthrough') {
    return {
      reason: 'UnsupportedValue',
      message: 'A TLS listener must have tls.mode Passthrough; Sluice does not terminate TLS.',
    };
  }
  return undefined;
}

function invalidValue(listener: GatewayListener, hostname: string | undefined): Problem | undefined {
  if (!isPort(listener.port)) {
    return { reason: 'PortUnavailable', message: `Port ${listener.port} is not between 1 and 65535.` };
  }
  if (hostname !== undefined && !isValidHostname(hostname)) {
    return {
      reason: 'UnsupportedValue',
      message: `The hostname is not valid: ${invalidHostnames([hostname])}.`,
    };
  }
  const { from, selector } = listener.allowedRoutes.namespaces;
  if (from === 'Selector') {
    const problem = selector === undefined ? 'it has none' : labelSelectorProblem(selector);
    if (problem !== undefined) {
      return {
        reason: 'UnsupportedValue',
        message: `allowedRoutes.namespaces.from Selector needs a valid selector: ${problem}.`,
      };
    }
  } else if (from !== 'All' && from !== 'Same' && from !== 'None') {
    return {
      reason: 'UnsupportedValue',
      message: `allowedRoutes.namespaces.from ${listing([JSON.stringify(from)])} is unknown.`,
    };
  }
  return undefined;
}

/**
 * "If kinds are specified in Spec that are not supported, they MUST NOT appear in this list and an implementation
 * MUST set the ResolvedRefs condition to False with the InvalidRouteKinds reason. If both valid and invalid
 * Route kinds are specified, the implementation MUST reference the valid Route kinds that have been specified."
 */
function routeKinds(listener: GatewayListener): {
  readonly supported: readonly RouteGroupKind[];
  readonly problem: Problem | undefined;
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

function certificateRefsProblem(listener: GatewayListener, context: ListenerContext): Problem | undefined {
  return certificateProblem(certificateRefs(listener), context.gateway.meta.namespace, context.lookup);
}

function acceptedMessage(isPassthrough: boolean): string {
  if (isPassthrough) return 'The listener is served.';
  return 'The listener is valid, but Sluice serves only TLS in mode Passthrough: no port is opened for it.';
}

function notProgrammedMessage(problem: Problem | undefined): string {
  return problem === undefined
    ? 'The Gateway has no address that the listener could be bound to.'
    : problem.message;
}
