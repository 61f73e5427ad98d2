/** Asks a real kube-apiserver whether it would take manifests, and holds its answers against ours. */
import type { CrdChannel } from '../../scripts/kubernetes-assets.ts';
import { judge } from '../../src/admission/judge.ts';
import { decodeObject } from '../../src/watchers/objects/decode.ts';
import { mirrorEndpoints } from '../../src/watchers/objects/mirror-endpoints.ts';
import { ApiError } from '../harness/kubernetes/client.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { crdManifests, installCrds } from '../harness/kubernetes/crds.ts';
import type { Manifest } from './arbitrary-manifest.ts';
import { type KnownDifference, knownDifference } from './known-differences.ts';

export interface Comparison {
  readonly manifest: Manifest;
  /** What the server says against it; `undefined` where it takes it. */
  readonly server: string | undefined;
  /** The same of Sluice. */
  readonly own: string | undefined;
  /** Where they differ, and docs/design/admission.md says why. */
  readonly known: KnownDifference | undefined;
}

const KINDS = [
  'gatewayclasses',
  'gateways',
  'listenersets',
  'tlsroutes',
  'httproutes',
  'grpcroutes',
  'tcproutes',
  'referencegrants',
];
const CONCURRENCY = 8;

/** A cluster with the CRDs of a channel, in which both address families are there. */
export async function startJudge(channel: CrdChannel): Promise<Cluster> {
  const cluster = await startCluster({
    apiServerFlags: ['--service-cluster-ip-range=10.96.0.0/12,fd00:10:96::/112'],
  });
  await installCrds(cluster.client, await crdManifests(channel, KINDS));
  return cluster;
}

export async function compareAll(
  cluster: Cluster,
  channel: CrdChannel,
  manifests: readonly Manifest[],
): Promise<readonly Comparison[]> {
  const found: Comparison[] = new Array(manifests.length);
  const iterator = manifests.entries();
  const worker = async (): Promise<void> => {
    for (const [index, manifest] of iterator) {
      const server = await refusalOfServer(cluster, manifest);
      const own = ownRefusal(channel, manifest);
      const differ = (server === undefined) !== (own === undefined);
      found[index] = { manifest, server, own, known: differ ? knownDifference(server, own) : undefined };
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return found;
}

/** Where the two differ and nothing says why. */
export function isDisagreement({ server, own, known }: Comparison): boolean {
  return (server === undefined) !== (own === undefined) && known === undefined;
}

/** As `kubectl create --dry-run=server` asks. */
async function refusalOfServer(cluster: Cluster, manifest: Manifest): Promise<string | undefined> {
  try {
    await cluster.client.create(manifest, { dryRun: 'All', fieldValidation: 'Strict' });
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError) || ![400, 404, 422].includes(error.status)) throw error;
    return error.message;
  }
}

function ownRefusal(channel: CrdChannel, manifest: Manifest): string | undefined {
  const options = { judge: (raw: Manifest) => judge(raw, channel) };
  const isEndpoints = manifest['kind'] === 'Endpoints';
  const decoded = isEndpoints ? mirrorEndpoints(manifest, options) : decodeObject(manifest, options);
  if (decoded.type === 'invalid') return decoded.message;
  if (decoded.type === 'ignored') {
    // A kind that is judged and not read.
    const { refusals, unknown } = judge(manifest, channel);
    return [...refusals, ...unknown.map(({ field }) => ({ field, message: 'is unknown' }))]
      .map(({ field, message }) => `${field.join('.')} ${message}`)
      .at(0);
  }
  return decoded.warnings.find(({ code }) => code === 'SLUICE_FIELD_UNKNOWN')?.message;
}
