import {
  type EncodedAny,
  type FilterChain,
  Listener,
  type Matcher,
  type MatcherOnMatch,
  Resource,
  StringValue,
} from '../../proto/index.ts';
import { structurallyEqual } from '../collections/structural-equality.ts';
import {
  type DemandForm,
  type DemandForms,
  type EncodedResource,
  FORM_ENDING,
  type NewHostsOfListener,
} from '../resources/resource.ts';
import { INDEX_CHAIN, isIndexChain, onDemandName } from './filter-chain.ts';
import { ANY_NAME, SERVER_NAME, toChain } from './matcher.ts';

/** Adds to a listener its forms for the demand window, and its new hosts. Nothing is encoded before an Envoy needs it. */
export function withDemandForms(
  listener: EncodedResource,
  {
    onDemand,
    clusters,
    newHosts,
  }: {
    readonly onDemand: readonly FilterChain[];
    readonly clusters: readonly string[];
    readonly newHosts: NewHostsOfListener;
  },
): EncodedResource {
  let last: { readonly hosts: readonly string[]; readonly form: EncodedResource } | undefined;
  const demand: DemandForms = {
    open: new ListenerForm(listener, 'open', onDemand),
    named: (hosts) => {
      // 0.1 s of work for 20,000 hosts, which many Envoys may ask for at once.
      if (last === undefined || !structurallyEqual(last.hosts, hosts))
        last = { hosts, form: new ListenerForm(listener, 'named', onDemand, hosts) };
      return last.form;
    },
    closed: new ListenerForm(listener, 'closed', onDemand),
    clusters,
  };
  const { typeUrl, name, version, bytes } = listener;
  return { typeUrl, name, version, bytes, demand, newHosts };
}

/**
 * One form of a listener, made of its bytes: what the listener was made of may have changed when the form is asked for.
 */
class ListenerForm implements EncodedResource {
  readonly typeUrl = Listener.typeUrl;
  readonly name: string;
  readonly version: string;
  readonly #listener: EncodedResource;
  readonly #form: DemandForm;
  readonly #onDemand: readonly FilterChain[];
  readonly #hosts: readonly string[];
  #bytes: Uint8Array | undefined;

  constructor(
    listener: EncodedResource,
    form: DemandForm,
    onDemand: readonly FilterChain[],
    hosts: readonly string[] = [],
  ) {
    this.name = listener.name;
    this.version = listener.version + FORM_ENDING[form];
    this.#listener = listener;
    this.#form = form;
    this.#onDemand = onDemand;
    this.#hosts = hosts;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= Resource.encode({
      name: this.name,
      version: this.version,
      resource: { type_url: this.typeUrl, value: this.#encode() },
    });
    return this.#bytes;
  }

  #encode(): Uint8Array {
    const value = Resource.decode(this.#listener.bytes).resource?.value ?? new Uint8Array();
    const listener = Listener.decode(value);
    const { filter_chain_matcher, filter_chains = [] } = listener;
    return Listener.encode({
      ...listener,
      filter_chains: [...filter_chains, ...this.#onDemand],
      ...(filter_chain_matcher && { filter_chain_matcher: this.#matcher(filter_chain_matcher as Matcher) }),
    } as Parameters<typeof Listener.encode>[0]);
  }

  #matcher(matcher: Matcher): Matcher {
    switch (this.#form) {
      case 'open':
        return waiting(matcher);
      case 'named':
        return waitingFor(this.#hosts, matcher);
      case 'closed':
        return matcher;
    }
  }
}

/**
 * The matcher that leads to chains that wait wherever there may be a host: what is named, and what nothing else takes. Not so
 * suffixes that lead to the index, below which there is none that is not named; and a connection without a server name
 * is closed at once, as ever.
 */
function waiting(matcher: Matcher): Matcher {
  const map = matcher.matcher_tree?.exact_match_map?.map;
  return {
    ...matcher,
    ...(map && {
      matcher_tree: { ...matcher.matcher_tree, exact_match_map: { map: mapped(map, waitingAtName) } },
    }),
    ...(matcher.on_no_match && { on_no_match: waitingAtRest(matcher.on_no_match) }),
  };
}

/** The matcher that leads to chains that wait for these hosts, and for those that it names itself. */
function waitingFor(hosts: readonly string[], matcher: Matcher): Matcher {
  const named = matcher.matcher_tree?.exact_match_map?.map;
  const onDemand = toChain(onDemandName(INDEX_CHAIN));
  const map: Record<string, MatcherOnMatch> = {};
  for (const host of hosts) map[host] = onDemand;
  Object.assign(map, named && mapped(named, waitingAtName));
  const rest = named || !matcher.matcher_list ? matcher.on_no_match : { matcher };
  return {
    matcher_tree: { input: SERVER_NAME, exact_match_map: { map } },
    ...(rest && { on_no_match: rest }),
  };
}

function mapped<T>(map: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

function waitingAtName(onMatch: MatcherOnMatch): MatcherOnMatch {
  const chain = chainOf(onMatch);
  return chain !== undefined && isIndexChain(chain) ? toChain(onDemandName(chain)) : onMatch;
}

function waitingAtRest(rest: MatcherOnMatch): MatcherOnMatch {
  if (rest.matcher) return { matcher: waiting(rest.matcher) };
  const chain = chainOf(rest);
  if (chain === undefined) return rest;
  const predicate = { single_predicate: { input: SERVER_NAME, value_match: ANY_NAME } };
  return {
    matcher: {
      matcher_list: { matchers: [{ predicate, on_match: toChain(onDemandName(chain)) }] },
      on_no_match: rest,
    },
  };
}

function chainOf({ action }: MatcherOnMatch): string | undefined {
  const { value } = (action?.typed_config ?? {}) as Partial<EncodedAny>;
  return value && StringValue.decode(value).value;
}
