/** Asks a real Envoy whether it would take what the goldens say. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { findEnvoy } from '../../scripts/fetch-envoy.ts';
import { bootstrapConfig } from '../../src/cli/bootstrap-config.ts';
import { BOOTSTRAP_FLAGS } from '../../src/cli/bootstrap-flags.ts';
import { readFlags } from '../../src/cli/flag.ts';

interface SocketAddress {
  readonly socket_address: { readonly address: string; readonly port_value: number };
}

interface ListenerJson {
  readonly name: string;
  readonly address: SocketAddress;
  readonly additional_addresses?: readonly { readonly address: SocketAddress }[];
}

interface ClusterJson {
  readonly name: string;
}

interface EndpointsJson {
  readonly cluster_name: string;
}

/** The `resources` of a golden. */
export interface GoldenResources {
  readonly listeners: readonly ListenerJson[];
  readonly clusters: readonly ClusterJson[];
  readonly endpoints: readonly EndpointsJson[];
}

/** What one Envoy can have at the same time: no two of one name, no two listeners of one address. */
class Batch {
  readonly listeners: ListenerJson[] = [];
  readonly clusters: object[] = [];
  readonly #taken = new Set<string>();

  addListener(listener: ListenerJson): boolean {
    const addresses = [
      listener.address,
      ...(listener.additional_addresses ?? []).map((each) => each.address),
    ];
    const keys = addresses.map(({ socket_address: { address, port_value } }) => `${address} ${port_value}`);
    return this.#take([`listener ${listener.name}`, ...keys]) && this.listeners.push(listener) > 0;
  }

  addCluster(cluster: ClusterJson): boolean {
    return this.#take([`cluster ${cluster.name}`]) && this.clusters.push(cluster) > 0;
  }

  #take(keys: readonly string[]): boolean {
    if (keys.some((key) => this.#taken.has(key))) return false;
    for (const key of keys) this.#taken.add(key);
    return true;
  }
}

export async function readResources(golden: string): Promise<GoldenResources> {
  return (parse(await readFile(golden, 'utf8')) as { resources: GoldenResources }).resources;
}

/**
 * What Envoy says against any of the resources, `undefined` if nothing. Goldens share most of their resources: each
 * different one is looked at once, in as few Envoys as their names allow.
 */
export async function envoyRefuses(goldens: readonly GoldenResources[]): Promise<string | undefined> {
  const batches: Batch[] = [];
  const place = (add: (batch: Batch) => boolean) => {
    if (batches.some(add)) return;
    const batch = new Batch();
    add(batch);
    batches.push(batch);
  };
  for (const listener of distinct(goldens.flatMap(({ listeners }) => listeners))) {
    place((batch) => batch.addListener(listener));
  }
  for (const cluster of distinct(goldens.flatMap(({ clusters }) => clusters))) {
    place((batch) => batch.addCluster(cluster));
  }
  for (const set of distinct(goldens.flatMap(({ endpoints }) => endpoints))) {
    const cluster = endpointsAsCluster(set);
    place((batch) => batch.addCluster(cluster));
  }
  const envoy = await findEnvoy();
  for (const { listeners, clusters } of batches) {
    const complaint = await validate(envoy, bootstrap(listeners, clusters));
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

/** Endpoint sets come over EDS alone; in a cluster that holds them they pass the same validation. */
function endpointsAsCluster(set: EndpointsJson): ClusterJson & object {
  return {
    name: `endpoints of ${set.cluster_name}`,
    type: 'STATIC',
    common_lb_config: { locality_weighted_lb_config: {} },
    load_assignment: set,
  } as ClusterJson;
}

/** What `sluice bootstrap` prints, with the resources that would come over xDS as static ones. */
function bootstrap(listeners: readonly object[], clusters: readonly object[]): object {
  const config = bootstrapConfig(readFlags(BOOTSTRAP_FLAGS, { nodeId: ['validation'] }, {})) as {
    dynamic_resources: { ads_config: object };
    static_resources: { clusters: readonly object[] };
  };
  return {
    ...config,
    dynamic_resources: { ads_config: config.dynamic_resources.ads_config },
    static_resources: { listeners, clusters: [...config.static_resources.clusters, ...clusters] },
  };
}

async function validate(envoy: string, config: object): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-validate-'));
  try {
    const file = join(directory, 'envoy.json');
    await writeFile(file, JSON.stringify(config));
    const child = spawn(envoy, ['--mode', 'validate', '-c', file, '--log-level', 'error'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    child.on('error', reject).on('close', resolve);
    return (await promise) === 0 ? undefined : stderr;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function distinct<T>(values: readonly T[]): readonly T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
