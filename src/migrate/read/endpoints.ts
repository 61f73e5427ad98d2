import type { Meaning } from '../old-route.ts';
import { fieldsOf, listOf, type RawObject, textOf } from '../raw-object.ts';

const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';
/** On Endpoints that old clients use as a lock and not as addresses. */
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
/** On Endpoints that Kubernetes keeps itself. */
const KEPT = 'endpoints.kubernetes.io/last-change-trigger-time';
const MANAGED = 'endpoints.kubernetes.io/managed-by';

/** Whether somebody wrote these Endpoints: nothing in the cluster keeps them, and they are addresses. */
export function isHandMade(raw: RawObject, service: RawObject | undefined): boolean {
  // Of a Service that is not known, Kubernetes may keep them.
  if (service === undefined) return false;
  const selector = fieldsOf(fieldsOf(service.fields['spec'])['selector']);
  return (
    raw.labels[SKIP_MIRROR] !== 'true' &&
    raw.labels[MANAGED] === undefined &&
    raw.annotations[LEADER] === undefined &&
    raw.annotations[KEPT] === undefined &&
    Object.keys(selector).length === 0 &&
    listOf(raw.fields['subsets']).length > 0
  );
}

/** What one EndpointSlice can hold of Endpoints: addresses of one family. */
export interface SliceOfEndpoints {
  /** Of the subset, counted from 0. */
  readonly subset: number;
  readonly addressType: 'IPv4' | 'IPv6';
  readonly endpoints: readonly {
    readonly address: string;
    readonly isReady: boolean;
    readonly hostname?: string;
    readonly nodeName?: string;
  }[];
  readonly ports: readonly { readonly name?: string; readonly port: number; readonly protocol: string }[];
}

/** The addresses of Endpoints by subset and family, each in the order in which they were written. */
export function slicesOf(raw: RawObject): readonly SliceOfEndpoints[] {
  return listOf(raw.fields['subsets']).flatMap((subset, index) => {
    const addresses = (field: string, isReady: boolean) =>
      listOf(subset[field]).flatMap((each) => {
        const address = textOf(each['ip']);
        const [hostname, nodeName] = [textOf(each['hostname']), textOf(each['nodeName'])];
        if (address === undefined) return [];
        return [
          { address, isReady, ...(hostname && { hostname }), ...(nodeName && { nodeName }) },
        ] as SliceOfEndpoints['endpoints'];
      });
    const all = [...addresses('addresses', true), ...addresses('notReadyAddresses', false)];
    const ports = listOf(subset['ports']).map((each) => {
      const name = textOf(each['name']);
      return {
        ...(name !== undefined && { name }),
        port: Number(each['port']),
        protocol: textOf(each['protocol']) ?? 'TCP',
      };
    });
    return (['IPv4', 'IPv6'] as const).flatMap((addressType): SliceOfEndpoints[] => {
      const endpoints = all.filter(({ address }) => address.includes(':') === (addressType === 'IPv6'));
      return endpoints.length === 0 ? [] : [{ subset: index, addressType, endpoints, ports }];
    });
  });
}

export const MIRRORED: Meaning = {
  fate: 'replaced',
  matters: 'no',
  text: 'EndpointSlices hold the addresses. Change them from now on; once they are in the cluster, delete the Endpoints, or label them endpointslice.kubernetes.io/skip-mirror: "true".',
};
