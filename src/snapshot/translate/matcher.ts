import { type Matcher, type MatcherOnMatch, ServerNameInput, StringValue, toAny } from '../../proto/index.ts';
import type { BindingHosts } from '../hosts/binding-hosts.ts';
import { takesOneLabel } from '../hosts/host-entry.ts';
import { INDEX_CHAIN, indexChainName, ownChainName, RESERVED_CHAIN } from './filter-chain.ts';

interface Wildcard {
  readonly chain: string;
  /** Whether it takes one label only, see `takesOneLabel`. */
  readonly oneLabel: boolean;
}

/**
 * Which filter chain an SNI selects. The index chain takes everything that nothing else names; a host is named
 * here only where a wildcard's chain would take it, or where it has several backends. So the matcher is empty for
 * a binding with neither, however many hosts it has, and its size is that of the exceptions alone.
 *
 * Exact names are looked up in a hash map, wildcards by suffix, longest first. Envoy's trie for this
 * (`ServerNameMatcher`) is marked work-in-progress and "not covered by the threat model", which rules it out for
 * a listener on the public Internet.
 */
export function translateMatcher(state: BindingHosts): Matcher {
  const exact = new Map<string, string>();
  const wildcards = new Map<string, Wildcard>();
  for (const pattern of state.isolatedPatterns()) {
    if (pattern.startsWith('*')) wildcards.set(pattern, { chain: INDEX_CHAIN, oneLabel: false });
    else exact.set(pattern, INDEX_CHAIN);
  }
  for (const pattern of state.reservedPatterns()) {
    if (pattern.startsWith('*')) wildcards.set(pattern, { chain: RESERVED_CHAIN, oneLabel: false });
    else exact.set(pattern, RESERVED_CHAIN);
  }
  // After those: a host may have a route and be a listener's hostname as well, and need the other chain of the index.
  for (const [host, entry] of state.named) exact.set(host, indexChainName(entry));
  for (const [host, entry] of state.ownChains) {
    if (host.startsWith('*'))
      wildcards.set(host, { chain: ownChainName(entry), oneLabel: takesOneLabel(entry) });
    else exact.set(host, ownChainName(entry));
  }
  const fallback = wildcards.size === 0 ? toChain(INDEX_CHAIN) : { matcher: suffixes(wildcards) };
  if (exact.size === 0) return wildcards.size === 0 ? { on_no_match: fallback } : suffixes(wildcards);
  const map: Record<string, MatcherOnMatch> = {};
  for (const host of [...exact.keys()].sort()) map[host] = toChain(exact.get(host) ?? INDEX_CHAIN);
  return { matcher_tree: { input: SERVER_NAME, exact_match_map: { map } }, on_no_match: fallback };
}

/** A list of suffixes, the longest first; a connection without SNI matches none of them, not even that of `*`. */
function suffixes(wildcards: ReadonlyMap<string, Wildcard>): Matcher {
  const patterns = [...wildcards].sort(([a], [b]) => b.length - a.length || (a < b ? -1 : 1));
  return {
    matcher_list: {
      matchers: patterns.map(([pattern, { chain, oneLabel }]) => ({
        predicate: { single_predicate: { input: SERVER_NAME, value_match: valueMatch(pattern, oneLabel) } },
        on_match: toChain(chain),
      })),
    },
    on_no_match: toChain(INDEX_CHAIN),
  };
}

function valueMatch(pattern: string, oneLabel: boolean) {
  if (pattern === '*') return ANY_NAME;
  if (!oneLabel) return { suffix: pattern.slice(1) };
  // Of a host name only the dots mean something else in a regular expression.
  return { safe_regex: { google_re2: {}, regex: `[^.]+${pattern.slice(1).replaceAll('.', '\\.')}` } };
}

export function toChain(name: string): MatcherOnMatch {
  return { action: { name: 'chain', typed_config: toAny(StringValue, { value: name }) } };
}

export const SERVER_NAME = { name: 'sni', typed_config: toAny(ServerNameInput, {}) };

export const ANY_NAME = { safe_regex: { google_re2: {}, regex: '.+' } };
