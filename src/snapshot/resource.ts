/** The read interface between the snapshot and the xDS server: names and bytes, nothing of Kubernetes. */

export const CLUSTER_TYPE = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
export const ENDPOINT_TYPE = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment';
export const LISTENER_TYPE = 'type.googleapis.com/envoy.config.listener.v3.Listener';

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
}

/** One step from one state of the snapshot to the next. No name stands in both lists of one type. */
export interface SnapshotChange {
  readonly upserts: readonly EncodedResource[];
  readonly removals: readonly { readonly typeUrl: string; readonly name: string }[];
}

export interface ResourceView {
  /** Every source has synced: what is here is true, and may be served. Goes to true once, announced by a change. */
  readonly synced: boolean;
  /** Besides, all of it is computed: what is not here is to be taken away. Goes to true once, announced by a change. */
  readonly ready: boolean;
  /** Opaque, differs after every change; for `system_version_info`. */
  readonly version: string;
  get(typeUrl: string, name: string): EncodedResource | undefined;
  /** In insertion order. */
  all(typeUrl: string): Iterable<EncodedResource>;
  /** Called synchronously after every change (and when it becomes synced, and ready); returns a function that unsubscribes. */
  onChange(listener: (change: SnapshotChange) => void): () => void;
}
