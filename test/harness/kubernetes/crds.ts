import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CrdChannel, gatewayApiCrds } from '../../../scripts/kubernetes-assets.ts';
import { type ApiClient, type ApiObject, documents } from './client.ts';

/** The kinds that Sluice reads, and those it may be asked about; a whole channel takes seconds longer. */
const READ = ['gatewayclasses', 'gateways', 'tlsroutes', 'referencegrants', 'listenersets'];

/** The CRDs of a channel that Sluice reads, as the Gateway API publishes them. */
export async function crdManifests(
  channel: CrdChannel,
  plurals: readonly string[] = READ,
): Promise<ApiObject[]> {
  const directory = await gatewayApiCrds(channel);
  const wanted = plurals.map((plural) => `gateway.networking.k8s.io_${plural}.yaml`);
  const files = (await readdir(directory)).filter((file) => wanted.includes(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
  return texts.flatMap(documents);
}

const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };

/** Applies CRDs and waits until the server serves each (condition `Established`, then its resource paths). */
export async function installCrds(
  client: ApiClient,
  crds: readonly ApiObject[],
  timeoutMs = 30_000,
): Promise<void> {
  await Promise.all(crds.map((crd) => client.apply([crd])));
  const deadline = performance.now() + timeoutMs;
  for (const crd of crds) {
    while (!(await isServed(client, crd))) {
      if (performance.now() > deadline)
        throw new Error(`CRD ${crd.metadata.name} was not established in time`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

async function isServed(client: ApiClient, crd: ApiObject): Promise<boolean> {
  const { status, spec } = (await client.get({ ...CRD, name: crd.metadata.name })) as unknown as {
    status?: { conditions?: readonly { type: string; status: string }[] };
    spec: {
      group: string;
      names: { plural: string };
      versions: readonly { name: string; served: boolean }[];
    };
  };
  const established = status?.conditions?.some(
    (condition) => condition.type === 'Established' && condition.status === 'True',
  );
  if (established !== true) return false;
  for (const version of spec.versions) {
    if (!version.served) continue;
    try {
      await client.raw('GET', `/apis/${spec.group}/${version.name}/${spec.names.plural}`, {
        query: { limit: '1' },
      });
      const found = (await client.raw('GET', `/apis/${spec.group}/${version.name}`)) as {
        resources: readonly { name: string }[];
      };
      if (!found.resources.some((resource) => resource.name === spec.names.plural)) return false;
    } catch {
      return false;
    }
  }
  return true;
}

/** Removes a CRD and with it every object of its kind; resolves when the server has forgotten it. */
export async function removeCrd(client: ApiClient, name: string, timeoutMs = 30_000): Promise<void> {
  await client.remove({ ...CRD, name });
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const gone = await client.get({ ...CRD, name }).then(
      () => false,
      () => true,
    );
    if (gone) return;
    if (performance.now() > deadline) throw new Error(`CRD ${name} did not go in time`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
