import type { Agent, RequestOptions } from 'node:http';
import { type Duplex, duplexPair, Writable } from 'node:stream';
import { KubeConfig, PortForward } from '@kubernetes/client-node';
import { http } from '../../../kubernetes-api/node-http.ts';
import type { KubernetesAccess } from './api-access.ts';

/** A port of a pod. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** An agent whose connections end at a port of a pod, on its own loopback, where no NetworkPolicy stands between. */
export function portForwardAgent(api: KubernetesAccess, to: PodPort, timeoutMs: number): Agent {
  const agent = new http.Agent({ keepAlive: false });
  agent.createConnection = (_, done) => {
    podConnection(api, to, timeoutMs).then(
      (connection) => done?.(null, connection),
      (error: unknown) => done?.(failure(error, to), undefined as never),
    );
    return undefined;
  };
  return agent;
}

async function podConnection(
  api: KubernetesAccess,
  { namespace, pod, port }: PodPort,
  timeoutMs: number,
): Promise<Duplex> {
  const [near, far] = duplexPair();
  // What kubelet says where it reaches no such port.
  const errors = new Writable({
    write: (said: Buffer, _, done) => {
      if (said.length > 0) near.destroy(new Error(said.toString('utf8').trim()));
      done();
    },
  });
  const forward = new PortForward(new KubeConfigOf(api, timeoutMs));
  const socket = await forward.portForward(namespace, pod, [port], far, errors, far);
  if (typeof socket === 'function') throw new Error('the library opened no connection');
  socket.onclose = () => far.end();
  near.once('close', () => socket.close());
  return near;
}

/** The library's view of a connection to the API server that is there already, whatever its credentials come from. */
class KubeConfigOf extends KubeConfig {
  readonly #api: KubernetesAccess;
  readonly #timeoutMs: number;

  constructor(api: KubernetesAccess, timeoutMs: number) {
    super();
    this.#api = api;
    this.#timeoutMs = timeoutMs;
    const server = api.server.href.replace(/\/$/, '');
    this.loadFromOptions({
      clusters: [{ name: 'api', server, skipTLSVerify: false }],
      users: [{ name: 'api' }],
      contexts: [{ name: 'api', cluster: 'api', user: 'api' }],
      currentContext: 'api',
    });
  }

  override async applyToHTTPSOptions(options: RequestOptions): Promise<void> {
    const { agent, headers } = this.#api;
    Object.assign(options, { agent, headers, handshakeTimeout: this.#timeoutMs });
  }
}

/** The library rejects with an event. */
function failure(error: unknown, { namespace, pod }: PodPort): Error {
  const { message = String(error) } = error as { message?: string };
  const denied = /\b40[13]$/.test(message);
  const what = denied
    ? `you may not get and create pods/portforward in namespace ${namespace} (${message})`
    : message;
  return new Error(`port-forward to pod ${pod}: ${what}`, { cause: error });
}
