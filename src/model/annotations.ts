import type { HostPolicy } from './gateway.ts';
import { INGRESS_CLASS_ANNOTATION } from './names.ts';

/** An annotation that Sluice reads; the owner of the object sets it. Any other is dropped when an object is decoded. */
export interface ReadAnnotation {
  readonly name: string;
  readonly kinds: readonly ('TLSRoute' | 'Ingress')[];
}

/** An annotation that sets something for the hosts of a route. The README's table is checked against this. */
export interface PolicyAnnotation extends ReadAnnotation {
  /** A value that is not the default, as written in YAML. */
  readonly example: string;
  /** What it does, and what is so without it. */
  readonly doc: string;
}

const ROUTES = ['TLSRoute', 'Ingress'] as const;

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
};

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
  ...[...PASSTHROUGH_ANNOTATIONS, INGRESS_CLASS_ANNOTATION].map((name) => ({
    name,
    kinds: ['Ingress'] as const,
  })),
];
