import { Server, ServerCredentials } from '@grpc/grpc-js';
import { AdsServer } from '../../src/xds/server.ts';
import { ADAPTER_SERVICE, adapterHandlers } from './adapter-service.ts';
import { AdapterState } from './adapter-state.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Sluice's xDS server, serving what the adapter beside it is told. */
export interface Adapter {
  readonly xdsPort: number;
  readonly adapterPort: number;
  stop(): Promise<void>;
}

/** Rejects, with nothing left listening, where one of the addresses cannot be had. Port 0 takes a free one. */
export async function startAdapter(xds: ListenAddress, adapter: ListenAddress): Promise<Adapter> {
  const state = new AdapterState();
  const xdsServer = new AdsServer({ view: state });
  const adapterServer = new Server({ 'grpc.so_reuseport': 0 });
  adapterServer.addService(ADAPTER_SERVICE, adapterHandlers(state));
  const stop = async (): Promise<void> => {
    adapterServer.forceShutdown();
    await xdsServer.close(0);
  };
  try {
    const xdsPort = await xdsServer.listen(xds);
    return { xdsPort, adapterPort: await listen(adapterServer, adapter), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function listen(server: Server, { host, port }: ListenAddress): Promise<number> {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(authority, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
}
