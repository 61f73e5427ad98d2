import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubernetesAsset } from '../../../scripts/kubernetes-assets.ts';
import { createAuthority, serviceAccountKey, type TestAuthority } from './certificates.ts';
import { ApiClient } from './client.ts';
import { freePort } from './free-port.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';

/** A user who may log in with a token. `groups: ['system:masters']` may do everything. */
export interface ApiUser {
  readonly name: string;
  readonly token: string;
  readonly groups: readonly string[];
}

export interface ApiServerOptions {
  readonly etcdUrl: string;
  readonly users: readonly ApiUser[];
  /** An IP address of this machine that it is reached at as well: by pods, as the Service `kubernetes`. */
  readonly address?: string;
  /** More flags of kube-apiserver, `--flag=value`. */
  readonly flags?: readonly string[];
}

export interface ApiServer {
  /** `https://127.0.0.1:<port>`; stays the same when the server is restarted. */
  readonly url: string;
  readonly port: number;
  /** PEM; signs the server's certificate and clients'. */
  readonly authority: TestAuthority;
  /** Folder of the server's keys; tests may put files there, it goes with the server. */
  readonly directory: string;
  /** Starts it again after `kill`, on the same port; resolves when ready. */
  restart(): Promise<void>;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Stops answering while connections stay open, until `resume`. */
  suspend(): void;
  resume(): void;
  stop(): Promise<void>;
}

const ATTEMPTS = 4;
const READY_MS = 90_000;

/** kube-apiserver with RBAC and tokens on a free port of 127.0.0.1. Rejects with the end of its log. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const binary = await kubernetesAsset('kube-apiserver');
  const directory = await mkdtemp(join(tmpdir(), 'sluice-apiserver-'));
  const authority = await createAuthority('sluice-test-ca');
  const file = async (name: string, content: string): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };
  const server = await authority.server(
    ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
    ['127.0.0.1', '::1', '10.96.0.1', ...(options.address === undefined ? [] : [options.address])],
  );
  const caFile = await file('ca.crt', authority.certificate);
  const keyFile = await file('service-account.key', serviceAccountKey());
  const tokens = options.users.map(
    (user) => `${user.token},${user.name},${user.name},"${user.groups.join(',')}"`,
  );
  const flags = [
    `--etcd-servers=${options.etcdUrl}`,
    ...reachedAt(options.address),
    `--tls-cert-file=${await file('server.crt', server.certificate)}`,
    `--tls-private-key-file=${await file('server.key', server.key)}`,
    `--client-ca-file=${caFile}`,
    `--cert-dir=${directory}`,
    `--token-auth-file=${await file('tokens.csv', `${tokens.join('\n')}\n`)}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${keyFile}`,
    `--service-account-signing-key-file=${keyFile}`,
    '--service-cluster-ip-range=10.96.0.0/12',
    ...(options.flags ?? []),
  ];
  const admin = options.users.find((user) => user.groups.includes('system:masters'));
  const token = admin?.token ?? '';
  const launch = async (port: number): Promise<GuardedProcess | { readonly log: string }> => {
    const name = 'kube-apiserver';
    const process = await startGuarded(name, binary, [...flags, `--secure-port=${port}`], directory);
    if (await ready(`https://127.0.0.1:${port}`, authority.certificate, token, process)) return process;
    await process.kill('SIGKILL');
    return { log: await process.log() };
  };

  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const launched = await launch(port);
    if ('log' in launched && typeof launched.log === 'string') {
      if (attempt < ATTEMPTS && launched.log.includes('address already in use')) continue;
      await rm(directory, { recursive: true, force: true });
      throw new Error(`kube-apiserver did not become ready; the end of its log:\n${launched.log}`);
    }
    let process = launched as GuardedProcess;
    return {
      url: `https://127.0.0.1:${port}`,
      port,
      authority,
      directory,
      async restart() {
        const again = await launch(port);
        if ('running' in again) process = again;
        else throw new Error(`kube-apiserver did not come back; the end of its log:\n${again.log}`);
      },
      kill: () => process.kill('SIGKILL'),
      suspend: () => process.signal('SIGSTOP'),
      resume: () => process.signal('SIGCONT'),
      async stop() {
        // SIGTERM would wait up to a minute for open watches.
        await process.kill('SIGKILL');
        await rm(directory, { recursive: true, force: true });
      },
    };
  }
}

function reachedAt(address: string | undefined): string[] {
  if (address !== undefined) return ['--bind-address=0.0.0.0', `--advertise-address=${address}`];
  return [
    '--bind-address=127.0.0.1',
    // A network namespace of a test has no default route to guess this from; nobody ever uses it, since the
    // reconciler that would publish it (and refuse a loopback address) is off.
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
  ];
}

async function ready(url: string, ca: string, token: string, process: GuardedProcess): Promise<boolean> {
  const client = new ApiClient({ url, ca, token });
  const deadline = performance.now() + READY_MS;
  try {
    while (process.running() && performance.now() < deadline) {
      try {
        await client.raw('GET', '/readyz');
        // Made by a controller that starts with the server; almost every test puts objects there.
        await client.raw('GET', '/api/v1/namespaces/default');
        return true;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    return false;
  } finally {
    client.close();
  }
}
