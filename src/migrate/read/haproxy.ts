import { parseDuration } from '../../gateway/values/duration.ts';
import type { Meaning } from '../old-route.ts';
import type { Dialect, KnownAnnotation } from './dialect.ts';
import { PASSES_NOW } from './ingress-nginx.ts';

const ASKS = /^(?:true|enabled|on|yes|1|t)$/i;
const ASKS_NOT = /^(?:false|disabled|off|no|0|f|)$/i;

function asks(value: string): boolean | undefined {
  if (ASKS.test(value)) return true;
  return ASKS_NOT.test(value) ? false : undefined;
}

const REQUESTS: Meaning = {
  fate: 'lost',
  matters: 'no',
  text: 'It worked on requests, of which a host that is passed through shows none.',
};
/** Unlike ingress-nginx, HAProxy refuses a client before it reads TLS (haproxytech/kubernetes-ingress, pkg/haproxy/rules/reqDeny.go). */
const LISTS: Meaning = {
  fate: 'lost',
  matters: 'much',
  text: 'HAProxy kept clients out by their address, Sluice keeps none out. Let a firewall or the backend refuse them before you move the host.',
};
const PROXY: Meaning = {
  fate: 'lost',
  matters: 'much',
  text: 'The backend expects the PROXY protocol, which Sluice does not speak: its handshakes would fail. Let the backend take connections without it first.',
};
const BALANCE: Meaning = {
  fate: 'replaced',
  matters: 'no',
  text: 'New connections are spread over all ready endpoints.',
};
const CHECKS: Meaning = {
  fate: 'replaced',
  matters: 'no',
  text: 'The readiness of the pods decides which endpoints get connections.',
};
const PORT_80: Meaning = {
  fate: 'lost',
  matters: 'some',
  text: 'Sluice serves no plain HTTP. Give clients the https address, or leave port 80 to a controller that answers there.',
};
const SNIPPET: Meaning = {
  fate: 'lost',
  matters: 'some',
  text: 'It is configuration of HAProxy itself; whoever wrote it knows what it did.',
};
const LIMIT: Meaning = {
  fate: 'lost',
  matters: 'some',
  text: 'It limited the connections of each server. sluice.dev/max-connections limits those of a host, per Envoy.',
};
const NOT_NEEDED: Meaning = {
  fate: 'lost',
  matters: 'no',
  text: 'It is about TLS or certificates of the gateway, which takes part in neither.',
};

const MEANINGS: readonly (readonly [RegExp, Meaning])[] = [
  [/^(?:allow-?list|deny-?list|whitelist|blacklist)(?:-source-(?:range|header))?$/, LISTS],
  [/^(?:send-proxy-protocol|proxy-protocol)$/, PROXY],
  [
    /^(?:load-balance|balance-algorithm|scale-server-slots|dynamic-scaling|slots-.*|cookie-persistence.*|affinity|session-cookie-.*|initial-weight)$/,
    BALANCE,
  ],
  [/^(?:check(?:-.*)?|health-check-.*|agent-check-.*|timeout-check|backend-check-interval)$/, CHECKS],
  [/^(?:ssl-redirect.*|ssl-passthrough-http-port|redirect-to|https-log-format)$/, PORT_80],
  [/^(?:backend-config-snippet|config-(?:backend|frontend|tcp).*|frontend-config-snippet)$/, SNIPPET],
  [/^(?:pod-maxconn|maxconn-server|maxqueue-server|limit-connections)$/, LIMIT],
  [
    /^(?:server-(?:ssl|ca|crt|proto|sni)|ssl-certificate|client-ca|client-crt-optional|auth-tls-.*|secure-.*|backend-protocol|tls-alpn|ssl-.*|cert-signer)$/,
    NOT_NEEDED,
  ],
];

const CONNECT_TIMEOUT = 'sluice.dev/connect-timeout';
/** A host with an idle time-out of its own has a filter chain of its own, of which there are few: not for all that HAProxy ended after its 50 s. */
const IDLE: Meaning = {
  fate: 'replaced',
  matters: 'some',
  text: 'The idle time-out of Sluice is used, 24 h unless sluice serve --idle-timeout says otherwise. Write sluice.dev/idle-timeout on the TLSRoute of a backend that relies on a shorter one.',
};

/** HAProxy's times: a number alone is milliseconds. */
function time(short: string, value: string): KnownAnnotation | undefined {
  if (/^timeout-(?:server|client|tunnel|server-fin|client-fin|keep-alive|queue)$/.test(short)) return IDLE;
  if (short !== 'timeout-connect') return undefined;
  const written = /^[0-9]+$/.test(value) ? `${value}ms` : value;
  if (parseDuration(written) === undefined)
    return {
      fate: 'lost',
      matters: 'some',
      text: `Its value cannot be written as one of ${CONNECT_TIMEOUT}.`,
    };
  return {
    fate: 'replaced',
    matters: 'no',
    text: `${CONNECT_TIMEOUT} on the TLSRoute does the same.`,
    carry: { name: CONNECT_TIMEOUT, value: written },
  };
}

function dialect(
  controller: string,
  classControllers: readonly string[],
  prefixes: readonly string[],
): Dialect {
  return {
    controller,
    classControllers,
    passthrough: prefixes.map((prefix) => `${prefix}ssl-passthrough`),
    asks,
    annotation(name, value) {
      const prefix = prefixes.find((each) => name.startsWith(each));
      if (prefix === undefined) return undefined;
      const short = name.slice(prefix.length);
      if (short === 'ssl-passthrough') return PASSES_NOW;
      return time(short, value) ?? MEANINGS.find(([pattern]) => pattern.test(short))?.[1] ?? REQUESTS;
    },
  };
}

/** haproxytech/kubernetes-ingress v3.2. */
export const HAPROXY: Dialect = dialect(
  'HAProxy Kubernetes Ingress Controller',
  ['haproxy.org/ingress-controller'],
  ['haproxy.org/', 'haproxy.com/'],
);

/** jcmoraisjr/haproxy-ingress v0.15 to v0.17. */
export const HAPROXY_INGRESS: Dialect = dialect(
  'HAProxy Ingress',
  ['haproxy-ingress.github.io/controller'],
  ['haproxy-ingress.github.io/', 'ingress.kubernetes.io/'],
);
