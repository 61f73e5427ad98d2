/** Builders for the tests of this folder: objects with all defaults applied, deep-frozen, and a lookup over them. */

import type { Condition } from '../model/conditions.ts';
import type { GatewayModel, ListenerSetModel } from '../model/gateway.ts';
import { GATEWAY_GROUP } from '../model/kinds.ts';
import type {
  BackendReference,
  EndpointSlice,
  Gateway,
  GatewayClass,
  GatewayListener,
  HttpRoute,
  Ingress,
  IngressClass,
  KubernetesObject,
  ListenerSet,
  Namespace,
  ObjectMeta,
  ParentReference,
  ReferenceGrant,
  Secret,
  Service,
  SliceEndpoint,
  TlsRoute,
} from '../model/objects.ts';
import type { GatewayConfig } from './config.ts';
import { DEFAULT_GATEWAY_CONFIG } from './config.ts';
import type { Lookup } from './lookup.ts';
import { evaluateGateway } from './parents/evaluate-gateway.ts';
import { evaluateListenerSet } from './parents/evaluate-listener-set.ts';
import { compareListenerSets, hostnameOwner, mergeListenerSets } from './parents/merge-listener-sets.ts';

export const CONTROLLER = 'sluice.dev/gateway-controller';

export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const entry of Object.values(value)) deepFreeze(entry);
  }
  return value;
}

/** Wildcards as wide as their listener are free to all: what keeps them back is tested by itself. */
export const CONFIG: GatewayConfig = deepFreeze({ ...DEFAULT_GATEWAY_CONFIG, wildcardClaims: 'Anyone' });

export function configWith(changes: Partial<GatewayConfig>): GatewayConfig {
  return deepFreeze({ ...DEFAULT_GATEWAY_CONFIG, ...changes });
}

/** `namespace/name`, or `name` alone for the namespace `default`. */
function metaOf(path: string, changes: Partial<ObjectMeta> = {}): ObjectMeta {
  const slash = path.indexOf('/');
  return {
    namespace: slash < 0 ? 'default' : path.slice(0, slash),
    name: path.slice(slash + 1),
    uid: '',
    generation: 3,
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: {},
    annotations: {},
    ...changes,
  };
}

export function gatewayClass(name = 'sluice', controllerName = CONTROLLER): GatewayClass {
  return deepFreeze({ kind: 'GatewayClass', meta: metaOf(`/${name}`), controllerName });
}

export function ingressClass(name = 'sluice', controller = CONTROLLER, isDefault = false): IngressClass {
  return deepFreeze({ kind: 'IngressClass', meta: metaOf(`/${name}`), controller, isDefault });
}

export interface ListenerChanges extends Partial<Omit<GatewayListener, 'allowedRoutes' | 'tls'>> {
  readonly from?: string;
  readonly selector?: GatewayListener['allowedRoutes']['namespaces']['selector'];
  readonly kinds?: GatewayListener['allowedRoutes']['kinds'];
  readonly tls?: {
    readonly mode?: string;
    readonly certificateRefs?: NonNullable<GatewayListener['tls']>['certificateRefs'];
  };
  readonly noTls?: true;
}

/** A TLS listener on 443 in mode Passthrough that allows routes from all namespaces. */
export function listener(changes: ListenerChanges = {}): GatewayListener {
  const { from = 'All', selector, kinds = [], tls, noTls, ...rest } = changes;
  return {
    name: 'tls',
    hostname: undefined,
    port: 443,
    protocol: 'TLS',
    tls: noTls
      ? undefined
      : { mode: tls?.mode ?? 'Passthrough', certificateRefs: tls?.certificateRefs ?? [] },
    allowedRoutes: { namespaces: { from, selector }, kinds },
    ...rest,
  };
}

export function gateway(
  changes: Partial<Omit<Gateway, 'kind' | 'meta'>> & {
    readonly path?: string;
    readonly meta?: Partial<ObjectMeta>;
  } = {},
): Gateway {
  const { path = 'infra/gw', meta, ...rest } = changes;
  return deepFreeze({
    kind: 'Gateway',
    meta: metaOf(path, meta),
    gatewayClassName: 'sluice',
    addresses: [],
    listeners: [listener()],
    allowedListeners: { from: 'None', selector: undefined },
    ...rest,
  });
}

/** A ListenerSet of the Gateway infra/gw, in the namespace `default` unless `path` says another. */
export function listenerSet(
  changes: Partial<Omit<ListenerSet, 'kind' | 'meta' | 'parentRef' | 'listeners'>> & {
    readonly path?: string;
    readonly meta?: Partial<ObjectMeta>;
    readonly parentRef?: Partial<ListenerSet['parentRef']>;
    readonly listeners?: readonly ListenerChanges[];
  } = {},
): ListenerSet {
  const { path = 'set', meta, parentRef = {}, listeners = [{}] } = changes;
  return deepFreeze({
    kind: 'ListenerSet',
    meta: metaOf(path, meta),
    parentRef: { group: GATEWAY_GROUP, kind: 'Gateway', namespace: 'infra', name: 'gw', ...parentRef },
    listeners: listeners.map(listener),
  });
}

export function parentRef(changes: Partial<ParentReference> = {}): ParentReference {
  return {
    group: GATEWAY_GROUP,
    kind: 'Gateway',
    namespace: 'infra',
    name: 'gw',
    sectionName: undefined,
    port: undefined,
    ...changes,
  };
}

export function backendRef(changes: Partial<BackendReference> = {}): BackendReference {
  return { group: '', kind: 'Service', namespace: undefined, name: 'api', port: 6443, weight: 1, ...changes };
}

export function tlsRoute(
  changes: Partial<Omit<TlsRoute, 'kind' | 'meta' | 'rules'>> & {
    readonly path?: string;
    readonly meta?: Partial<ObjectMeta>;
    readonly backendRefs?: readonly BackendReference[];
    readonly rules?: TlsRoute['rules'];
  } = {},
): TlsRoute {
  const { path = 'route', meta, backendRefs = [backendRef()], ...rest } = changes;
  return deepFreeze({
    kind: 'TLSRoute',
    meta: metaOf(path, meta),
    parentRefs: [parentRef()],
    hostnames: ['a.example.com'],
    rules: [{ name: undefined, backendRefs }],
    ...rest,
  });
}

export function httpRoute(
  changes: Partial<Omit<HttpRoute, 'kind' | 'meta'>> & { readonly path?: string } = {},
): HttpRoute {
  const { path = 'route', ...rest } = changes;
  return deepFreeze({
    kind: 'HTTPRoute',
    meta: metaOf(path),
    parentRefs: [parentRef()],
    hostnames: [],
    ...rest,
  });
}

export function service(
  changes: Partial<Omit<Service, 'kind' | 'meta'>> & { readonly path?: string } = {},
): Service {
  const { path = 'api', ...rest } = changes;
  return deepFreeze({
    kind: 'Service',
    meta: metaOf(path),
    type: 'ClusterIP',
    ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
    ipFamilies: ['IPv4'],
    publishNotReadyAddresses: false,
    ...rest,
  });
}

export function endpoint(address: string, changes: Partial<SliceEndpoint> = {}): SliceEndpoint {
  return { addresses: [address], ready: true, serving: true, terminating: false, ...changes };
}

export function slice(
  endpoints: readonly SliceEndpoint[],
  changes: Partial<Omit<EndpointSlice, 'kind' | 'meta' | 'endpoints'>> & { readonly path?: string } = {},
): EndpointSlice {
  const { path = 'api-1', ...rest } = changes;
  return deepFreeze({
    kind: 'EndpointSlice',
    meta: metaOf(path),
    serviceName: 'api',
    addressType: 'IPv4',
    endpoints,
    ports: [{ name: 'https', port: 16443, protocol: 'TCP' }],
    ...rest,
  });
}

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): Namespace {
  return deepFreeze({ kind: 'Namespace', meta: metaOf(`/${name}`, { labels }) });
}

export function referenceGrant(
  changes: Partial<Omit<ReferenceGrant, 'kind' | 'meta'>> & { readonly path?: string } = {},
): ReferenceGrant {
  const { path = 'other/grant', ...rest } = changes;
  return deepFreeze({
    kind: 'ReferenceGrant',
    meta: metaOf(path),
    from: [{ group: GATEWAY_GROUP, kind: 'TLSRoute', namespace: 'default' }],
    to: [{ group: '', kind: 'Service', name: undefined }],
    ...rest,
  });
}

export function ingress(
  changes: Partial<Omit<Ingress, 'kind' | 'meta'>> & {
    readonly path?: string;
    readonly meta?: Partial<ObjectMeta>;
  } = {},
): Ingress {
  const { path = 'ingress', meta, ...rest } = changes;
  return deepFreeze({
    kind: 'Ingress',
    meta: metaOf(path, { annotations: { 'sluice.dev/ssl-passthrough': 'true' }, ...meta }),
    ingressClassName: 'sluice',
    defaultBackend: undefined,
    rules: [ingressRule('a.example.com')],
    ...rest,
  });
}

export function ingressRule(
  host: string | undefined,
  paths: readonly (readonly [path: string, service: string, pathType?: string])[] = [['/', 'api']],
): Ingress['rules'][number] {
  return {
    host,
    paths: paths.map(([path, name, pathType = 'Prefix']) => ({
      path,
      pathType,
      backend: { service: { name, port: 6443 } },
    })),
  };
}

export function secret(certificate: Secret['certificate'], path = 'infra/cert'): Secret {
  return deepFreeze({ kind: 'Secret', meta: metaOf(path), certificate });
}

/** A lookup over these objects that notes every call as `method namespace/name`. */
export function lookupOf(
  objects: readonly KubernetesObject[],
  config: GatewayConfig = CONFIG,
): Lookup & { readonly calls: readonly string[] } {
  const calls: string[] = [];
  const find = (kind: string, namespace: string, name: string): KubernetesObject | undefined => {
    calls.push(`${kind} ${namespace}/${name}`);
    return objects.find(
      (object) => object.kind === kind && object.meta.namespace === namespace && object.meta.name === name,
    );
  };
  const merged = (namespace: string, name: string) => {
    const model = lookup.gateway(namespace, name);
    const sets = objects
      .filter((object) => object.kind === 'ListenerSet')
      .flatMap((object) => evaluateListenerSet(object, lookup, config) ?? [])
      .filter((set) => set.gateway.namespace === namespace && set.gateway.name === name)
      .sort(compareListenerSets);
    return model && mergeListenerSets(model, sets);
  };
  const lookup: Lookup & { readonly calls: readonly string[] } = {
    calls,
    gatewayClass: (name) => find('GatewayClass', '', name) as GatewayClass | undefined,
    ingressClass: (name) => find('IngressClass', '', name) as IngressClass | undefined,
    defaultIngressClass: () =>
      objects.find((object): object is IngressClass => object.kind === 'IngressClass' && object.isDefault),
    gateway: (namespace, name): GatewayModel | undefined => {
      const object = find('Gateway', namespace, name) as Gateway | undefined;
      return object && deepFreeze(evaluateGateway(object, lookup, config));
    },
    listenerSet: (namespace, name): ListenerSetModel | undefined => {
      const object = find('ListenerSet', namespace, name) as ListenerSet | undefined;
      const model = object && evaluateListenerSet(object, lookup, config);
      const isSame = ({ ref }: ListenerSetModel) => ref.namespace === namespace && ref.name === name;
      return model && merged(model.gateway.namespace, model.gateway.name)?.sets.find(isSame);
    },
    listenerOn: (ref, port, hostname) =>
      hostnameOwner(merged(ref.namespace, ref.name)?.listeners, port, hostname),
    poolAddress: () => undefined,
    namespace: (name) => find('Namespace', '', name) as Namespace | undefined,
    service: (namespace, name) => find('Service', namespace, name) as Service | undefined,
    secret: (namespace, name) => find('Secret', namespace, name) as Secret | undefined,
    referenceGrants: (namespace) => {
      calls.push(`ReferenceGrant ${namespace}`);
      return objects.filter(
        (object): object is ReferenceGrant =>
          object.kind === 'ReferenceGrant' && object.meta.namespace === namespace,
      );
    },
  };
  return lookup;
}

/** `True Accepted`: status and reason of a condition, `undefined` where there is none of this type. */
export function stateOf(conditions: readonly Condition[] | undefined, type: string): string | undefined {
  const found = conditions?.find((condition) => condition.type === type);
  return found && `${found.status} ${found.reason}`;
}

export function messageOf(conditions: readonly Condition[] | undefined, type: string): string {
  return conditions?.find((condition) => condition.type === type)?.message ?? '';
}
