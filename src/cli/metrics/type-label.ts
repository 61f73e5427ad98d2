import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  EXTENSION_TYPE,
  LISTENER_TYPE,
} from '../../snapshot/resources/resource.ts';

/** Types of resources by the label that they have in metrics and in the log. */
export const TYPE_LABELS: ReadonlyMap<string, string> = new Map([
  [CLUSTER_TYPE, 'cluster'],
  [ENDPOINT_TYPE, 'endpoint'],
  [LISTENER_TYPE, 'listener'],
  [EXTENSION_TYPE, 'extension'],
]);

/** Types come from clients as well: what is not ours shares one label, so that none of them can make thousands. */
export function typeLabel(typeUrl: string): string {
  return TYPE_LABELS.get(typeUrl) ?? 'other';
}
