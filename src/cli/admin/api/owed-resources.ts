import { processTurns } from '../../../event-loop/turns.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  type EncodedResource,
  LISTENER_TYPE,
} from '../../../snapshot/resources/resource.ts';
import { endpointsOfSet } from '../../translate/explain.ts';
import { type AdminPage, type AdminRequest, errorPage, jsonPage } from '../admin-server.ts';
import type { AdminParts } from './admin-parts.ts';
import type { OwedResource, ResourcesReport } from './shapes.ts';

/** `/api/v1/resources?node=NAME`: what an Envoy should have, to be held against what it has. */
export async function resourcesPage(
  parts: AdminParts,
  query: URLSearchParams,
  { signal }: AdminRequest,
): Promise<AdminPage> {
  const id = query.get('node') ?? '';
  if (id === '') return errorPage(400, 'SLUICE_NODE_UNKNOWN', 'no node is named; write ?node=NAME');
  const { engine, server } = parts;
  const node = server.nodes().find((each) => each.id === id);
  const rejected: Record<string, string> = {};
  for (const typeUrl of [LISTENER_TYPE, CLUSTER_TYPE, ENDPOINT_TYPE])
    if (node !== undefined)
      for (const [name, { error }] of server.rejections.of(node.stream, typeUrl)) rejected[name] = error;
  const owed = async (typeUrl: string): Promise<readonly OwedResource[]> => {
    const lane = processTurns.reports;
    const found: OwedResource[] = [];
    for (const resource of [...engine.resources.all(typeUrl)]) {
      if (lane.isSpent) await lane.rest();
      if (signal.aborted) break;
      found.push(owedResource(resource));
    }
    return found;
  };
  return jsonPage({
    ...parts.answer('ResourcesReport'),
    connected: node !== undefined,
    listeners: await owed(LISTENER_TYPE),
    clusters: await owed(CLUSTER_TYPE),
    endpoints: await owed(ENDPOINT_TYPE),
    rejected,
  } satisfies ResourcesReport);
}

function owedResource(resource: EncodedResource): OwedResource {
  const { name, version, typeUrl } = resource;
  if (typeUrl !== ENDPOINT_TYPE) return { name, version };
  const addresses = endpointsOfSet(resource).map(({ address, port }) => `${address}:${port}`);
  return { name, version, addresses: addresses.sort() };
}
