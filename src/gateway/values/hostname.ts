import { parseIpAddress } from './ip-address.ts';

/** The pattern that matches every host, as the effective host of a route and a listener that name none. */
export const ANY_HOST = '*';

/**
 * Lower-case and without a final dot. Envoy lower-cases the SNI before it looks a host up, and RFC 6066
 * section 3 has the SNI "without a trailing dot".
 */
export function normalizeHostname(hostname: string): string {
  const lower = hostname.toLowerCase();
  if (lower.endsWith('.')) return lower.slice(0, -1);
  // The text that the object holds already, where nothing has changed: it is kept for every host.
  return lower === hostname ? hostname : lower;
}

/**
 * Whether a normalised name is what the Gateway API takes for a hostname: the RFC 1123 definition, "IPs are not
 * allowed in SNI hostnames per RFC 6066", and "a hostname may be prefixed with a wildcard label (`*.`)".
 * Label and total lengths are those of RFC 1035, which also bounds what the rest of the system has to carry.
 */
export function isValidHostname(hostname: string): boolean {
  if (hostname.length === 0 || hostname.length > 253) return false;
  const start = hostname.startsWith('*.') ? 2 : 0;
  let labelStart = start;
  for (let index = start; index <= hostname.length; index++) {
    // The end of the string closes the last label as a dot would.
    const code = index === hostname.length ? DOT : hostname.charCodeAt(index);
    if (code === DOT) {
      const length = index - labelStart;
      if (length === 0 || length > 63) return false;
      if (hostname.charCodeAt(labelStart) === HYPHEN || hostname.charCodeAt(index - 1) === HYPHEN)
        return false;
      labelStart = index + 1;
    } else if (!isLabelCharacter(code)) {
      return false;
    }
  }
  return !looksLikeIpv4(hostname);
}

const DOT = 0x2e;
const HYPHEN = 0x2d;

function isLabelCharacter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === HYPHEN;
}

function looksLikeIpv4(hostname: string): boolean {
  const last = hostname.charCodeAt(hostname.length - 1);
  return last >= 0x30 && last <= 0x39 && parseIpAddress(hostname) !== undefined;
}

/**
 * Whether everything that `host` stands for is matched by `pattern`; both normalised, both may be wildcards.
 * "Hostnames that are prefixed with a wildcard label (`*.`) are interpreted as a suffix match": any number of
 * labels, but at least one, stands for the star.
 */
export function hostMatches(pattern: string, host: string): boolean {
  if (pattern === host || pattern === ANY_HOST) return true;
  return pattern.startsWith('*.') && host !== ANY_HOST && host.endsWith(pattern.slice(1));
}

/** Every wildcard that matches all of `host`, the most specific first; `host` itself if it is one. */
export function* coveringWildcards(host: string): Generator<string> {
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) yield `*${host.slice(dot)}`;
  yield ANY_HOST;
}

/**
 * What both patterns match, itself a pattern; `undefined` where nothing is. Of two suffix patterns either one
 * holds the other or they have nothing in common, so the intersection is always one of the two.
 */
export function intersectHostnames(a: string, b: string): string | undefined {
  if (hostMatches(a, b)) return b;
  if (hostMatches(b, a)) return a;
  return undefined;
}

/**
 * Below 0 where `a` is more specific than `b`. "Exact matches MUST be processed before wildcard matches, and
 * wildcard matches MUST be processed before fallback matches"; of wildcards, "the higher the number of dots in
 * the hostname to the right of the wildcard character, the higher the precedence". 0 says nothing about equality.
 */
export function compareSpecificity(a: string, b: string): number {
  return specificity(b) - specificity(a);
}

function specificity(pattern: string): number {
  if (pattern === ANY_HOST) return 0;
  if (!pattern.startsWith('*.')) return 1000;
  let dots = 0;
  for (let index = 1; index < pattern.length; index++) if (pattern.charCodeAt(index) === DOT) dots += 1;
  return dots;
}
