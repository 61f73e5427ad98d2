/** What an Envoy has, of its `/config_dump?include_eds`. Pure. */

/** By name: its version, or the addresses of an endpoint set. */
export interface EnvoyResources {
  readonly listeners: ReadonlyMap<string, string>;
  readonly clusters: ReadonlyMap<string, string>;
  /** Sorted `address:port`. */
  readonly endpoints: ReadonlyMap<string, readonly string[]>;
  /** Resources that wait for others. */
  readonly warming: readonly string[];
}

interface Dumped {
  readonly '@type'?: string;
  readonly dynamic_listeners?: readonly {
    readonly name?: string;
    readonly active_state?: { readonly version_info?: string };
    readonly warming_state?: object;
  }[];
  readonly dynamic_active_clusters?: readonly DumpedCluster[];
  readonly dynamic_warming_clusters?: readonly DumpedCluster[];
  readonly dynamic_endpoint_configs?: readonly {
    readonly endpoint_config?: {
      readonly cluster_name?: string;
      readonly endpoints?: readonly { readonly lb_endpoints?: readonly DumpedEndpoint[] }[];
    };
  }[];
}

interface DumpedCluster {
  readonly version_info?: string;
  readonly cluster?: { readonly name?: string };
}

interface DumpedEndpoint {
  readonly endpoint?: {
    readonly address?: {
      readonly socket_address?: { readonly address?: string; readonly port_value?: number };
    };
  };
}

/** Throws where the text is no config dump. */
export function readConfigDump(text: string): EnvoyResources {
  const { configs } = JSON.parse(text) as { configs?: readonly Dumped[] };
  if (!Array.isArray(configs)) throw new Error('it has no "configs"');
  const listeners = new Map<string, string>();
  const clusters = new Map<string, string>();
  const endpoints = new Map<string, readonly string[]>();
  const warming: string[] = [];
  for (const config of configs as readonly Dumped[]) {
    for (const { name = '', active_state, warming_state } of config.dynamic_listeners ?? []) {
      if (active_state !== undefined) listeners.set(name, withoutForm(active_state.version_info ?? ''));
      if (warming_state !== undefined) warming.push(`listener ${name}`);
    }
    for (const { version_info = '', cluster } of config.dynamic_active_clusters ?? [])
      clusters.set(cluster?.name ?? '', version_info);
    for (const { cluster } of config.dynamic_warming_clusters ?? [])
      warming.push(`cluster ${cluster?.name ?? ''}`);
    for (const { endpoint_config: set } of config.dynamic_endpoint_configs ?? []) {
      const found = (set?.endpoints ?? []).flatMap(({ lb_endpoints = [] }) => lb_endpoints).map(addressOf);
      endpoints.set(set?.cluster_name ?? '', found.sort());
    }
  }
  return { listeners, clusters, endpoints, warming };
}

function addressOf({ endpoint }: DumpedEndpoint): string {
  const { address = '', port_value = 0 } = endpoint?.address?.socket_address ?? {};
  return `${address}:${port_value}`;
}

/** A listener has an ending for what it is during the demand window. */
function withoutForm(version: string): string {
  return version.replace(/\.(open|closed)$/, '');
}
