/**
 * Annotations of other controllers on Ingresses: those that mean TLS passthrough elsewhere, and those that Sluice drops,
 * with what is lost in truth. It is less than the names say: for a host that is passed through, ingress-nginx and Higress
 * follow next to none of them either, except for plain HTTP on port 80, which Sluice does not serve.
 *
 * Read in the sources: kubernetes/ingress-nginx v1.15.1 (internal/ingress/annotations, internal/ingress/controller/nginx.go,
 * pkg/tcpproxy/tcp.go; its documents say that passthrough invalidates all other annotations), higress-group/higress v2.2.4
 * (pkg/ingress/kube/annotations, pkg/ingress/kube/ingressv1/controller.go), haproxytech/kubernetes-ingress v3.2.11
 * (pkg/annotations), jcmoraisjr/haproxy-ingress v0.17.0-alpha.2 (pkg/converters/ingress), traefik/traefik v3
 * (pkg/provider/kubernetes/ingress/annotations.go), cilium/cilium (operator/pkg/model/ingestion/annotations).
 */
export interface ForeignAnnotation {
  /** With its prefix, as written on an Ingress. */
  readonly name: string;
  /** The controller that reads it, as people call it. */
  readonly owner: string;
  /** `passthrough`: asks for TLS passthrough there, and Sluice does not read it. `dropped`: asks for something else. */
  readonly meaning: 'passthrough' | 'dropped';
  /** One sentence: what follows for a host that Sluice serves, or does not serve. */
  readonly effect: string;
  /** One sentence: what to write or do. */
  readonly instead: string;
}

interface Entry {
  readonly names: readonly string[];
  readonly effect: string;
  readonly instead: string;
}

const NGINX = 'nginx.ingress.kubernetes.io/';
const HIGRESS = 'higress.io/';

const NOTHING_NEEDED = 'Nothing is needed, the backend sees the requests and can do it.';
const OUR_PASSTHROUGH = 'Write sluice.dev/ssl-passthrough: "true".';
const NOT_READ =
  'Sluice does not read it, so the Ingress asks for no passthrough and its hosts are not served.';

/** Read by ingress-nginx; Higress reads most of them too, under this prefix and its own. */
const SHARED: readonly Entry[] = [
  {
    names: ['whitelist-source-range'],
    effect:
      'Clients of every address can connect, as they could before: it kept none from a host that is passed through.',
    instead: 'Let a firewall or the backend refuse clients.',
  },
  {
    names: ['ssl-redirect', 'force-ssl-redirect'],
    effect: 'Port 80 redirects nobody to https, since Sluice serves no plain HTTP.',
    instead: 'Give clients the https address, or leave port 80 to a controller that redirects.',
  },
  {
    names: ['default-backend', 'custom-http-errors'],
    effect:
      'A host without ready endpoints closes its connections, nothing answers in the place of the backend.',
    instead: NOTHING_NEEDED,
  },
  {
    names: ['canary', 'canary-by-header', 'canary-by-header-pattern', 'canary-by-cookie'],
    effect:
      'The Ingress counts as any other, and the oldest one of a host gets all of its connections; before, a canary was not passed through at all.',
    instead: 'Remove the canary Ingress, and write a TLSRoute with two weighted backendRefs.',
  },
  {
    names: ['canary-weight', 'canary-weight-total'],
    effect: 'No share of the connections goes to the canary, as none of those passed through did before.',
    instead: 'Write a TLSRoute with two weighted backendRefs.',
  },
  {
    names: ['auth-type', 'auth-realm', 'auth-secret', 'auth-secret-type'],
    effect: 'Nobody is asked for a password, as nobody was where TLS was passed through.',
    instead: 'Let the backend authenticate its clients.',
  },
  {
    names: ['auth-tls-secret'],
    effect: 'The gateway asks for no client certificate, since the handshake is the one of the backend.',
    instead: 'Let the backend ask for client certificates; they reach it unchanged.',
  },
  {
    names: [
      'backend-protocol',
      'proxy-ssl-secret',
      'proxy-ssl-verify',
      'proxy-ssl-name',
      'proxy-ssl-server-name',
    ],
    effect: 'It says how a gateway opens TLS of its own to the backend, which passthrough never does.',
    instead: 'Nothing is needed, the TLS of the client reaches the backend.',
  },
  {
    names: ['load-balance', 'upstream-hash-by', 'affinity', 'affinity-mode', 'affinity-canary-behavior'],
    effect: 'New connections are spread over all ready endpoints, whoever the client is.',
    instead: 'Give clients that must meet one endpoint a host of its own.',
  },
  {
    names: ['session-cookie-name', 'session-cookie-path', 'session-cookie-max-age', 'session-cookie-expires'],
    effect: 'No cookie is set, since nothing can be added to a response that is encrypted.',
    instead: NOTHING_NEEDED,
  },
  {
    names: ['proxy-next-upstream', 'proxy-next-upstream-tries', 'proxy-next-upstream-timeout'],
    effect: 'Requests are not tried again, only a connection that no endpoint has accepted yet.',
    instead: 'Nothing is needed, clients retry requests themselves.',
  },
  {
    names: [
      'enable-cors',
      'cors-allow-origin',
      'cors-allow-methods',
      'cors-allow-headers',
      'cors-expose-headers',
      'cors-allow-credentials',
      'cors-max-age',
      'app-root',
      'rewrite-target',
      'use-regex',
      'upstream-vhost',
      'temporal-redirect',
      'permanent-redirect',
      'permanent-redirect-code',
    ],
    effect: 'Requests and responses are not changed, since they are encrypted for the backend.',
    instead: NOTHING_NEEDED,
  },
];

/** Read by ingress-nginx alone. */
const NGINX_ONLY: readonly Entry[] = [
  {
    names: ['allowlist-source-range', 'denylist-source-range', 'satisfy'],
    effect:
      'Clients of every address can connect, as they could before: it kept none from a host that is passed through.',
    instead: 'Let a firewall or the backend refuse clients.',
  },
  {
    names: ['limit-connections'],
    effect: 'The connections of one client are not limited, as they were not where TLS was passed through.',
    instead: 'Limit those of a host with sluice.dev/max-connections.',
  },
  {
    names: [
      'limit-rps',
      'limit-rpm',
      'limit-rate',
      'limit-rate-after',
      'limit-burst-multiplier',
      'limit-allowlist',
      'limit-whitelist',
    ],
    effect: 'Requests and bytes are not limited, as they were not where TLS was passed through.',
    instead: 'Limit requests in the backend, and connections with sluice.dev/max-connections.',
  },
  {
    names: ['proxy-connect-timeout'],
    effect: 'The connect time-out of Sluice is used; before, none was where TLS was passed through.',
    instead: 'Write sluice.dev/connect-timeout.',
  },
  {
    names: ['proxy-read-timeout', 'proxy-send-timeout'],
    effect: 'The idle time-out of Sluice is used; before, none was where TLS was passed through.',
    instead: 'Write sluice.dev/idle-timeout.',
  },
  {
    names: ['server-alias'],
    effect: 'The further names are not served; before, they were not passed through either.',
    instead: 'Add each name as the host of a rule, or to the hostnames of a TLSRoute.',
  },
  {
    names: ['service-upstream'],
    effect:
      'Connections go to the endpoints of the Service; before, those passed through always went to its address.',
    instead: 'Nothing is needed, unless the Service has sessionAffinity, which is not followed.',
  },
  {
    names: ['canary-by-header-value'],
    effect: 'No header is looked at, since requests are encrypted for the backend.',
    instead: 'Write a TLSRoute with two weighted backendRefs.',
  },
  {
    names: [
      'server-snippet',
      'configuration-snippet',
      'stream-snippet',
      'auth-snippet',
      'modsecurity-snippet',
    ],
    effect: 'There is no nginx that could follow it, and before it had no part in what was passed through.',
    instead: NOTHING_NEEDED,
  },
  {
    names: ['ssl-ciphers', 'ssl-prefer-server-ciphers'],
    effect: 'The backend chooses the ciphers, since the handshake is its own.',
    instead: 'Set them in the backend.',
  },
  {
    names: [
      'auth-url',
      'auth-signin',
      'auth-method',
      'auth-response-headers',
      'auth-request-redirect',
      'auth-proxy-set-headers',
      'auth-cache-key',
      'auth-cache-duration',
      'enable-global-auth',
    ],
    effect: 'No other service is asked whether a request may pass, as none was where TLS was passed through.',
    instead: 'Let the backend authenticate its clients.',
  },
  {
    names: [
      'auth-tls-verify-client',
      'auth-tls-verify-depth',
      'auth-tls-error-page',
      'auth-tls-match-cn',
      'auth-tls-pass-certificate-to-upstream',
    ],
    effect: 'The gateway asks for no client certificate, since the handshake is the one of the backend.',
    instead: 'Let the backend ask for client certificates; they reach it unchanged.',
  },
  {
    names: ['proxy-ssl-ciphers', 'proxy-ssl-protocols', 'proxy-ssl-verify-depth'],
    effect: 'It says how a gateway opens TLS of its own to the backend, which passthrough never does.',
    instead: 'Nothing is needed, the TLS of the client reaches the backend.',
  },
  {
    names: [
      'proxy-body-size',
      'client-body-buffer-size',
      'proxy-buffering',
      'proxy-buffers-number',
      'proxy-buffer-size',
      'proxy-busy-buffers-size',
      'proxy-max-temp-file-size',
      'proxy-request-buffering',
      'proxy-http-version',
      'proxy-cookie-domain',
      'proxy-cookie-path',
      'proxy-redirect-from',
      'proxy-redirect-to',
      'connection-proxy-header',
      'custom-headers',
      'x-forwarded-prefix',
      'from-to-www-redirect',
      'temporal-redirect-code',
      'preserve-trailing-slash',
      'http2-push-preload',
      'mirror-target',
      'mirror-host',
      'mirror-request-body',
      'enable-modsecurity',
      'enable-owasp-core-rules',
      'modsecurity-transaction-id',
      'enable-opentelemetry',
      'opentelemetry-trust-incoming-span',
      'enable-rewrite-log',
    ],
    effect: 'It works on HTTP requests, of which the gateway sees none where TLS is passed through.',
    instead: NOTHING_NEEDED,
  },
  {
    names: ['enable-access-log'],
    effect: 'Envoy writes a line for each connection, whatever the Ingress says.',
    instead: 'Leave the access log out for all, with sluice serve --access-log off.',
  },
];

/** Read by Higress alone. */
const HIGRESS_ONLY: readonly Entry[] = [
  {
    names: ['destination'],
    effect:
      'The Service of the path is used, as it was before: Higress followed the destinations named here only where the path names no Service.',
    instead: 'Name a Service in the path, or write a TLSRoute with weighted backendRefs.',
  },
  {
    names: ['tls-min-protocol-version', 'tls-max-protocol-version', 'ssl-cipher'],
    effect: 'The backend chooses the version and the ciphers, since the handshake is its own.',
    instead: 'Set them in the backend.',
  },
  {
    names: ['route-limit-rpm', 'route-limit-rps', 'route-limit-burst-multiplier'],
    effect: 'Requests are not limited, as they were not where TLS was passed through.',
    instead: 'Limit requests in the backend, and connections with sluice.dev/max-connections.',
  },
  {
    names: [
      'mirror-target-service',
      'mirror-percentage',
      'mirror-target-fqdn',
      'mirror-target-fqdn-port',
      'rewrite-path',
    ],
    effect: 'It works on HTTP requests, of which the gateway sees none where TLS is passed through.',
    instead: NOTHING_NEEDED,
  },
];

/** What asks for passthrough elsewhere, under names that Sluice does not read. */
const PASSTHROUGH: readonly { readonly name: string; readonly owner: string; readonly effect?: string }[] = [
  { name: 'haproxy.org/ssl-passthrough', owner: 'HAProxy Kubernetes Ingress Controller' },
  { name: 'haproxy.com/ssl-passthrough', owner: 'HAProxy Kubernetes Ingress Controller' },
  { name: 'haproxy-ingress.github.io/ssl-passthrough', owner: 'HAProxy Ingress' },
  { name: 'ingress.kubernetes.io/ssl-passthrough', owner: 'HAProxy Ingress' },
  { name: 'ingress.cilium.io/tls-passthrough', owner: 'Cilium' },
  { name: 'route.openshift.io/termination', owner: 'OpenShift' },
  { name: 'ingress.appscode.com/ssl-passthrough', owner: 'Voyager' },
  {
    name: 'traefik.ingress.kubernetes.io/router.tls.passthrough',
    owner: 'Traefik',
    effect: 'Sluice does not read it, nor does Traefik on an Ingress, so the hosts are not served.',
  },
];

/** Every annotation of which Sluice knows what it means elsewhere; each name once. */
export const FOREIGN_ANNOTATIONS: readonly ForeignAnnotation[] = [
  ...dropped('ingress-nginx', NGINX, [...SHARED, ...NGINX_ONLY]),
  ...dropped('Higress', HIGRESS, [...SHARED, ...HIGRESS_ONLY]),
  ...PASSTHROUGH.map(({ name, owner, effect = NOT_READ }): ForeignAnnotation => {
    return { name, owner, meaning: 'passthrough', effect, instead: OUR_PASSTHROUGH };
  }),
];

const BY_NAME: ReadonlyMap<string, ForeignAnnotation> = new Map(
  FOREIGN_ANNOTATIONS.map((annotation) => [annotation.name, annotation]),
);

/** What an annotation means elsewhere; `undefined` for one that Sluice reads itself, and for one that it does not know. */
export function foreignAnnotation(name: string): ForeignAnnotation | undefined {
  return BY_NAME.get(name);
}

function dropped(owner: string, prefix: string, entries: readonly Entry[]): ForeignAnnotation[] {
  return entries.flatMap(({ names, effect, instead }) =>
    names.map((name): ForeignAnnotation => {
      return { name: `${prefix}${name}`, owner, meaning: 'dropped', effect, instead };
    }),
  );
}
