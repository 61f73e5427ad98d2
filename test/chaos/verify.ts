/** Whether a gateway serves exactly what the API server has. */
import { setTimeout as delay } from 'node:timers/promises';
import { attempt } from '../harness/tls-client.ts';
import type { GatewayNode, Installation } from './installation.ts';
import type { Random } from './random.ts';
import { hostOf, type Tenants } from './tenants.ts';

/** Hosts that are connected to besides those that changed. */
const SAMPLES = 10;
const ATTEMPT_MS = 2_000;
const PAUSE_MS = 20;
/** Hosts that are connected to at a time. */
const AT_ONCE = 8;

/** Milliseconds. */
interface Rightness {
  /** Until everything had been looked at and was right. */
  readonly took: number;
  /** What was wrong last, and when. */
  readonly last: { readonly wrong: string; readonly at: number } | undefined;
}

interface ClustersDump {
  readonly configs?: readonly { readonly cluster: { readonly name: string } }[];
}

/** Resolves when everything is right; throws what is wrong after `timeoutMs`. */
export async function untilRight(
  installation: Installation,
  tenants: Tenants,
  random: Random,
  timeoutMs: number,
): Promise<Rightness> {
  const began = performance.now();
  const routes = [...tenants.served.keys()];
  const sample = Array.from({ length: SAMPLES }, () => random.pick(routes));
  const toAsk = new Set([...tenants.changed, ...sample]);
  for (let last: Rightness['last']; ; ) {
    const wrong =
      (await wrongClusters(installation, tenants)) ?? (await wrongAnswer(installation, tenants, toAsk));
    const took = performance.now() - began;
    if (wrong === undefined) return { took, last };
    last = { wrong, at: took };
    if (took > timeoutMs) throw new Error(`${wrong}, ${Math.round(took)} ms after the faults`);
    await delay(PAUSE_MS);
  }
}

async function wrongClusters({ nodes }: Installation, tenants: Tenants): Promise<string | undefined> {
  for (const node of nodes) {
    const wrong = await wrongClustersOf(node, tenants);
    if (wrong !== undefined) return `${node.id}: ${wrong}`;
  }
  return undefined;
}

/** An Envoy's clusters against the routes; `undefined` where they are the same. */
async function wrongClustersOf({ envoy }: GatewayNode, { served }: Tenants): Promise<string | undefined> {
  let page: string;
  try {
    page = await envoy.get('/config_dump?resource=dynamic_active_clusters&mask=cluster.name');
    const warming = await envoy.stat('cluster_manager.warming_clusters');
    if (warming !== 0) return `${warming} clusters are warming`;
  } catch (error) {
    return `Envoy does not tell its clusters: ${error instanceof Error ? error.message : String(error)}`;
  }
  const { configs = [] } = JSON.parse(page) as ClustersDump;
  const hosts = new Set(configs.map(({ cluster: { name } }) => name.slice(name.lastIndexOf('/') + 1)));
  const missing = [...served.keys()].filter((route) => !hosts.has(hostOf(route)));
  if (missing.length > 0) return `${missing.length} hosts are missing, ${missing[0]} is the first`;
  const surplus = hosts.size - served.size;
  return surplus === 0 ? undefined : `${surplus} hosts too many`;
}

async function wrongAnswer(
  { port }: Installation,
  { served }: Tenants,
  routes: Iterable<string>,
): Promise<string | undefined> {
  const left = routes[Symbol.iterator]();
  let wrong: string | undefined;
  const ask = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true && wrong === undefined; next = left.next()) {
      const route = next.value;
      const result = await attempt({
        ...{ address: '127.0.0.1', port, servername: hostOf(route), timeoutMs: ATTEMPT_MS },
      });
      const answer = result.outcome === 'answered' ? result.backend : result.outcome;
      const expected = served.get(route) ?? 'closed';
      if (answer !== expected) wrong = `${route} is ${answer} instead of ${expected}`;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return wrong;
}
