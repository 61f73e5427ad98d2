import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import type { Agent as HttpAgent } from 'node:http';
import type { AgentOptions, RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Cluster, KubeConfig } from '@kubernetes/client-node';
import { ApiFailure } from './api-failure.ts';
import type { Clock } from './clock.ts';
import { http, https } from './node-http.ts';
import { isPod, podAccess } from './service-account.ts';

export interface CredentialsOptions {
  /**
   * kubeconfig file. Without it: the files of `$KUBECONFIG`, else the service account of the pod that this runs in,
   * else `~/.kube/config`.
   */
  readonly kubeconfig?: string | undefined;
  /** Context of the kubeconfig; its current one unless given. */
  readonly context?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Connections that are kept open while they carry no request, each of which spares a handshake; 4 unless given. */
  readonly freeSockets?: number | undefined;
}

export interface Connection {
  readonly server: URL;
  readonly agent: HttpAgent;
  readonly headers: Readonly<Record<string, string>>;
}

/** Credentials that were refused are not read again before they are this old: ten watches are refused at once. */
const MIN_AGE_MS = 1000;

/**
 * Where the API server is and who we are. Files are read again for every request, so that certificates, tokens and
 * the kubeconfig itself may be replaced while Sluice runs; a plugin (`exec`) runs again when what it gave has expired
 * or was refused.
 */
export class Credentials {
  readonly #options: CredentialsOptions;
  readonly #clock: Clock;
  readonly #agents: Agents;
  #config: { readonly text: string; readonly kube: KubeConfig; readonly readAt: number } | undefined;
  #pending: Promise<Connection> | undefined;

  constructor(options: CredentialsOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#agents = new Agents(options.freeSockets ?? FREE_SOCKETS);
  }

  /** Rejects with an `ApiFailure` of the reason `config` that says what is missing. */
  connection(): Promise<Connection> {
    // Requests that start together share one answer, else each would run the plugin.
    this.#pending ??= this.#resolve().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /**
   * Whether a connection can be had, as far as that is known without asking anybody: the files can be read and parsed, the
   * context is there, with its cluster, and the files that it names can be read too. No plugin runs. Throws an `ApiFailure` of
   * the reason `config`; its cause has a `code` where a file cannot be read.
   */
  async check(): Promise<void> {
    try {
      const files = this.#files(this.#options.env ?? process.env);
      if (files === undefined) {
        this.#podAccess();
        return;
      }
      const kube = await this.#load(files);
      const { caFile } = clusterOf(kube);
      const { certFile, keyFile } = kube.getCurrentUser() ?? {};
      for (const file of [caFile, certFile, keyFile])
        if (file !== undefined) accessSync(file, constants.R_OK);
    } catch (cause) {
      throw unusable(cause);
    }
  }

  /** Where the API server is and by which certificates it is believed, as far as that is known without asking anybody. Rejects as `connection` does. */
  async cluster(): Promise<{ readonly server: URL; readonly authority: string }> {
    try {
      const files = this.#files(this.#options.env ?? process.env);
      if (files === undefined) {
        const { server, ca } = this.#podAccess();
        return { server, authority: ca };
      }
      const { server, caData, caFile } = clusterOf(await this.#load(files));
      // Data wins over a file, as it does for a connection.
      const authority = caData
        ? Buffer.from(caData, 'base64').toString()
        : caFile
          ? readFileSync(caFile, 'utf8')
          : '';
      return { server: new URL(server), authority };
    } catch (cause) {
      throw unusable(cause);
    }
  }

  /** What was given was not accepted: forget everything that is cached. */
  refuse(): void {
    if (this.#config !== undefined && this.#clock.now() - this.#config.readAt >= MIN_AGE_MS)
      this.#config = undefined;
  }

  close(): void {
    this.#agents.close();
  }

  async #resolve(): Promise<Connection> {
    try {
      const files = this.#files(this.#options.env ?? process.env);
      if (files === undefined) {
        const { server, ca, token } = this.#podAccess();
        const headers = { Authorization: `Bearer ${token}` };
        return { server, agent: this.#agents.agent(server, { ca }, undefined), headers };
      }
      const kube = await this.#load(files);
      const cluster = clusterOf(kube);
      const options: RequestOptions = {};
      await kube.applyToHTTPSOptions(options);
      const server = new URL(cluster.server);
      return {
        server,
        agent: this.#agents.agent(server, options, cluster.proxyUrl),
        headers: headersOf(options),
      };
    } catch (cause) {
      throw unusable(cause);
    }
  }

  #podAccess() {
    const { context, env = process.env } = this.#options;
    if (context !== undefined)
      throw new Error(`context ${context} is asked for, but the service account of a pod has no contexts`);
    return podAccess(env);
  }

  async #load(files: readonly string[]): Promise<KubeConfig> {
    const { context } = this.#options;
    const text = files.map((file) => readFileSync(file, 'utf8')).join('\0');
    if (this.#config !== undefined && this.#config.text === text) return this.#config.kube;
    const { readKubeconfig } = await import('./kubeconfig.ts');
    const kube = readKubeconfig(files);
    if (context !== undefined) {
      if (kube.getContextObject(context) === null)
        throw new Error(`the kubeconfig has no context ${context}`);
      kube.setCurrentContext(context);
    }
    // The library refuses http: unless TLS verification is off, which without TLS means nothing.
    kube.clusters = kube.clusters.map((cluster) =>
      cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
    );
    this.#config = { text, kube, readAt: this.#clock.now() };
    return kube;
  }

  /** The kubeconfig files to read; undefined for the service account of this pod. */
  #files(env: NodeJS.ProcessEnv): string[] | undefined {
    const { kubeconfig } = this.#options;
    if (kubeconfig !== undefined && kubeconfig !== '') return [kubeconfig];
    const named = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
    // As kubectl: of several files, those that are missing are passed over.
    const present = named.filter((file) => existsSync(file));
    if (named.length > 0) return present.length > 0 ? present : named;
    if (isPod(env)) return undefined;
    const own = join(homedir(), '.kube', 'config');
    if (existsSync(own)) return [own];
    throw new Error(
      'no kubeconfig is given, $KUBECONFIG is not set, this is not a pod, and there is no ~/.kube/config',
    );
  }
}

function clusterOf(kube: KubeConfig): Cluster {
  const cluster = kube.getCurrentCluster();
  if (cluster !== null) return cluster;
  const context = kube.getCurrentContext();
  throw new Error(
    context
      ? `the kubeconfig has no context ${context}, or no cluster for it`
      : 'the kubeconfig has no current context',
  );
}

function unusable(cause: unknown): ApiFailure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ApiFailure('config', `No usable credentials for the Kubernetes API: ${reason.trim()}`, {
    cause,
  });
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  // A token file may end in a newline, which a header may not.
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value).trim();
  if (typeof options.auth === 'string')
    headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return headers;
}

/** One agent, and so one pool of connections, as long as the TLS material stays the same. */
class Agents {
  readonly #pool: typeof POOL & { readonly maxFreeSockets: number };
  #current: { readonly key: string; readonly agent: HttpAgent } | undefined;

  constructor(maxFreeSockets: number) {
    this.#pool = { ...POOL, maxFreeSockets };
  }

  agent(server: URL, options: RequestOptions, proxy: string | undefined): HttpAgent {
    // The library's agent knows proxies; it keeps the TLS material of its first use.
    if (proxy !== undefined && proxy !== '' && options.agent instanceof http.Agent) return options.agent;
    const tls: AgentOptions = {};
    const { ca, cert, key, rejectUnauthorized, servername, passphrase } = options;
    if (ca !== undefined) tls.ca = ca;
    if (cert !== undefined) tls.cert = cert;
    if (key !== undefined) tls.key = key;
    if (passphrase !== undefined) tls.passphrase = passphrase;
    if (rejectUnauthorized !== undefined) tls.rejectUnauthorized = rejectUnauthorized;
    if (servername !== undefined) tls.servername = servername;
    const identity = JSON.stringify([server.protocol, tls], (_, value: unknown) =>
      Buffer.isBuffer(value) ? value.toString('latin1') : value,
    );
    if (this.#current?.key === identity) return this.#current.agent;
    retire(this.#current?.agent);
    const agent =
      server.protocol === 'http:' ? new http.Agent(this.#pool) : new https.Agent({ ...this.#pool, ...tls });
    this.#current = { key: identity, agent };
    return agent;
  }

  close(): void {
    this.#current?.agent.destroy();
    this.#current = undefined;
  }
}

const POOL = { keepAlive: true, keepAliveMsecs: 30_000 } as const;
const FREE_SOCKETS = 4;

/** Running watches keep their connections; what is idle, or gets idle, is closed. */
function retire(agent: HttpAgent | undefined): void {
  if (agent === undefined) return;
  agent.maxFreeSockets = 0;
  closeIdle(agent);
}

/** Closes the connections that carry no request. */
export function closeIdle(agent: HttpAgent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}
