/** The etcd of a cluster with N tenants, made once and kept: the API server takes some 500 writes a second. */
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, cached, requireFreeSpace } from '../../scripts/kubernetes-assets.cache.ts';
import { ETCD_VERSION, GATEWAY_API_VERSION, KUBERNETES_VERSION } from '../../scripts/kubernetes-assets.ts';
import { startCluster } from '../../test/harness/kubernetes/cluster.ts';
import { gatewayClass, type Manifest, namespaces, tenants } from './manifests.ts';

/** To be raised when manifests.ts changes. */
const CONTENT = 2;
const PREFIX = `bench-seed-${CONTENT}-${KUBERNETES_VERSION}-${ETCD_VERSION}-${GATEWAY_API_VERSION}-`;
/** What etcd keeps of one, with room to spare. */
const BYTES_PER_ROUTE = 40_000;
const CONCURRENCY = 32;
const OBJECTS_PER_ROUTE = 3;

type Progress = (line: string) => void;

/** A data directory of an ended etcd that holds N tenants and no Gateway. Takes minutes the first time. */
export async function seed(routes: number, progress: Progress): Promise<string> {
  const cache = cacheDirectory();
  return await cached(join(cache, `${PREFIX}${routes}`), progress, async (scratch) => {
    await requireFreeSpace(cache, routes * BYTES_PER_ROUTE, `Keeping a cluster of ${routes} routes`);
    const from = await largestBelow(routes, cache);
    const cluster = await startCluster(
      from === 0 ? { crds: 'standard' } : { seed: join(cache, `${PREFIX}${from}`) },
    );
    try {
      if (from === 0) await cluster.client.createAll([gatewayClass(), ...namespaces()], CONCURRENCY);
      const objects = counted(tenants(routes, from), (routes - from) * OBJECTS_PER_ROUTE, progress);
      await cluster.client.createAll(objects, CONCURRENCY);
      await cluster.apiServer.stop();
      await cluster.etcd.process.kill('SIGTERM');
      await cp(cluster.etcd.dataDirectory, scratch, { recursive: true });
    } finally {
      await cluster.stop();
    }
  });
}

/** A smaller seed is a start. */
async function largestBelow(routes: number, cache: string): Promise<number> {
  const sizes = (await readdir(cache))
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => Number(name.slice(PREFIX.length)))
    .filter((size) => size < routes);
  return Math.max(0, ...sizes);
}

function* counted(objects: Iterable<Manifest>, total: number, progress: Progress): Generator<Manifest> {
  let count = 0;
  for (const object of objects) {
    if (count % 3_000 === 0) progress(`seeding the API server, once: ${count} of ${total} objects`);
    count += 1;
    yield object;
  }
}
