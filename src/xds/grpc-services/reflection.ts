import { protoDirectory } from '../../proto/index.ts';
import { DeferredServices, type ServiceProvider } from './deferred-services.ts';

/** gRPC's server reflection: what the ADS server offers, for people with a generic client. */
export function reflection(): ServiceProvider {
  const methods = ['v1', 'v1alpha'].map((version) => ({
    path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    requestStream: true,
    responseStream: true,
  }));
  return new DeferredServices(methods, async () => {
    const [{ loadSync }, { protoPath }, { ReflectionService }] = await Promise.all([
      import('@grpc/proto-loader'),
      import('grpc-health-check'),
      import('@grpc/reflection'),
    ]);
    const served = loadSync(['envoy/service/discovery/v3/ads.proto', protoPath], {
      includeDirs: [protoDirectory()],
      keepCase: true,
    });
    const service = new ReflectionService(served);
    // It declares that it wants a whole server, and calls `addService`.
    return {
      addToServer: (server) => service.addToServer(server as Parameters<typeof service.addToServer>[0]),
    };
  });
}
