import { type Filter, SetFilterState, TypedExtensionConfig, toAny } from '../../proto/index.ts';
import { hostOfCluster } from '../hosts/host-entry.ts';
import { encodeResource } from '../resources/encode.ts';
import type { EncodedResource } from '../resources/resource.ts';

/** Of a host's name nothing else can be in the list: it is written into an expression. */
const PLAIN_NAME = /^[a-z0-9.-]+$/;

/** Envoy takes 8.5 ms for a list of so many, and less than 0.2 ms more for each connection that looks at it. */
const MOST_LISTED = 500;
/** The same for each of the two chains of each wildcard: so many names of all of them together are some 35 ms. */
const MOST_READ = 1_000;

/** How many hosts a list has at most where so many wildcards read it. */
export function mostNewHosts(wildcards: number): number {
  return Math.min(MOST_LISTED, Math.floor(MOST_READ / wildcards));
}

/** Name of the list of new hosts of a binding, and of the filter that reads it. */
export function newHostsName(binding: string): string {
  return `new hosts of ${binding}`;
}

/**
 * Stands before the tcp_proxy of a wildcard's chain: a connection for a host on the list goes to the cluster of that host. The list is a
 * resource of its own, different for each Envoy, and empty until Envoy has one: a listener never waits for it.
 *
 * These bytes must not change, as those of the chain: see `indexChains`.
 */
export function newHostsFilter(binding: string): Filter {
  return {
    name: newHostsName(binding),
    config_discovery: {
      config_source: { ads: {}, resource_api_version: 'V3' },
      default_config: toAny(SetFilterState, {}),
      apply_default_config_without_warming: true,
      type_urls: [SetFilterState.typeUrl],
    },
  };
}

/** The list of these hosts, by the names of their clusters. Equal hosts give equal bytes. */
export function translateNewHosts(binding: string, clusters: Iterable<string>): EncodedResource {
  const names = [...clusters]
    .map(hostOfCluster)
    .filter((host) => PLAIN_NAME.test(host))
    .sort();
  const content = TypedExtensionConfig.encode({
    name: newHostsName(binding),
    typed_config: toAny(
      SetFilterState,
      names.length === 0 ? {} : { on_new_connection: [select(binding, names)] },
    ),
  });
  return encodeResource(TypedExtensionConfig.typeUrl, newHostsName(binding), content);
}

/**
 * Two commands, the cluster's prefix and the name: Envoy has switched off the concatenation of CEL. For a host that is not on the list
 * both are empty, and nothing is set. Envoy has brought the server name to lower case.
 */
function select(binding: string, names: readonly string[]) {
  const isListed = `connection.requested_server_name in [${names.map((name) => `'${name}'`).join(',')}]`;
  const format = `%CEL(${isListed} ? '${binding}/' : '')%%CEL(${isListed} ? connection.requested_server_name : '')%`;
  return {
    object_key: 'envoy.tcp_proxy.cluster',
    skip_if_empty: true,
    format_string: { omit_empty_values: true, text_format_source: { inline_string: format } },
  };
}
