import { type Manifest, MIGRATED_FROM_ANNOTATION, OWN_LABELS } from './manifest.ts';

export interface GatewayChoice {
  readonly namespace: string;
  readonly name: string;
  readonly className: string;
  readonly port: number;
}

/** One Gateway for all: a listener without a host, which passes TLS through for routes of every namespace. */
export function gatewayManifest({ namespace, name, className, port }: GatewayChoice): Manifest {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: {
      namespace,
      name,
      labels: OWN_LABELS,
      annotations: { [MIGRATED_FROM_ANNOTATION]: 'all passthrough objects' },
    },
    spec: {
      gatewayClassName: className,
      listeners: [
        {
          name: `tls-${port}`,
          port,
          protocol: 'TLS',
          tls: { mode: 'Passthrough' },
          allowedRoutes: { namespaces: { from: 'All' }, kinds: [{ kind: 'TLSRoute' }] },
        },
      ],
    },
  };
}
