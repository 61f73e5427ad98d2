/** The read interface between the snapshot and the xDS server: names and bytes, nothing of Kubernetes. */

export const CLUSTER_TYPE = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
export const ENDPOINT_TYPE = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment';
export const LISTENER_TYPE = 'type.googleapis.com/envoy.config.listener.v3.Listener';
/** Configurations of filters that are resources of their own. */
export const EXTENSION_TYPE = 'type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig';

/** One resource, encoded once and shared by every stream. Immutable; a changed resource is a new object. */
export interface EncodedResource {
  readonly typeUrl: string;
  readonly name: string;
  /** Hash of the content: equal content has an equal version on every replica. */
  readonly version: string;
  /** An encoded `envoy.service.discovery.v3.Resource`: name, version and the resource as Any. */
  readonly bytes: Uint8Array;
  /**
   * Of a cluster: the endpoint sets that Envoy waits for after the cluster changed. It sends no request for one
   * that it subscribes to already, so each must be sent again right behind the cluster, changed or not.
   */
  readonly references?: readonly string[];
  /**
   * Whose the resource is: changes of one owner never hold up those of another for long. Absent: nobody's in particular, and
   * sent as it comes.
   */
  readonly owner?: string | undefined;
  /** Of a listener: what it is for an Envoy that has not been told of all clusters, see `DemandForms`. */
  readonly demand?: DemandForms | undefined;
  /** Of a listener: which hosts came below its wildcards, see `NewHostsOfListener`. */
  readonly newHosts?: NewHostsOfListener | undefined;
}

/** Hosts below wildcards, numbered as they came, and the list of those that a listener does not name: docs/design/new-hosts.md. */
export interface NewHostsOfListener {
  readonly log: {
    /** The latest of those with higher numbers, the oldest first, by the names of their clusters. */
    after(number: number): Iterable<readonly [cluster: string, number: number]>;
  };
  /** The listener names all up to this number. */
  readonly count: number;
  /** Changes of the listener that were anything but such a host that came: equal numbers mean that no other difference is. */
  readonly otherChanges: number;
  /** Hosts on the list: Envoy reads it once for each wildcard. */
  readonly most: number;
  /** The list of some of these. */
  list(clusters: Iterable<string>): EncodedResource;
}

/** How versions of the forms of a listener end, and no other: an Envoy that comes back says by them what it has. */
export const FORM_ENDING = { open: '.open', named: '.named', closed: '.closed' } as const;

export type DemandForm = keyof typeof FORM_ENDING;

/**
 * A listener as it is during the demand window of an Envoy, and after it: docs/design/demand-window.md. Both have filter chains that
 * wait for clusters that are missing, besides those of the listener itself; only while the window is open does the matcher lead
 * there. Versions are that of the listener with an ending of their own.
 */
export interface DemandForms {
  readonly open: EncodedResource;
  /** As `open`, but of exact names only these hosts lead to chains that wait: nobody asks for a name that is made up. */
  named(hosts: readonly string[]): EncodedResource;
  readonly closed: EncodedResource;
  /** Clusters that filter chains name: nothing waits for these, so Envoy needs them before the listener. */
  readonly clusters: readonly string[];
}

/** One step from one state of the snapshot to the next. No name stands in both lists of one type. */
export interface SnapshotChange {
  readonly upserts: readonly EncodedResource[];
  readonly removals: readonly { readonly typeUrl: string; readonly name: string }[];
}

/** Revisions begin here: smaller numbers are not revisions: `SENT` in src/xds uses them. */
export const FIRST_REVISION = 3;

/**
 * The resources of one type, numbered. A name has a slot for as long as there is its resource, so that what each stream
 * remembers of 20,000 resources fits in an array. While a removal is told, the name still has its slot, and `at` says
 * that it is gone; afterwards the slot is another's, and whoever still has something to remember keeps it by name.
 */
export interface ResourceSlots {
  /** Every slot is below this. */
  readonly size: number;
  /** -1 where there is no such resource. */
  slotOf(name: string): number;
  /** `undefined`: it has just been removed. */
  at(slot: number): EncodedResource | undefined;
  /** Of what is in the slot, at least `FIRST_REVISION`. Two contents of one name never have the same. */
  revision(slot: number): number;
  /** The version that has, or had, the revision; `undefined` where that is no longer known. */
  versionOf(slot: number, revision: number): string | undefined;
  /** When what is in the slot came to be as it is, in Unix seconds; not before this process started. */
  changedAt(slot: number): number;
  /** How many resources of the type the owner has. */
  ownedCount(owner: string): number;
  /** Those in use, in the order in which their resources were added. */
  slots(): Iterable<number>;
}

export interface ResourceView {
  /** Every source has synced: what is here is true, and may be served. Goes to true once, announced by a change. */
  readonly synced: boolean;
  /** Besides, all of it is computed: what is not here is to be taken away. Goes to true once, announced by a change. */
  readonly ready: boolean;
  /**
   * What is here was true at some time and is to be confirmed: it is for Envoys that have nothing else. Goes to false once, announced
   * by a change.
   */
  readonly provisional: boolean;
  /** Opaque, differs after every change; for `system_version_info`. */
  readonly version: string;
  get(typeUrl: string, name: string): EncodedResource | undefined;
  /** In insertion order. */
  all(typeUrl: string): Iterable<EncodedResource>;
  /** Slots of a type, as they are now: ask again rather than keep them, since a type has none before its first resource. */
  slots(typeUrl: string): ResourceSlots;
  /** Called synchronously after every change (and when it becomes synced, and ready); returns a function that unsubscribes. */
  onChange(listener: (change: SnapshotChange) => void): () => void;
}
