/**
 * What the admin address answers under `/api/v1`, and what the operator's commands read: types alone, so that the commands load
 * nothing of the control plane. Within v1 fields are added, never renamed or removed.
 */
import type { HostExplanation } from '../../translate/explain.ts';

export const API_VERSION = 'admin.sluice.dev/v1';

export interface Answer<Kind extends string> {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: Kind;
  readonly replica: ReplicaState;
}

/** The replica that answers. */
export interface ReplicaState {
  /** Of its pod, or of its machine. */
  readonly name: string;
  /** Of Sluice. */
  readonly version: string;
  readonly startedAt: string;
  /** Whether it serves Envoys all there is. */
  readonly ready: boolean;
  /** Whether it writes statuses; one of several does. */
  readonly leader: boolean;
  /** Kinds that it has not read, each with the reason: `TLSRoute: …`. */
  readonly pending: readonly string[];
  /** Where it serves what was saved before its start: since when, and what has not been confirmed. */
  readonly saved: readonly string[];
}

/** A gateway node of the cluster. */
export interface ExpectedNode {
  readonly node: string;
  /** Its public addresses, else its internal ones. */
  readonly addresses: readonly string[];
}

/** What an Envoy has of one host. */
export interface HostOnNode {
  readonly node: string;
  /** ISO 8601. */
  readonly connectedAt: string;
  /**
   * `live`: it has acknowledged all that the host is made of, in the version of now. `waiting`: not yet, see `lacks`. `rejected`: see
   * `rejection`.
   */
  readonly state: 'live' | 'waiting' | 'rejected';
  /** Parts that it has not acknowledged: listener, cluster, endpoints. */
  readonly lacks: readonly string[];
  /** Version of the host's cluster that it has acknowledged; absent where it has not, or there is none. */
  readonly version?: string;
  /** Since when the host has been as it is there, at the latest: ISO 8601; absent where it is not live. */
  readonly since?: string;
  /** For how long it has not caught up with everything, in milliseconds; absent where it has. */
  readonly behindMs?: number;
  /** What it rejects of the host now. */
  readonly rejection?: { readonly resource: string; readonly error: string };
  /** What it rejected last of anything, accepted since or not. */
  readonly lastRejection?: { readonly at: string; readonly names: readonly string[]; readonly error: string };
}

/** A listener of Envoy that takes the host. */
export interface HostListener {
  /** Address and port. */
  readonly binding: string;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly cluster: string;
  readonly version: string;
  /** ISO 8601. */
  readonly since: string;
}

/** `/api/v1/explain?host=NAME` */
export interface HostReport extends Answer<'HostReport'> {
  readonly explanation: HostExplanation;
  readonly listeners: readonly HostListener[];
  /** Those that are connected to this replica. */
  readonly nodes: readonly HostOnNode[];
  /** Of the whole cluster; empty where Nodes are not read. */
  readonly expected: readonly ExpectedNode[];
  /** By which addresses the Gateways of the host are reached. */
  readonly gatewayAddresses: readonly string[];
  /** `--status-mode`; absent where it writes none. */
  readonly statusMode?: 'off' | 'shadow' | 'own';
}

/** `/api/v1/namespaces?near=SHARE&limit=N`: what namespaces use of their budgets, the fullest first. */
export interface NamespacesReport extends Answer<'NamespacesReport'> {
  readonly namespaces: readonly {
    readonly namespace: string;
    readonly budgets: readonly { readonly budget: string; readonly used: number; readonly of: number }[];
  }[];
  /** Namespaces that match and are not listed, because of the limit. */
  readonly more: number;
}

/** One Envoy that is connected to the replica. */
export interface NodeState {
  readonly node: string;
  readonly envoy: string;
  readonly peer: string;
  readonly connectedAt: string;
  /** Whether it has acknowledged everything. */
  readonly current: boolean;
  readonly behindMs?: number;
  /** Started, and not told of all hosts yet: docs/design/demand-window.md. */
  readonly demandWindow: boolean;
  readonly resources: { readonly clusters: number; readonly endpoints: number; readonly listeners: number };
  /** Responses that it has not answered. */
  readonly unanswered: number;
  readonly rejected: readonly { readonly name: string; readonly error: string }[];
  readonly lastRejection?: { readonly at: string; readonly names: readonly string[]; readonly error: string };
  /** What is wrong with its limits. */
  readonly problems: readonly string[];
}

/** `/api/v1/nodes` */
export interface NodesReport extends Answer<'NodesReport'> {
  readonly nodes: readonly NodeState[];
  readonly expected: readonly ExpectedNode[];
  /** Expected ones whose Envoy is connected to no replica; null where this replica cannot say, because another one leads. */
  readonly missing: readonly string[] | null;
  /** How many of each there should be on every Envoy. */
  readonly resources: { readonly clusters: number; readonly endpoints: number; readonly listeners: number };
}

/** `/api/v1/status` */
export interface StatusReport extends Answer<'StatusReport'> {
  readonly nodes: NodesReport['nodes'];
  readonly expected: NodesReport['expected'];
  readonly missing: NodesReport['missing'];
  readonly resources: NodesReport['resources'];
  /** By kind: how many were read. */
  readonly objects: Readonly<Record<string, number>>;
  readonly hosts: number;
  readonly overBudget: readonly string[];
  /** Statuses that wait to be written; absent where it writes none. */
  readonly statusesPending?: number;
  /** `--status-mode`; absent where it writes none. */
  readonly statusMode?: 'off' | 'shadow' | 'own';
  /** Objects whose status would say something else in the mode `own`; 0 where this replica does not lead. */
  readonly statusesWithheld?: number;
  /** Problems of the source, and of Gateways and routes. */
  readonly problems: number;
  /** When the certificate of the xDS port expires, ISO 8601; absent without TLS. */
  readonly certificateNotAfter?: string;
  /** Since the last change that was read, in milliseconds; absent before the first. */
  readonly lastChangeMs?: number;
}

/** One route of `/api/v1/routes`. */
export interface ListedRoute {
  /** `TLSRoute namespace/name`. */
  readonly route: string;
  readonly hosts: readonly string[];
  readonly endpoints?: number;
  /** `ok`, or conditions that are not as they should be: `Accepted=False NoMatchingListenerHostname`. */
  readonly state: string;
  /** Why, in words. */
  readonly reasons: readonly string[];
}

/** `/api/v1/routes?namespace=&host=&condition=&limit=` */
export interface RoutesReport extends Answer<'RoutesReport'> {
  readonly routes: readonly ListedRoute[];
  /** Routes that match and are not listed, because of the limit. */
  readonly more: number;
}

/** A resource that an Envoy should have. */
export interface OwedResource {
  readonly name: string;
  readonly version: string;
  /** Of an endpoint set: `address:port`, sorted. */
  readonly addresses?: readonly string[];
}

/** `/api/v1/resources?node=NAME`: what an Envoy should have. */
export interface ResourcesReport extends Answer<'ResourcesReport'> {
  /** Whether the node's Envoy is connected to this replica. */
  readonly connected: boolean;
  readonly listeners: readonly OwedResource[];
  readonly clusters: readonly OwedResource[];
  readonly endpoints: readonly OwedResource[];
  /** What it rejects, by name: it keeps what it had. */
  readonly rejected: Readonly<Record<string, string>>;
}

/** `/api/v1/changes`: one server-sent event each, its `event:` is the type. Milliseconds count from when the first object was read. */
export type ChangeEvent =
  | { readonly type: 'hello'; readonly replica: ReplicaState; readonly nodes: readonly string[] }
  /** Something that Envoys are told of was computed. At most `LISTED` names of each, and how many there are. */
  | {
      readonly type: 'change';
      readonly id: number;
      readonly at: string;
      readonly objects: Listed;
      readonly hosts: Listed;
      readonly resources: { readonly upserts: number; readonly removals: number };
      readonly computedMs: number;
      /** Envoys that are to acknowledge it. */
      readonly nodes: number;
    }
  /** An Envoy has acknowledged all of a change. */
  | { readonly type: 'acknowledged'; readonly id: number; readonly node: string; readonly ms: number }
  | {
      readonly type: 'rejected';
      readonly node: string;
      readonly names: readonly string[];
      readonly error: string;
    }
  | { readonly type: 'node'; readonly node: string; readonly connected: boolean; readonly reason?: string }
  /** Events that this client did not take in time were left out. */
  | { readonly type: 'dropped'; readonly count: number };

export interface Listed {
  readonly count: number;
  readonly names: readonly string[];
}

/** Every answer but 200 of `/api/v1`. */
export interface ErrorAnswer {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'Error';
  /** Stable, listed in docs/errors.md. */
  readonly code: string;
  readonly message: string;
}
