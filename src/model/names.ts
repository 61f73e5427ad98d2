/** Names that stand in objects of Kubernetes: controllers, labels and annotations. Those of routes: `annotations.ts`. */

/** What a class names as its controller, unless others are adopted. */
export const CONTROLLER_NAME = 'sluice.dev/gateway-controller';

/** Prefix of the labels, annotations and conditions that Sluice defines. */
export const OWN_PREFIX = 'sluice.dev/';

/** Label of the nodes that carry public addresses and run an Envoy; its value is `true`. */
export const GATEWAY_NODE_LABEL = 'node-role.kubernetes.io/gateway';

/** Label of every Namespace, which the API server sets: its name. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

/** Label of an EndpointSlice: the Service that it is of. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** Annotation of an Ingress from before `ingressClassName`. */
export const INGRESS_CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

/** Annotation of the IngressClass of Ingresses that name none; its value is `true`. */
export const DEFAULT_CLASS_ANNOTATION = 'ingressclass.kubernetes.io/is-default-class';

/** Label of the Lease in which a replica reports what its Envoys say; its value is `true`. */
export const REPLICA_LABEL = 'sluice.dev/replica';

/** Annotation of that Lease: the report. */
export const ENVOYS_ANNOTATION = 'sluice.dev/envoys';

/** Audience of tokens that are for Sluice's admin address alone: worth nothing elsewhere. */
export const TOKEN_AUDIENCE = 'sluice.dev';
