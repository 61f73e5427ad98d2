/** CRDs of tenant objects, reduced to the fields that mappings read; what is declared as in the originals is said beside it. */
import type { ApiObject } from '../harness/kubernetes/client.ts';

const CONDITIONS = {
  type: 'array',
  items: {
    type: 'object',
    required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
    properties: {
      type: { type: 'string', maxLength: 316 },
      status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
      lastTransitionTime: { type: 'string', format: 'date-time' },
      reason: { type: 'string', minLength: 1, pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$' },
      message: { type: 'string', maxLength: 32_768 },
      observedGeneration: { type: 'integer', format: 'int64' },
    },
  },
};
const ENDPOINT = {
  type: 'object',
  properties: { host: { type: 'string' }, port: { type: 'integer', format: 'int32' } },
};
const ANY = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

function crd(
  group: string,
  kind: string,
  plural: string,
  versions: Readonly<Record<string, { readonly spec?: object; readonly status: object }>>,
): ApiObject {
  const names = Object.keys(versions);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      scope: 'Namespaced',
      versions: Object.entries(versions).map(([name, { spec = ANY, status }]) => ({
        name,
        served: true,
        storage: name === names[0],
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec, status: { type: 'object', properties: status } },
          },
        },
      })),
    },
  };
}

/** kube-dc's, with `status.controlPlaneEndpoint` besides `status.endpoint`. The list of conditions is atomic, as there. */
export const KDC_CLUSTER_CRD = crd('k8s.kube-dc.com', 'KdcCluster', 'kdcclusters', {
  v1alpha1: {
    status: {
      conditions: CONDITIONS,
      controlPlaneEndpoint: ENDPOINT,
      endpoint: { type: 'string' },
      phase: { type: 'string' },
    },
  },
});

/** Cluster API's: in v1beta2 the conditions are a map by type, of which v1beta1 has its own form. */
export const CLUSTER_CRD = crd('cluster.x-k8s.io', 'Cluster', 'clusters', {
  v1beta2: {
    spec: { type: 'object', properties: { controlPlaneEndpoint: ENDPOINT, paused: { type: 'boolean' } } },
    status: {
      conditions: { ...CONDITIONS, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] },
    },
  },
});

/** Kamaji's: the status has no conditions. */
export const TENANT_CONTROL_PLANE_CRD = crd(
  'kamaji.clastix.io',
  'TenantControlPlane',
  'tenantcontrolplanes',
  {
    v1alpha1: { status: { controlPlaneEndpoint: { type: 'string' } } },
  },
);
