import { ClusterLoadAssignment, type LocalityEndpoints, writeEndpoints } from '../../proto/index.ts';
import { encodeResourceLater } from '../resources/encode.ts';
import type { EncodedResource } from '../resources/resource.ts';

/** One backend's share of a host's connections. */
export interface ResolvedShare {
  /** `namespace/service/port`; `''` for what is rejected. Unique within a set. */
  readonly name: string;
  readonly weight: number;
  readonly endpoints: readonly { readonly address: string; readonly port: number }[];
}

/**
 * Where the share of a backend without endpoints goes. The kernel refuses a connection to port 0 at once and
 * nobody can listen there; Envoy gives a locality without endpoints no share at all, but the Gateway API wants that
 * "if an invalid backend is requested to have 80% of requests, then 80% of requests must be rejected instead".
 */
const REJECTING = { address: '127.0.0.1', port: 0 };

/** The endpoints of one Service, or of several with their shares as one weighted locality each; `owner`: see `EncodedResource`. */
export function translateEndpointSet(
  name: string,
  shares: readonly ResolvedShare[],
  owner?: string,
): EncodedResource {
  const served = shares.some((share) => share.endpoints.length > 0);
  // Nothing to connect to at all: no endpoints, and Envoy closes at once without trying.
  const localities = served
    ? rejectingTogether(shares).map((share) => locality(share, shares.length > 1))
    : [];
  return encodeResourceLater(
    ClusterLoadAssignment.typeUrl,
    name,
    (writer) => writeEndpoints(writer, name, localities),
    owner,
  );
}

/**
 * Shares without endpoints as one: Envoy keeps an address once for all localities of a cluster, so the second
 * rejecting locality would be empty, and get no share.
 */
function rejectingTogether(shares: readonly ResolvedShare[]): readonly ResolvedShare[] {
  const rejected = shares.filter(({ endpoints }) => endpoints.length === 0);
  if (rejected.length < 2) return shares;
  const weight = rejected.reduce((sum, share) => sum + share.weight, 0);
  return [{ name: '', weight, endpoints: [] }, ...shares.filter(({ endpoints }) => endpoints.length > 0)];
}

function locality({ name, weight, endpoints }: ResolvedShare, weighted: boolean): LocalityEndpoints {
  return {
    share: weighted ? { subZone: name, weight } : undefined,
    endpoints: endpoints.length > 0 ? endpoints : [REJECTING],
  };
}

/** Whether an endpoint is none, but stands for connections that are closed. */
export function isRejecting({ address, port }: { readonly address: string; readonly port: number }): boolean {
  return address === REJECTING.address && port === REJECTING.port;
}
