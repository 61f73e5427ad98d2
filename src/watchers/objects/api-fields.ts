/**
 * All fields that the API has for the kinds whose meaning Sluice judges, read or not: whatever else is written in a
 * manifest is a typing error. From the CRDs of the Gateway API 1.6, experimental channel, and networking.k8s.io/v1.
 */

/** The fields of an object, or of each object in a list; `undefined` for one that is not looked into. */
export interface Shape {
  readonly [field: string]: Shape | undefined;
}

/** `names`, separated by spaces, and the fields whose content is looked into. */
function fields(names: string, nested: Shape = {}): Shape {
  const plain = names.split(' ').map((name) => [name, undefined] as const);
  return { ...Object.fromEntries(plain), ...nested };
}

const SELECTOR = fields('matchLabels', { matchExpressions: fields('key operator values') });
const FROM_NAMESPACES = fields('from', { selector: SELECTOR });
const OBJECT_REFERENCE = fields('group kind name namespace');
const VALIDATION = { validation: fields('mode', { caCertificateRefs: OBJECT_REFERENCE }) };

const LISTENER = fields('name hostname port protocol', {
  // `frontendValidation` is of the versions before 1.4.
  tls: fields('mode options frontendValidation', { certificateRefs: OBJECT_REFERENCE }),
  allowedRoutes: { namespaces: FROM_NAMESPACES, kinds: fields('group kind') },
});

const GATEWAY = fields('gatewayClassName defaultScope', {
  addresses: fields('type value'),
  listeners: LISTENER,
  infrastructure: fields('annotations labels', { parametersRef: fields('group kind name') }),
  allowedListeners: { namespaces: FROM_NAMESPACES },
  tls: {
    backend: { clientCertificateRef: OBJECT_REFERENCE },
    frontend: { default: VALIDATION, perPort: fields('port', { tls: VALIDATION }) },
  },
});

const LISTENER_SET: Shape = {
  parentRef: OBJECT_REFERENCE,
  listeners: LISTENER,
};

const TLS_ROUTE = fields('hostnames useDefaultGateways', {
  parentRefs: fields('group kind namespace name sectionName port'),
  rules: fields('name', { backendRefs: fields('group kind namespace name port weight') }),
});

const INGRESS_BACKEND: Shape = {
  service: fields('name', { port: fields('number name') }),
  resource: fields('apiGroup kind name'),
};

const INGRESS = fields('ingressClassName', {
  defaultBackend: INGRESS_BACKEND,
  rules: fields('host', { http: { paths: fields('path pathType', { backend: INGRESS_BACKEND }) } }),
  tls: fields('hosts secretName'),
});

const METADATA = fields(
  [
    'annotations creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers generateName generation',
    'labels managedFields name namespace ownerReferences resourceVersion selfLink uid',
  ].join(' '),
);

/** By kind, from the object itself. */
export const API_FIELDS: ReadonlyMap<string, Shape> = new Map(
  Object.entries({
    GatewayClass: fields('controllerName description', { parametersRef: OBJECT_REFERENCE }),
    Gateway: GATEWAY,
    ListenerSet: LISTENER_SET,
    TLSRoute: TLS_ROUTE,
    ReferenceGrant: { from: fields('group kind namespace'), to: fields('group kind name') },
    Ingress: INGRESS,
    IngressClass: fields('controller', { parameters: fields('apiGroup kind name namespace scope') }),
  }).map(([kind, spec]) => [kind, fields('apiVersion kind status', { metadata: METADATA, spec })]),
);
