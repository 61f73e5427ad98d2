/** A gRPC client that plays an Envoy, and what the server tells about it. */
import assert from 'node:assert/strict';
import { on, once } from 'node:events';
import { Client, type ClientDuplexStream, credentials, type ServiceError, status } from '@grpc/grpc-js';
import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from '../proto/index.ts';
import type { ConnectionEvents } from './connection.ts';
import { AdsServer, type AdsServerOptions } from './server.ts';
import { ADS_SERVICE, ADS_SERVICE_NAME } from './service.ts';
import { TestView } from './test-view.ts';

type Request = Parameters<typeof DeltaDiscoveryRequest.encode>[0];

export const cleanUps: (() => void | Promise<void>)[] = [];

/** Ends what a test has started. */
export async function cleanUp(): Promise<void> {
  for (const end of cleanUps.splice(0).reverse()) await end();
}

export async function serve(options: Partial<AdsServerOptions> = {}) {
  const view = new TestView();
  const server = new AdsServer({ view, ...options });
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  cleanUps.push(() => server.close(100));
  return { view, server, port };
}

/** One stream as an Envoy opens it; responses are awaited one by one. */
export class TestStream {
  readonly call: ClientDuplexStream<Request, DeltaDiscoveryResponse>;
  readonly ended = Promise.withResolvers<{ code: status; details: string }>();
  readonly #arrived: DeltaDiscoveryResponse[] = [];
  #wake: (() => void) | undefined;

  constructor(client: Client) {
    const { path, requestSerialize, responseDeserialize } = ADS_SERVICE.DeltaAggregatedResources;
    this.call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.call.on('data', (response: DeltaDiscoveryResponse) => {
      this.#arrived.push(response);
      this.#wake?.();
    });
    this.call.on('error', (error: ServiceError) => {
      this.ended.resolve(error);
      this.#wake?.();
    });
    this.call.on('end', () => this.ended.resolve({ code: status.OK, details: '' }));
  }

  send(request: Request): void {
    this.call.write(request);
  }

  async next(): Promise<DeltaDiscoveryResponse> {
    while (this.#arrived.length === 0) {
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      const ended = await Promise.race([woken.promise, this.ended.promise]);
      if (ended !== undefined && this.#arrived.length === 0)
        throw new Error(`stream ended: ${ended.details}`);
    }
    return this.#arrived.shift() as DeltaDiscoveryResponse;
  }

  async names(): Promise<string[]> {
    const { resources = [], removed_resources = [] } = await this.next();
    return [...resources.map(({ name }) => `+${name}`), ...removed_resources.map((name) => `-${name}`)];
  }

  get pending(): number {
    return this.#arrived.length;
  }
}

export function open(port: number): { client: Client; stream: TestStream } {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    // Each client a connection of its own.
    'grpc.use_local_subchannel_pool': 1,
  });
  const stream = new TestStream(client);
  cleanUps.push(() => {
    stream.call.cancel();
    client.close();
  });
  return { client, stream };
}

export const NODE = {
  id: 'gw-1',
  user_agent_build_version: { version: { major_number: 1, minor_number: 40, patch: 0 } },
};

/** What the server tells about streams, awaited by name. */
export function recorder() {
  const seen: string[] = [];
  const waiting = new Map<string, () => void>();
  const note = (what: string): void => {
    seen.push(what);
    waiting.get(what)?.();
  };
  const events: ConnectionEvents = {
    onConnect: ({ id, version }) => note(`connect ${id} ${version}`),
    onDisconnect: ({ id }) => note(`disconnect ${id}`),
    onAck: ({ id }, typeUrl, resources) => note(`ack ${id} ${typeUrl.split('.').at(-1)} ${resources}`),
  };
  const watch = ({ rejections }: AdsServer): void => {
    rejections.onEvent(({ type, node, names }) => note(`${type} ${node.id} ${names.join()}`));
  };
  const until = async (what: string): Promise<void> => {
    if (seen.includes(what)) return;
    await new Promise<void>((resolve) => waiting.set(what, resolve));
  };
  return { events, seen, until, watch };
}

/** Rejects with the error of the call. */
export async function unary(port: number, path: string, request: Buffer): Promise<Buffer> {
  const { client } = open(port);
  return await new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      request,
      (error, value) => (value === undefined ? reject(error) : resolve(value)),
    );
  });
}

async function healthMethod(name: 'Check' | 'Watch') {
  const { service } = await import('grpc-health-check');
  const method = service[name];
  assert.ok(method);
  const statusOf = (bytes: Buffer) => (method.responseDeserialize(bytes) as { status: string }).status;
  return { path: method.path, request: (of: string) => method.requestSerialize({ service: of }), statusOf };
}

export async function healthOf(port: number, service = ADS_SERVICE_NAME): Promise<string> {
  const { path, request, statusOf } = await healthMethod('Check');
  return statusOf(await unary(port, path, request(service)));
}

/** One status after the other, as they come. */
export async function watchedHealth(port: number, service: string) {
  const { path, request, statusOf } = await healthMethod('Watch');
  const { client } = open(port);
  const call = client.makeServerStreamRequest(path, request, statusOf, service);
  call.on('error', () => {});
  const statuses = on(call, 'data');
  const watched = async (): Promise<string> => ((await statuses.next()).value as [string])[0];
  return { watched, end: () => call.cancel() };
}

/** Asks as grpcurl does; the request and the names in the answer are plain enough to be read by hand. */
// list_services (field 7): "*"
const LIST_SERVICES = Buffer.from([0x3a, 0x01, 0x2a]);

export async function reflectedServices(port: number, request = LIST_SERVICES): Promise<string> {
  const { client } = open(port);
  const call = client.makeBidiStreamRequest(
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes.toString('latin1'),
  );
  call.write(request);
  const [text] = (await once(call, 'data')) as [string];
  call.end();
  return text;
}
