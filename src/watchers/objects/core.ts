import { SERVICE_NAME_LABEL } from '../../model/names.ts';
import type {
  EndpointSlice,
  Namespace,
  Node,
  ObjectMeta,
  Service,
  ServicePort,
} from '../../model/objects.ts';
import { Recent, recentLists } from '../../model/recent.ts';
import type { Fields } from './fields.ts';
import {
  FieldError,
  list,
  oneOf,
  optionalBoolean,
  optionalFields,
  optionalInteger,
  optionalString,
  requiredFields,
  requiredInteger,
  requiredString,
  strings,
} from './fields.ts';

const servicePorts = recentLists<ServicePort>('name', 'port', 'protocol');
const slicePorts = recentLists<EndpointSlice['ports'][number]>('name', 'port', 'protocol');
const familyLists = new Recent<Service['ipFamilies']>((a, b) => a.join() === b.join());

export function decodeService(raw: Fields, meta: ObjectMeta): Service {
  const spec = optionalFields(raw, 'spec') ?? {};
  return {
    kind: 'Service',
    meta,
    type: optionalString(spec, 'type') || 'ClusterIP',
    ports: servicePorts.share(
      list(spec, 'ports', (port) => ({
        name: optionalString(port, 'name') ?? '',
        port: requiredInteger(port, 'port'),
        protocol: optionalString(port, 'protocol') || 'TCP',
      })),
    ),
    ipFamilies: familyLists.share(
      strings(spec, 'ipFamilies').map((family) => {
        if (family === 'IPv4' || family === 'IPv6') return family;
        throw new FieldError(spec, 'ipFamilies', 'must hold IPv4 or IPv6');
      }),
    ),
    publishNotReadyAddresses: optionalBoolean(spec, 'publishNotReadyAddresses') ?? false,
  };
}

export function decodeEndpointSlice(raw: Fields, meta: ObjectMeta): EndpointSlice {
  const labels = optionalFields(requiredFields(raw, 'metadata'), 'labels') ?? {};
  return {
    kind: 'EndpointSlice',
    meta,
    serviceName: optionalString(labels, SERVICE_NAME_LABEL) ?? '',
    addressType: oneOf(raw, 'addressType', ['IPv4', 'IPv6', 'FQDN']),
    endpoints: list(raw, 'endpoints', (endpoint) => {
      const conditions = optionalFields(endpoint, 'conditions') ?? {};
      return {
        addresses: strings(endpoint, 'addresses'),
        // "A nil value should be interpreted as true" for ready and serving, as false for terminating.
        ready: optionalBoolean(conditions, 'ready') ?? true,
        serving: optionalBoolean(conditions, 'serving') ?? true,
        terminating: optionalBoolean(conditions, 'terminating') ?? false,
      };
    }),
    ports: slicePorts.share(
      list(raw, 'ports', (port) => ({
        name: optionalString(port, 'name') ?? '',
        port: optionalInteger(port, 'port'),
        protocol: optionalString(port, 'protocol') || 'TCP',
      })),
    ),
  };
}

export function decodeNamespace(_raw: Fields, meta: ObjectMeta): Namespace {
  return { kind: 'Namespace', meta };
}

export function decodeNode(raw: Fields, meta: ObjectMeta): Node {
  const status = optionalFields(raw, 'status') ?? {};
  return {
    kind: 'Node',
    meta,
    addresses: list(status, 'addresses', (address) => ({
      type: requiredString(address, 'type'),
      address: requiredString(address, 'address'),
    })),
  };
}
