import { type DeferredMethod, DeferredServices, type ServiceProvider } from './deferred-services.ts';

export type HealthStatus = 'SERVING' | 'NOT_SERVING';

type Library = ServiceProvider & { setStatus(service: string, status: HealthStatus): void };

const METHODS: readonly DeferredMethod[] = [
  { path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false },
  { path: '/grpc.health.v1.Health/List', requestStream: false, responseStream: false },
  { path: '/grpc.health.v1.Health/Watch', requestStream: false, responseStream: true },
];

/** gRPC's health service. Services that have no status are unknown to it. */
export class Health implements ServiceProvider {
  readonly #statuses = new Map<string, HealthStatus>();
  readonly #services = new DeferredServices(METHODS, async () => {
    const { HealthImplementation } = await import('grpc-health-check');
    this.#library = new HealthImplementation(Object.fromEntries(this.#statuses));
    return this.#library;
  });
  #library: Library | undefined;

  setStatus(service: string, status: HealthStatus): void {
    this.#statuses.set(service, status);
    this.#library?.setStatus(service, status);
  }

  addToServer(server: Parameters<ServiceProvider['addToServer']>[0]): void {
    this.#services.addToServer(server);
  }
}
