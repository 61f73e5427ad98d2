/**
 * The gateway model: what the manifests mean, before it becomes Envoy resources.
 * Produced by the pure functions of src/gateway, consumed by src/snapshot and src/status.
 */
import type { Condition } from './conditions.ts';
import type { ObjectRef, SecretName } from './events.ts';
import type { FromNamespaces, RouteGroupKind } from './objects.ts';

/** An address and port that Envoy listens on. One Envoy listener each. */
export interface Binding {
  /** `<address>:<port>` of the first address (IPv6 in brackets): `0.0.0.0:443`. Prefix of every cluster name on it. */
  readonly name: string;
  /** IP addresses without brackets; the first is the listener's main address. */
  readonly addresses: readonly string[];
  readonly port: number;
}

/** A listener by name, as a route that is attached to it refers to it. */
export interface ListenerRef {
  /** The Gateway or ListenerSet that the listener is of. */
  readonly parent: ObjectRef;
  readonly listener: string;
}

/** A listener of a Gateway or ListenerSet after evaluation. */
export interface ListenerModel {
  readonly name: string;
  /** What every route that is attached to it holds. */
  readonly attachment: ListenerRef;
  readonly port: number;
  readonly protocol: string;
  /** Lower-case; `undefined` matches every host. */
  readonly hostname: string | undefined;
  /** Where Envoy serves it; empty where it is not served (not accepted, unsupported protocol or mode). */
  readonly bindings: readonly Binding[];
  /**
   * Where its hostname is its own though Sluice does not serve it, as that of an HTTPS listener is: "a request is matched to
   * at most one listener", so no listener with a less specific hostname may serve it.
   */
  readonly reserved: readonly Binding[];
  readonly supportedKinds: readonly RouteGroupKind[];
  readonly conditions: readonly Condition[];
  /** Whether routes may attach at all (a listener that is not served still counts its routes). */
  readonly acceptsRoutes: boolean;
  /** Kinds of routes that may attach; `supportedKinds` unless the listener is not accepted. */
  readonly allowedKinds: readonly RouteGroupKind[];
  /** Namespaces from which routes may attach. */
  readonly allowedNamespaces: FromNamespaces;
}

/**
 * Which wildcards routes of other namespaces may claim on a listener: any, those narrower than the listener's own hostname, or none.
 */
export const WILDCARD_CLAIMS = ['Anyone', 'Narrower', 'SameNamespace'] as const;

export type WildcardClaims = (typeof WILDCARD_CLAIMS)[number];

/** What routes attach to: a Gateway, of which the listeners are its own alone, or a ListenerSet. */
export interface ParentListeners {
  readonly ref: ObjectRef;
  /** The Gateway whose addresses the listeners are bound to: a Gateway's is itself. */
  readonly gateway: ObjectRef;
  /** Other objects may have listeners on the same Gateway. */
  readonly isShared: boolean;
  /** Why it is no part of a Gateway and has no listeners for routes; `undefined` where it is, as a Gateway always is. */
  readonly notAllowed: string | undefined;
  /** The Gateway's operator decides: a ListenerSet's is that of its Gateway. */
  readonly wildcardClaims: WildcardClaims;
  /** The same: what `HostPolicy.closeOnDelete` is for routes that do not say. */
  readonly closeOnDelete: boolean;
  /** `metadata.generation`, the observedGeneration of every condition. */
  readonly generation: number;
  readonly listeners: readonly ListenerModel[];
  readonly conditions: readonly Condition[];
  /** Secrets that its listeners refer to, and may refer to. */
  readonly secrets: readonly SecretName[];
}

export interface GatewayModel extends ParentListeners {
  /** Where ListenerSets may be that add listeners. */
  readonly allowedListeners: FromNamespaces;
  /** One entry for each binding that a port of it has: the addresses of the binding. */
  readonly addressGroups: readonly (readonly string[])[];
  /** Addresses that the Gateway is bound to, in canonical form; where it is merged, the configured ones (`0.0.0.0`). */
  readonly addresses: readonly string[];
  /** Bound to the addresses of the nodes, together with every other such Gateway and the Ingresses. */
  readonly isMerged: boolean;
}

export interface ListenerSetModel extends ParentListeners {
  readonly creationTimestamp: string;
}

/** What a host's connections go to. */
export interface WeightedBackend {
  /** Greater than 0 (backends of weight 0 are left out). */
  readonly weight: number;
  /** `undefined`: an invalid reference, whose share of connections is rejected. */
  readonly target: ServiceTarget | undefined;
}

export interface ServiceTarget {
  readonly namespace: string;
  readonly service: string;
  /** The Service's port number (not the target port). */
  readonly port: number;
}

/** Settings of one host, each from an annotation on its route: `POLICY_ANNOTATIONS`. Only what differs from the defaults is set. */
export interface HostPolicy {
  /** Largest number of concurrent connections per Envoy. */
  readonly maxConnections?: number;
  /** Per-host statistics in Envoy. */
  readonly stats?: boolean;
  /** Connect time-out in milliseconds. */
  readonly connectTimeoutMs?: number;
  /** Idle time-out in milliseconds; gives the host a filter chain of its own. */
  readonly idleTimeoutMs?: number;
  /** Whether open connections end once the route does not serve the host any more; gives the host a filter chain of its own. */
  readonly closeOnDelete?: boolean;
}

/** A route's wish to serve one host on one binding. Several routes may claim the same host; `compareClaims` decides. */
export interface Claim {
  readonly binding: Binding;
  /** Effective host after intersection with the listener: `a.example.com`, `*.example.com` or `*`; lower-case. */
  readonly host: string;
  /** The route's own hostname that led to it (`*` where it has none); the more specific original wins. */
  readonly original: string;
  /** Which parentRefs (indexes into `RouteModel.parents`) it comes from. */
  readonly parents: readonly number[];
  /** The Gateway it was claimed through, `undefined` for an Ingress. For listener isolation. */
  readonly gateway: ObjectRef | undefined;
  readonly backends: readonly WeightedBackend[];
  readonly policy: HostPolicy;
}

/** The state of a route with respect to one parentRef, before contention between routes is settled. */
export interface ParentModel {
  /** The parentRef as in the spec; `undefined` for an Ingress, which has no parents. */
  readonly parentRef:
    | {
        readonly group: string;
        readonly kind: string;
        readonly namespace: string | undefined;
        readonly name: string;
        readonly sectionName: string | undefined;
        readonly port: number | undefined;
      }
    | undefined;
  readonly accepted: boolean;
  readonly conditions: readonly Condition[];
  /** Listeners it attached to. */
  readonly attached: readonly ListenerRef[];
}

export interface RouteModel {
  readonly ref: ObjectRef;
  readonly generation: number;
  readonly creationTimestamp: string;
  /** Only parents that are ours; a route none of whose parents are ours has none. */
  readonly parents: readonly ParentModel[];
  readonly claims: readonly Claim[];
}

/** A claim that another route won. */
export interface LostClaim {
  readonly claim: Claim;
  readonly winner: ObjectRef;
}
