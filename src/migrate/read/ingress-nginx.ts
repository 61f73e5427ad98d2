import { foreignAnnotation } from '../../model/foreign-annotations.ts';
import { parseGoBool } from '../../model/go-bool.ts';
import type { Matters, Meaning } from '../old-route.ts';
import type { Dialect, KnownAnnotation } from './dialect.ts';

const PREFIX = 'nginx.ingress.kubernetes.io/';
const PASSTHROUGH = `${PREFIX}ssl-passthrough`;
const CANARY = `${PREFIX}canary`;

/** What the owner of a host may take to be in force, or misses on port 80. All else worked on requests, of which a host that is passed through shows none. */
const MATTERS: Readonly<Record<string, Matters>> = {
  'whitelist-source-range': 'some',
  'allowlist-source-range': 'some',
  'denylist-source-range': 'some',
  satisfy: 'some',
  'ssl-redirect': 'some',
  'force-ssl-redirect': 'some',
  'server-alias': 'some',
  canary: 'some',
  'canary-weight': 'some',
  'canary-by-header': 'some',
  'canary-by-cookie': 'some',
  'auth-type': 'some',
  'auth-url': 'some',
  'auth-tls-secret': 'some',
  'limit-connections': 'some',
  destination: 'some',
};

/** Something of Sluice's own does it. */
const REPLACED: ReadonlySet<string> = new Set([
  'proxy-connect-timeout',
  'proxy-read-timeout',
  'proxy-send-timeout',
  'service-upstream',
  'load-balance',
  'upstream-hash-by',
  'affinity',
  'affinity-mode',
  'enable-access-log',
  'backend-protocol',
]);

/** What is known of an annotation of ingress-nginx or Higress. */
export function droppedAnnotation(name: string, prefix: string): KnownAnnotation | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const known = foreignAnnotation(name);
  if (known === undefined) return undefined;
  const short = name.slice(prefix.length);
  const { effect, instead } = known;
  return {
    fate: REPLACED.has(short) ? 'replaced' : 'lost',
    matters: MATTERS[short] ?? 'no',
    text: instead.startsWith('Nothing is needed') ? effect : `${effect} ${instead}`,
  };
}

export const PASSES_NOW: Meaning = {
  fate: 'replaced',
  matters: 'no',
  text: 'The listener of the Gateway passes TLS through.',
};

export function isCanary(value: string | undefined): boolean {
  return value !== undefined && parseGoBool(value) === true;
}

export const noCanary = (controller: string): Meaning => ({
  fate: 'lost',
  matters: 'some',
  text: `${controller} passed nothing through to a canary, and no TLSRoute is made of it. For a share of the connections give the TLSRoute of the host a second, weighted backendRef.`,
});

/**
 * ingress-nginx v1.15.1: pkg/tcpproxy/tcp.go compares the name with each host of the list, so that a wildcard never is equal;
 * internal/ingress/controller puts a host on that list by its location `/` alone, which has an empty Service, with no address to
 * connect to, until the path `/` of an Ingress gives it one. A canary takes no part in either.
 */
export const INGRESS_NGINX: Dialect = {
  controller: 'ingress-nginx',
  classControllers: ['k8s.io/ingress-nginx'],
  passthrough: [PASSTHROUGH],
  asks: parseGoBool,
  annotation(name, value) {
    if (name === PASSTHROUGH) return PASSES_NOW;
    if (name === CANARY && isCanary(value)) return noCanary('ingress-nginx');
    if (name === `${PREFIX}ssl-redirect` || name === `${PREFIX}force-ssl-redirect`)
      if (parseGoBool(value) === false)
        return { fate: 'replaced', matters: 'no', text: 'Port 80 is not served.' };
    return droppedAnnotation(name, PREFIX);
  },
  takesNoHost: (annotations) => isCanary(annotations[CANARY]),
  wildcard: {
    fate: 'replaced',
    matters: 'some',
    text: 'ingress-nginx passed no wildcard through, it ended TLS itself; Sluice passes every name below it through. Remove the host where the backend is no TLS server.',
  },
  withoutRoot: {
    fate: 'replaced',
    matters: 'much',
    text: 'ingress-nginx had no backend for a host without a path /, and closed its connections; Sluice passes all of them through. Remove the host where the backend is no TLS server.',
  },
};
