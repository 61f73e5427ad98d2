import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { CrdChannel } from '../../../scripts/kubernetes-assets.ts';
import { type ApiServer, type ApiUser, startApiServer } from './api-server.ts';
import { ApiClient } from './client.ts';
import { crdManifests, installCrds } from './crds.ts';
import { type Etcd, startEtcd } from './etcd.ts';

export interface ClusterOptions {
  /** Which CRDs of the Gateway API to install; none by default. */
  readonly crds?: CrdChannel;
  /** Data directory of an ended etcd to start from (`Etcd.dataDirectory`); copied. */
  readonly seed?: string;
  /** Users besides the administrator; a token is made for each. */
  readonly users?: readonly { readonly name: string; readonly groups?: readonly string[] }[];
  readonly apiServerFlags?: readonly string[];
  /** An IP address of this machine that pods and nodes reach the API at; only `127.0.0.1` unless given. */
  readonly address?: string;
}

/** A real Kubernetes API of one test: etcd and kube-apiserver, no nodes. */
export interface Cluster {
  readonly etcd: Etcd;
  readonly apiServer: ApiServer;
  readonly url: string;
  /** The administrator's. */
  readonly client: ApiClient;
  /** kubeconfig file of the administrator. */
  readonly kubeconfig: string;
  /** Token of the named user of the options. */
  tokenOf(user: string): string;
  /** Writes a kubeconfig file; `url` differs where a test puts a proxy before the server. */
  writeKubeconfig(name: string, options: { readonly token: string; readonly url?: string }): Promise<string>;
  /** What a pod of this user finds: the environment of a process that runs as if in one. */
  podEnvironment(options: { readonly token: string }): Promise<Readonly<Record<string, string>>>;
  clientOf(token: string): ApiClient;
  stop(): Promise<void>;
}

/**
 * Starts a cluster; ready in some 5 s once the programs are in the cache. Always `stop` it; should the test process
 * die first, etcd and kube-apiserver end by themselves. Any number may run at the same time, as root or not.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const token = randomBytes(16).toString('hex');
  const others: ApiUser[] = (options.users ?? []).map((user) => ({
    name: user.name,
    groups: user.groups ?? [],
    token: randomBytes(16).toString('hex'),
  }));
  const users = [{ name: 'sluice-test-admin', token, groups: ['system:masters'] }, ...others];
  const etcd = await startEtcd(options.seed === undefined ? {} : { seed: options.seed });
  let apiServer: ApiServer;
  try {
    apiServer = await startApiServer({
      etcdUrl: etcd.url,
      users,
      flags: options.apiServerFlags ?? [],
      ...(options.address === undefined ? {} : { address: options.address }),
    });
  } catch (error) {
    await etcd.stop();
    throw error;
  }
  const clients: ApiClient[] = [];
  const clientOf = (bearer: string): ApiClient => {
    const client = new ApiClient({ url: apiServer.url, ca: apiServer.authority.certificate, token: bearer });
    clients.push(client);
    return client;
  };
  const stop = async (): Promise<void> => {
    for (const client of clients) client.close();
    await apiServer.stop();
    await etcd.stop();
  };
  try {
    const client = clientOf(token);
    if (options.crds !== undefined) await installCrds(client, await crdManifests(options.crds));
    const writeKubeconfig: Cluster['writeKubeconfig'] = async (name, given) => {
      const path = join(apiServer.directory, `${name}.kubeconfig`);
      await writeFile(
        path,
        kubeconfigOf(given.url ?? apiServer.url, apiServer.authority.certificate, given.token),
        {
          mode: 0o600,
        },
      );
      return path;
    };
    return {
      etcd,
      apiServer,
      url: apiServer.url,
      client,
      kubeconfig: await writeKubeconfig('admin', { token }),
      tokenOf(user) {
        const found = others.find((other) => other.name === user);
        if (found === undefined) throw new Error(`the cluster was started without a user ${user}`);
        return found.token;
      },
      writeKubeconfig,
      podEnvironment: async ({ token: bearer }) => {
        const directory = join(apiServer.directory, 'serviceaccount');
        await mkdir(directory, { recursive: true });
        await writeFile(join(directory, 'ca.crt'), apiServer.authority.certificate);
        await writeFile(join(directory, 'namespace'), 'sluice-system');
        await writeFile(join(directory, 'token'), bearer, { mode: 0o600 });
        const { hostname, port } = new URL(apiServer.url);
        return {
          KUBECONFIG: '',
          KUBERNETES_SERVICE_HOST: hostname,
          KUBERNETES_SERVICE_PORT: port,
          SLUICE_SERVICE_ACCOUNT_DIR: directory,
        };
      },
      clientOf,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export function kubeconfigOf(url: string, ca: string, token: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });
}
