import { GATEWAY_GROUP } from '../../model/kinds.ts';
import type {
  BackendReference,
  FromNamespaces,
  Gateway,
  GatewayClass,
  GatewayListener,
  GrpcRoute,
  HttpRoute,
  LabelSelector,
  ListenerSet,
  ObjectMeta,
  ParentReference,
  ReferenceGrant,
  RouteGroupKind,
  SecretReference,
  TcpRoute,
  TlsRoute,
  UdpRoute,
  UnservedRoute,
} from '../../model/objects.ts';
import { recentLists } from '../../model/recent.ts';
import type { Fields } from './fields.ts';
import {
  FieldError,
  list,
  nonEmptyString,
  optionalFields,
  optionalInteger,
  optionalString,
  requiredFields,
  requiredInteger,
  requiredString,
  stringMap,
  strings,
} from './fields.ts';

const parentRefs = recentLists<ParentReference>('group', 'kind', 'namespace', 'name', 'sectionName', 'port');

export function decodeGatewayClass(raw: Fields, meta: ObjectMeta): GatewayClass {
  const spec = requiredFields(raw, 'spec');
  const controllerName = requiredString(spec, 'controllerName');
  return { kind: 'GatewayClass', meta, controllerName, ...decodeParametersRef(spec) };
}

/** `{}` where there is none. */
function decodeParametersRef(holder: Fields | undefined): Pick<GatewayClass, 'parametersRef'> {
  const reference = holder && optionalFields(holder, 'parametersRef');
  if (reference === undefined) return {};
  const [group, kind, name] = ['group', 'kind', 'name'].map(
    (field) => optionalString(reference, field) ?? '',
  );
  return { parametersRef: { group: group ?? '', kind: kind ?? '', name: name ?? '' } };
}

export function decodeGateway(raw: Fields, meta: ObjectMeta): Gateway {
  const spec = requiredFields(raw, 'spec');
  const assigned = assignedAddresses(raw);
  const allowedListeners = optionalFields(spec, 'allowedListeners');
  return {
    kind: 'Gateway',
    meta,
    gatewayClassName: requiredString(spec, 'gatewayClassName'),
    addresses: list(spec, 'addresses', (address) => ({
      type: optionalString(address, 'type') ?? 'IPAddress',
      // "When a value is unspecified, an implementation SHOULD automatically assign an address."
      value: optionalString(address, 'value') ?? '',
    })),
    ...(assigned.length === 0 ? {} : { assignedAddresses: assigned }),
    listeners: list(spec, 'listeners', decodeListener),
    ...decodeParametersRef(optionalFields(spec, 'infrastructure')),
    allowedListeners: decodeFromNamespaces(allowedListeners, 'None'),
  };
}

export function decodeListenerSet(raw: Fields, meta: ObjectMeta): ListenerSet {
  const spec = requiredFields(raw, 'spec');
  const parentRef = requiredFields(spec, 'parentRef');
  return {
    kind: 'ListenerSet',
    meta,
    parentRef: {
      group: optionalString(parentRef, 'group') ?? GATEWAY_GROUP,
      kind: optionalString(parentRef, 'kind') ?? 'Gateway',
      namespace: nonEmptyString(parentRef, 'namespace'),
      name: requiredString(parentRef, 'name'),
    },
    listeners: list(spec, 'listeners', decodeListener),
  };
}

function assignedAddresses(raw: Fields): readonly string[] {
  const status = optionalFields(raw, 'status');
  const addresses = status === undefined ? [] : list(status, 'addresses', (address) => address);
  return addresses
    .filter((address) => (optionalString(address, 'type') ?? 'IPAddress') === 'IPAddress')
    .flatMap((address) => nonEmptyString(address, 'value') ?? []);
}

function decodeListener(raw: Fields): GatewayListener {
  const tls = optionalFields(raw, 'tls');
  const allowedRoutes = optionalFields(raw, 'allowedRoutes');
  return {
    name: requiredString(raw, 'name'),
    hostname: optionalString(raw, 'hostname'),
    port: requiredInteger(raw, 'port'),
    protocol: requiredString(raw, 'protocol'),
    tls: tls && {
      mode: optionalString(tls, 'mode') ?? 'Terminate',
      certificateRefs: list(tls, 'certificateRefs', decodeSecretReference),
    },
    allowedRoutes: {
      namespaces: decodeFromNamespaces(allowedRoutes, 'Same'),
      kinds: allowedRoutes ? list(allowedRoutes, 'kinds', decodeRouteKind) : [],
    },
  };
}

function decodeFromNamespaces(holder: Fields | undefined, fallback: string): FromNamespaces {
  const namespaces = holder && optionalFields(holder, 'namespaces');
  const selector = namespaces && optionalFields(namespaces, 'selector');
  return {
    from: (namespaces && optionalString(namespaces, 'from')) ?? fallback,
    selector: selector && decodeSelector(selector),
  };
}

function decodeSecretReference(raw: Fields): SecretReference {
  return {
    group: optionalString(raw, 'group') ?? '',
    kind: optionalString(raw, 'kind') ?? 'Secret',
    namespace: nonEmptyString(raw, 'namespace'),
    name: requiredString(raw, 'name'),
  };
}

function decodeSelector(raw: Fields): LabelSelector {
  return {
    matchLabels: stringMap(raw, 'matchLabels'),
    matchExpressions: list(raw, 'matchExpressions', (expression) => ({
      key: requiredString(expression, 'key'),
      operator: requiredString(expression, 'operator'),
      values: strings(expression, 'values'),
    })),
  };
}

function decodeRouteKind(raw: Fields): RouteGroupKind {
  return { group: optionalString(raw, 'group') ?? GATEWAY_GROUP, kind: requiredString(raw, 'kind') };
}

export function decodeTlsRoute(raw: Fields, meta: ObjectMeta): TlsRoute {
  const spec = requiredFields(raw, 'spec');
  return {
    kind: 'TLSRoute',
    meta,
    parentRefs: parentRefs.share(list(spec, 'parentRefs', decodeParentReference)),
    hostnames: strings(spec, 'hostnames'),
    rules: list(spec, 'rules', (rule) => ({
      name: optionalString(rule, 'name'),
      backendRefs: list(rule, 'backendRefs', decodeBackendReference),
    })),
  };
}

export function decodeHttpRoute(raw: Fields, meta: ObjectMeta): HttpRoute {
  return { kind: 'HTTPRoute', ...decodeUnservedRoute(raw, meta) };
}

export function decodeGrpcRoute(raw: Fields, meta: ObjectMeta): GrpcRoute {
  return { kind: 'GRPCRoute', ...decodeUnservedRoute(raw, meta) };
}

export function decodeTcpRoute(raw: Fields, meta: ObjectMeta): TcpRoute {
  return { kind: 'TCPRoute', ...decodeUnservedRoute(raw, meta) };
}

export function decodeUdpRoute(raw: Fields, meta: ObjectMeta): UdpRoute {
  return { kind: 'UDPRoute', ...decodeUnservedRoute(raw, meta) };
}

function decodeUnservedRoute(raw: Fields, meta: ObjectMeta): Omit<UnservedRoute, 'kind'> {
  const spec = requiredFields(raw, 'spec');
  return {
    meta,
    parentRefs: parentRefs.share(list(spec, 'parentRefs', decodeParentReference)),
    hostnames: strings(spec, 'hostnames'),
  };
}

function decodeParentReference(raw: Fields): ParentReference {
  const group = optionalString(raw, 'group') ?? GATEWAY_GROUP;
  const kind = optionalString(raw, 'kind') ?? 'Gateway';
  return {
    // One copy of what nearly every route says: there are tens of thousands.
    group: group === GATEWAY_GROUP ? GATEWAY_GROUP : group,
    kind: kind === 'Gateway' ? 'Gateway' : kind === 'ListenerSet' ? 'ListenerSet' : kind,
    namespace: nonEmptyString(raw, 'namespace'),
    name: requiredString(raw, 'name'),
    sectionName: nonEmptyString(raw, 'sectionName'),
    port: optionalInteger(raw, 'port'),
  };
}

function decodeBackendReference(raw: Fields): BackendReference {
  const weight = optionalInteger(raw, 'weight') ?? 1;
  if (weight < 0) throw new FieldError(raw, 'weight', 'must be 0 or more');
  const kind = optionalString(raw, 'kind') ?? 'Service';
  return {
    group: optionalString(raw, 'group') ?? '',
    kind: kind === 'Service' ? 'Service' : kind,
    namespace: nonEmptyString(raw, 'namespace'),
    name: requiredString(raw, 'name'),
    port: optionalInteger(raw, 'port'),
    weight,
  };
}

export function decodeReferenceGrant(raw: Fields, meta: ObjectMeta): ReferenceGrant {
  const spec = requiredFields(raw, 'spec');
  return {
    kind: 'ReferenceGrant',
    meta,
    from: list(spec, 'from', (from) => ({
      group: requiredString(from, 'group'),
      kind: requiredString(from, 'kind'),
      namespace: requiredString(from, 'namespace'),
    })),
    to: list(spec, 'to', (to) => ({
      group: requiredString(to, 'group'),
      kind: requiredString(to, 'kind'),
      name: optionalString(to, 'name'),
    })),
  };
}
