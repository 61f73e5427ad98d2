import { SERVICE_NAME_LABEL } from '../../model/names.ts';
import { type RawObject, titleOf } from '../raw-object.ts';
import type { SliceOfEndpoints } from '../read/endpoints.ts';
import { type Manifest, MIGRATED_FROM_ANNOTATION, OWN_LABELS, objectName } from './manifest.ts';

/** An EndpointSlice of a Service, from a part of Endpoints of the same name. */
export function endpointSliceManifest(endpoints: RawObject, slice: SliceOfEndpoints): Manifest {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: endpoints.namespace,
      name: objectName(endpoints.name, 'migrated', slice.subset, slice.addressType.toLowerCase()),
      labels: {
        ...OWN_LABELS,
        [SERVICE_NAME_LABEL]: endpoints.name,
        'endpointslice.kubernetes.io/managed-by': 'sluice-migrate',
      },
      annotations: { [MIGRATED_FROM_ANNOTATION]: titleOf(endpoints) },
    },
    addressType: slice.addressType,
    endpoints: slice.endpoints.map(({ address, isReady, hostname, nodeName }) => ({
      addresses: [address],
      conditions: { ready: isReady },
      ...(hostname !== undefined && { hostname }),
      ...(nodeName !== undefined && { nodeName }),
    })),
    ports: slice.ports,
  };
}
