import { CliError, EXIT } from '../../cli-error.ts';
import type { SocketAddress } from '../../flag-values.ts';
import type { HttpTarget } from '../find/http.ts';
import type { Pod } from '../find/pods.ts';
import type { ConnectionConfig } from '../operator-flags.ts';

/** An Envoy's admin interface. */
export interface Envoy {
  /** Of its node and pod, or its address. */
  readonly name: string;
  /** May take loading a library. */
  readonly admin: () => Promise<HttpTarget>;
}

/** Unless the pod says otherwise, by its readiness probe. */
const ADMIN_PORT = 15_000;

type EnvoyConfig = ConnectionConfig & {
  readonly envoyAdmins: readonly SocketAddress[];
  readonly envoySelector: string;
};

/**
 * The Envoys that the flags name, else those that run in the cluster, of one node if that is given, each behind a forwarded port: their
 * admin interface is on the loopback of their node alone. Rejects with a `CliError`.
 */
export async function envoysOf(
  config: EnvoyConfig,
  node?: string,
): Promise<readonly [Envoy, ...(readonly Envoy[])]> {
  const [first, ...others] =
    config.envoyAdmins.length > 0 ? envoysAt(config.envoyAdmins) : await envoysInCluster(config, node);
  if (first !== undefined) return [first, ...others];
  const where = node === undefined ? '' : ` on node ${JSON.stringify(node)}`;
  throw new CliError(
    'SLUICE_ENVOY_NOT_FOUND',
    EXIT.unavailable,
    `no pod with the labels ${config.envoySelector} runs${where}; name the labels with --envoy-selector, or an address with --envoy-admin`,
  );
}

function envoysAt(addresses: readonly SocketAddress[]): readonly Envoy[] {
  return addresses.map(({ host, port }) => {
    const server = new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`);
    return { name: server.host, admin: async () => ({ server }) };
  });
}

async function envoysInCluster(config: EnvoyConfig, node: string | undefined): Promise<readonly Envoy[]> {
  const { namespace, timeoutMs, envoySelector, servers } = config;
  if (servers.length > 0)
    throw new CliError(
      'SLUICE_FLAG_MISSING',
      EXIT.usage,
      "with --server, --envoy-admin says where Envoy's admin interface is: kubectl port-forward POD 15000, then --envoy-admin 127.0.0.1:15000",
    );
  const { forwarded, podsWith } = await import('../find/pods.ts');
  const { apiConnection } = await import('../find/api-access.ts');
  const api = await apiConnection(config);
  const { running } = await podsWith(api, namespace, envoySelector, AbortSignal.timeout(timeoutMs));
  return running
    .filter(({ spec }) => node === undefined || spec?.nodeName === node)
    .map((pod) => ({
      name: `${pod.spec?.nodeName ?? ''} (${pod.metadata.name})`,
      admin: () => forwarded(api, { namespace, pod: pod.metadata.name, port: adminPortOf(pod) }, timeoutMs),
    }));
}

function adminPortOf({ spec }: Pod): number {
  const envoy = spec?.containers?.find(({ name }) => name === 'envoy');
  const port = Number(envoy?.readinessProbe?.httpGet?.port);
  return Number.isInteger(port) ? port : ADMIN_PORT;
}
