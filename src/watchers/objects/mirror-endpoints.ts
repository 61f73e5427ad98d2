import type { EndpointSlice, SliceEndpoint } from '../../model/objects.ts';
import type { Decoded, DecodeOptions } from './decode.ts';
import { guarded } from './decode.ts';
import type { Fields } from './fields.ts';
import {
  list,
  optionalFields,
  optionalString,
  requiredFields,
  requiredInteger,
  requiredString,
} from './fields.ts';
import { decodeMeta } from './meta.ts';
import type { ObjectWarning } from './strictness.ts';

export type Mirrored =
  | {
      readonly type: 'slices';
      readonly slices: readonly EndpointSlice[];
      /** With `judge` only. */
      readonly warnings: readonly ObjectWarning[];
    }
  | Exclude<Decoded, { readonly type: 'object' }>;

const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';
/** On Endpoints that old clients use as a lock and not as addresses. */
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
const MAX_NAME = 253;

/**
 * The slices that kube-controller-manager's endpointslicemirroring would make of an `Endpoints` object: one for each
 * subset and address family. It gives them random names; ours are derived, so that equal input gives equal slices.
 */
export function mirrorEndpoints(raw: unknown, options: DecodeOptions = {}): Mirrored {
  return guarded<Mirrored>(raw, options, (fields, { kind, scope }) => {
    if (kind !== 'Endpoints') return { type: 'ignored', kind };
    const meta = decodeMeta(fields, kind, scope, options.defaultNamespace ?? 'default');
    const metadata = requiredFields(fields, 'metadata');
    const labels = optionalFields(metadata, 'labels') ?? {};
    const annotations = optionalFields(metadata, 'annotations') ?? {};
    const isSkipped = labels[SKIP_MIRROR] === 'true' || Object.hasOwn(annotations, LEADER);
    const subsets = list(fields, 'subsets', decodeSubset);
    if (isSkipped) return { type: 'slices', slices: [], warnings: [] };
    const slices = subsets.flatMap(({ endpoints, ports }, index) =>
      (['IPv4', 'IPv6'] as const).flatMap((addressType): EndpointSlice[] => {
        const ofFamily = endpoints.filter(({ addresses }) => familyOf(addresses[0]) === addressType);
        if (ofFamily.length === 0) return [];
        const suffix = `-mirrored-${index}-${addressType.toLowerCase()}`;
        const name = `${meta.name.slice(0, MAX_NAME - suffix.length)}${suffix}`;
        return [
          {
            kind: 'EndpointSlice',
            meta: { ...meta, name, uid: '' },
            serviceName: meta.name,
            addressType,
            endpoints: ofFamily,
            ports,
          },
        ];
      }),
    );
    return { type: 'slices', slices, warnings: [] };
  });
}

function decodeSubset(raw: Fields): Pick<EndpointSlice, 'endpoints' | 'ports'> {
  const endpoint =
    (isReady: boolean) =>
    (address: Fields): SliceEndpoint => ({
      addresses: [requiredString(address, 'ip')],
      ready: isReady,
      // Of an address that is not ready, Endpoints do not tell why; nothing says that it terminates.
      serving: isReady,
      terminating: false,
    });
  return {
    endpoints: [
      ...list(raw, 'addresses', endpoint(true)),
      ...list(raw, 'notReadyAddresses', endpoint(false)),
    ],
    ports: list(raw, 'ports', (port) => ({
      name: optionalString(port, 'name') ?? '',
      port: requiredInteger(port, 'port'),
      protocol: optionalString(port, 'protocol') || 'TCP',
    })),
  };
}

/** What is no address at all goes where IPv4 goes, and is refused there with a reason. */
function familyOf(address: string | undefined): 'IPv4' | 'IPv6' {
  return address?.includes(':') ? 'IPv6' : 'IPv4';
}
