import type { NamespaceBudget } from './budget.ts';
import type { HostPolicy } from './gateway.ts';
import { INGRESS_CLASS_ANNOTATION } from './names.ts';

/** An annotation that Sluice reads; the owner of the object sets it. Any other is dropped when an object is decoded. */
export interface ReadAnnotation {
  readonly name: string;
  readonly kinds: readonly ('TLSRoute' | 'Ingress' | 'Gateway' | 'Namespace')[];
}

/** An annotation that sets something for the hosts of a route. The README's table is checked against this. */
export interface PolicyAnnotation extends ReadAnnotation {
  /** A value that is not the default, as written in YAML. */
  readonly example: string;
  /** What it does, and what is so without it. */
  readonly doc: string;
}

const ROUTES = ['TLSRoute', 'Ingress'] as const;

/** Of a route, or of a Gateway for the routes that do not say. */
export const CLOSE_ON_DELETE_ANNOTATION = 'sluice.dev/close-on-delete';

/** In the order in which a route's condition tells of them. How a value is read: `src/gateway/routes/host-policy.ts`. */
export const POLICY_ANNOTATIONS: { readonly [F in keyof HostPolicy]-?: PolicyAnnotation } = {
  maxConnections: {
    name: 'sluice.dev/max-connections',
    kinds: ROUTES,
    example: '"500"',
    doc: 'most connections at once, per Envoy; what is more is closed',
  },
  stats: {
    name: 'sluice.dev/stats',
    kinds: ROUTES,
    example: '"true"',
    doc: "Envoy's statistics for this host",
  },
  connectTimeoutMs: {
    name: 'sluice.dev/connect-timeout',
    kinds: ROUTES,
    example: '2s',
    doc: 'until a backend has accepted a connection',
  },
  idleTimeoutMs: {
    name: 'sluice.dev/idle-timeout',
    kinds: ROUTES,
    example: '1h',
    doc: "close a connection that is silent for so long (24 h unless set; TCP keepalive finds dead peers before). Changing or removing it, for a wildcard host also setting it, closes the host's connections after a minute",
  },
  closeOnDelete: {
    name: CLOSE_ON_DELETE_ANNOTATION,
    kinds: [...ROUTES, 'Gateway'],
    example: '"true"',
    doc: "end the host's open connections a minute after it was deleted or moved to another route or Service (they stay open unless set). Those of before it was set stay; removing it ends those of after",
  },
};

/** What an operator gives a namespace instead of what all have, by an annotation on the Namespace. */
export const BUDGET_ANNOTATIONS: { readonly [F in keyof NamespaceBudget]-?: ReadAnnotation } = {
  hosts: { name: 'sluice.dev/budget-hosts', kinds: ['Namespace'] },
  wildcards: { name: 'sluice.dev/budget-wildcards', kinds: ['Namespace'] },
  chains: { name: 'sluice.dev/budget-chains', kinds: ['Namespace'] },
  pairs: { name: 'sluice.dev/budget-pairs', kinds: ['Namespace'] },
  endpoints: { name: 'sluice.dev/budget-endpoints', kinds: ['Namespace'] },
  connections: { name: 'sluice.dev/budget-connections', kinds: ['Namespace'] },
};

/** Who may claim wildcards on the listeners of a Gateway, instead of what `--wildcard-claims` says. */
export const WILDCARD_CLAIMS_ANNOTATION = 'sluice.dev/wildcard-claims';

/**
 * Each asks for TLS passthrough of an Ingress. The first one that can be read decides, whether it says true or false:
 * Sluice's own, then ingress-nginx's before Higress's, which is the order in which Higress itself reads the two.
 */
export const PASSTHROUGH_ANNOTATIONS: readonly string[] = [
  'sluice.dev/ssl-passthrough',
  'nginx.ingress.kubernetes.io/ssl-passthrough',
  'higress.io/ssl-passthrough',
];

export const READ_ANNOTATIONS: readonly ReadAnnotation[] = [
  ...Object.values(POLICY_ANNOTATIONS),
  ...Object.values(BUDGET_ANNOTATIONS),
  { name: WILDCARD_CLAIMS_ANNOTATION, kinds: ['Gateway'] },
  ...[...PASSTHROUGH_ANNOTATIONS, INGRESS_CLASS_ANNOTATION].map((name) => ({
    name,
    kinds: ['Ingress'] as const,
  })),
];
