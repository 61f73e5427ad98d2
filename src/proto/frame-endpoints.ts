import type { BackwardWriter } from './backward-writer.ts';

export interface LocalityEndpoints {
  /** Name and weight of a weighted locality; `undefined` where there is only one. */
  readonly share: { readonly subZone: string; readonly weight: number } | undefined;
  readonly endpoints: readonly { readonly address: string; readonly port: number }[];
}

/**
 * Writes an `envoy.config.endpoint.v3.ClusterLoadAssignment`. The same bytes as by `ClusterLoadAssignment.encode`: it runs
 * for each of 20,000 Services at once.
 */
export function writeEndpoints(
  writer: BackwardWriter,
  clusterName: string,
  localities: readonly LocalityEndpoints[],
): void {
  for (let index = localities.length - 1; index >= 0; index -= 1) {
    const { share, endpoints = [] } = localities[index] ?? {};
    const locality = writer.length;
    if (share !== undefined) {
      const weight = writer.length;
      writer.number(1, share.weight);
      writer.close(3, weight);
    }
    for (let last = endpoints.length - 1; last >= 0; last -= 1) writeEndpoint(writer, endpoints[last]);
    if (share !== undefined) {
      const name = writer.length;
      writer.text(3, share.subZone);
      writer.close(1, name);
    }
    writer.close(2, locality);
  }
  writer.text(1, clusterName);
}

/** LbEndpoint { endpoint { address { socket_address { address port_value } } } } */
function writeEndpoint(
  writer: BackwardWriter,
  endpoint: { readonly address: string; readonly port: number } | undefined,
): void {
  const start = writer.length;
  // A oneof: set, and written, even where it is 0.
  writer.number(3, endpoint?.port ?? 0);
  writer.text(2, endpoint?.address ?? '');
  writer.close(1, start);
  writer.close(1, start);
  writer.close(1, start);
  writer.close(2, start);
}
