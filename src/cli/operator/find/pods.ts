import { TOKEN_AUDIENCE } from '../../../model/names.ts';
import { CliError, EXIT } from '../../cli-error.ts';
import type { ConnectionConfig } from '../operator-flags.ts';
import { apiConnection, callApi, type KubernetesAccess } from './api-access.ts';
import { call, type HttpTarget, messageOf } from './http.ts';
import { PodReplica, type Way } from './pod-replica.ts';
import type { Replica } from './replica.ts';

/** Port of the admin address, unless a pod says otherwise by a port of the name `admin`. */
const ADMIN_PORT = 18_001;
const TOKEN_SECONDS = 600;
const LOOPBACK = new URL('http://127.0.0.1');

/** The replicas in the cluster; `token` is shown to them instead of one made for this. Rejects with a `CliError`. */
export async function podReplicas(
  config: ConnectionConfig,
  token: string | undefined,
): Promise<readonly Replica[]> {
  const { namespace, selector, timeoutMs } = config;
  const api = await apiConnection(config);
  const signal = AbortSignal.timeout(timeoutMs);
  const { all, running } = await podsWith(api, namespace, selector, signal);
  const [first] = running;
  if (first === undefined) {
    const found = all.length === 0 ? `no pod has the labels ${selector}` : `none of ${all.length} pods runs`;
    throw new CliError(
      'SLUICE_SERVER_NOT_FOUND',
      EXIT.unavailable,
      `there is no Sluice in namespace ${namespace} of ${api.server.origin}: ${found}; name the namespace with --namespace, the labels with --selector, or an address with --server`,
    );
  }
  const made =
    token === undefined ? await tokenFor(api, config, first.spec?.serviceAccountName, signal) : { token };
  const shown = 'token' in made ? made.token : undefined;
  return running.map((pod) => {
    const { name } = pod.metadata;
    const port = adminPortOf(pod);
    // The API server takes "Authorization" for itself, and hands on the other.
    const headers = {
      ...api.headers,
      ...(shown !== undefined && { 'Sluice-Authorization': `Bearer ${shown}` }),
    };
    const proxy: Way = {
      prefix: `/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy`,
      target: async () => ({ ...api, headers }),
    };
    const forward: Way = {
      prefix: '',
      target: async () => ({
        ...(await forwarded(api, { namespace, pod: name, port }, timeoutMs)),
        headers: shown === undefined ? {} : { authorization: `Bearer ${shown}` },
      }),
    };
    const ways = { auto: [proxy, forward], proxy: [proxy], 'port-forward': [forward] }[config.through];
    return new PodReplica(name, ways, 'reason' in made ? made.reason : undefined);
  });
}

/** A port of a pod as if it were here. The library for it is loaded where it is wanted: half a second. */
export async function forwarded(
  api: KubernetesAccess,
  to: { readonly namespace: string; readonly pod: string; readonly port: number },
  timeoutMs: number,
): Promise<HttpTarget> {
  const { portForwardAgent } = await import('./port-forward.ts');
  return { server: LOOPBACK, agent: portForwardAgent(api, to, timeoutMs) };
}

/** A pod, as far as it matters here. */
export interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec?: {
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
    readonly containers?: readonly {
      readonly name?: string;
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
      readonly readinessProbe?: { readonly httpGet?: { readonly port?: number | string } };
    }[];
  };
  readonly status?: { readonly phase?: string };
}

function adminPortOf({ spec }: Pod): number {
  const ports = (spec?.containers ?? []).flatMap(({ ports: each = [] }) => each);
  return ports.find(({ name }) => name === 'admin')?.containerPort ?? ADMIN_PORT;
}

/** The pods of these labels, and those of them that run. Rejects with a `CliError`. */
export async function podsWith(
  api: KubernetesAccess,
  namespace: string,
  selector: string,
  signal: AbortSignal,
): Promise<{ readonly all: readonly Pod[]; readonly running: readonly Pod[] }> {
  const query = new URLSearchParams({ labelSelector: selector }).toString();
  const path = `/api/v1/namespaces/${namespace}/pods?${query}`;
  const body = await callApi(api, { path, signal }, 'list pods', namespace);
  const { items: all = [] } = body as { items?: readonly Pod[] };
  return { all, running: all.filter(({ status }) => status?.phase === 'Running') };
}

/**
 * A token for Sluice alone: of a service account, made for this audience and for some minutes. Credentials of the kubeconfig are never
 * shown to a pod. Without one the replica is asked all the same: it may want none.
 */
async function tokenFor(
  api: KubernetesAccess,
  { serviceAccount, namespace }: ConnectionConfig,
  ofPod: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly token: string } | { readonly reason: string }> {
  // As the manifests name it.
  const account = serviceAccount ?? { namespace, name: `${ofPod ?? 'sluice'}-viewer` };
  const path = `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}/token`;
  const body = JSON.stringify({
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [TOKEN_AUDIENCE], expirationSeconds: TOKEN_SECONDS },
  });
  try {
    const { status, text } = await call(api, { method: 'POST', path, body, signal });
    const { token } = (JSON.parse(text) as { status?: { token?: string } }).status ?? {};
    if (status < 300 && token !== undefined) return { token };
    return {
      reason: `no token of serviceaccount ${account.namespace}/${account.name}: ${messageOf(text) ?? status}`,
    };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
