import { TOKEN_AUDIENCE } from '../../../model/names.ts';
import { CliError, EXIT } from '../../cli-error.ts';
import type { ConnectionConfig } from '../operator-flags.ts';
import { apiConnection, callApi, type KubernetesAccess } from './api-access.ts';
import { call, type HttpTarget, messageOf } from './http.ts';

/** Port of the admin address, unless a pod says otherwise by a port of the name `admin`. */
const ADMIN_PORT = 18_001;
const TOKEN_SECONDS = 600;

/** The replicas of a cluster, each behind the API server's proxy to its pod. */
export interface FoundPods {
  readonly pods: readonly { readonly name: string; readonly path: string }[];
  readonly target: HttpTarget;
  /** Why they are shown no token; `undefined` where they are. */
  readonly withoutToken: string | undefined;
}

/** The pods that the flags lead to; `token` is shown instead of one made for this. Rejects with a `CliError`. */
export async function findPods(config: ConnectionConfig, token: string | undefined): Promise<FoundPods> {
  const api = await apiConnection(config);
  const signal = AbortSignal.timeout(config.timeoutMs);
  const pods = await podsOf(api, config, signal);
  const made = token === undefined ? await tokenFor(api, config, pods[0]?.serviceAccount, signal) : { token };
  return {
    pods: pods.map(({ name, port }) => ({
      name,
      path: `/api/v1/namespaces/${config.namespace}/pods/${name}:${port}/proxy`,
    })),
    target: {
      ...api,
      // The API server takes "Authorization" for itself.
      headers: { ...api.headers, ...('token' in made && { 'Sluice-Authorization': `Bearer ${made.token}` }) },
    },
    withoutToken: 'token' in made ? undefined : made.reason,
  };
}

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec?: {
    readonly serviceAccountName?: string;
    readonly containers?: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: { readonly phase?: string };
}

interface FoundPod {
  readonly name: string;
  readonly port: number;
  readonly serviceAccount: string | undefined;
}

async function podsOf(
  api: KubernetesAccess,
  { namespace, selector }: ConnectionConfig,
  signal: AbortSignal,
): Promise<readonly FoundPod[]> {
  const query = new URLSearchParams({ labelSelector: selector }).toString();
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const body = await callApi(api, { path: `${path}?${query}`, signal }, 'list pods', namespace);
  const { items = [] } = body as { items?: readonly Pod[] };
  const running = items.filter(({ status }) => status?.phase === 'Running');
  if (running.length === 0) {
    const found =
      items.length === 0 ? `no pod has the labels ${selector}` : `none of ${items.length} pods runs`;
    throw new CliError(
      'SLUICE_SERVER_NOT_FOUND',
      EXIT.unavailable,
      `there is no Sluice in namespace ${namespace} of ${api.server.origin}: ${found}; name the namespace with --namespace, the labels with --selector, or an address with --server`,
    );
  }
  return running.map(({ metadata, spec }) => {
    const ports = (spec?.containers ?? []).flatMap(({ ports: each = [] }) => each);
    const port = ports.find(({ name }) => name === 'admin')?.containerPort ?? ADMIN_PORT;
    return { name: metadata.name, port, serviceAccount: spec?.serviceAccountName };
  });
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
