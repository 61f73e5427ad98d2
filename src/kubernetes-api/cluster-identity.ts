import { createHash } from 'node:crypto';
import type { ClusterIdentity } from '../model/saved-state.ts';
import { systemClock } from './clock.ts';
import { Credentials, type CredentialsOptions } from './credentials.ts';
import { type ApiTransport, readBody } from './transport.ts';

/** Lives as long as its cluster; Sluice reads Namespaces anyway. */
const NAMESPACE = '/api/v1/namespaces/kube-system';
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
const MAX_BYTES = 1024 * 1024;

/** What is known of a cluster before it has answered. Rejects with an `ApiFailure` where not even that is known. */
export async function configuredCluster(options: CredentialsOptions): Promise<ClusterIdentity> {
  const credentials = new Credentials(options, systemClock);
  try {
    const { server, authority } = await credentials.cluster();
    const digest = authority === '' ? '' : createHash('sha256').update(authority.trim()).digest('hex');
    // One origin may stand before several clusters.
    return { server: `${server.origin}${server.pathname}`.replace(/\/$/, ''), authority: digest, uid: '' };
  } finally {
    credentials.close();
  }
}

/** The cluster's uid; `''` where nobody says, or not within `silenceMs`. Never rejects. */
export async function clusterUid(
  transport: Pick<ApiTransport, 'get'>,
  silenceMs: number,
  signal: AbortSignal,
): Promise<string> {
  try {
    const { status, body } = await transport.get({
      path: NAMESPACE,
      accept: METADATA_ONLY,
      silenceMs,
      signal,
    });
    const bytes = await readBody(body, MAX_BYTES);
    if (status !== 200 || bytes === undefined) return '';
    const { metadata } = JSON.parse(bytes.toString('utf8')) as {
      readonly metadata?: { readonly uid?: unknown };
    };
    return typeof metadata?.uid === 'string' ? metadata.uid : '';
  } catch {
    return '';
  }
}
