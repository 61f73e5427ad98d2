import { stringify } from 'yaml';
import { type JsonValue, Resource, toJson } from '../../proto/index.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  type ResourceView,
} from '../../snapshot/resources/resource.ts';

/** Envoy's resources as JSON, by type, each list sorted by name. */
export interface EnvoyResources {
  readonly listeners: readonly JsonValue[];
  readonly clusters: readonly JsonValue[];
  readonly endpoints: readonly JsonValue[];
}

/** Everything that an Envoy would be sent, in the form that Envoy's own loader reads. */
export function envoyResources(view: ResourceView): EnvoyResources {
  const ofType = (typeUrl: string): JsonValue[] =>
    [...view.all(typeUrl)]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ bytes }) => toJson(typeUrl, Resource.decode(bytes).resource?.value ?? new Uint8Array()));
  return {
    listeners: ofType(LISTENER_TYPE),
    clusters: ofType(CLUSTER_TYPE),
    endpoints: ofType(ENDPOINT_TYPE),
  };
}

export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
