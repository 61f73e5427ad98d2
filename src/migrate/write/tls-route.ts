import type { OldRoute } from '../old-route.ts';
import { fieldsOf, type RawObject, titleOf } from '../raw-object.ts';
import type { GatewayChoice } from './gateway.ts';
import { type Manifest, MIGRATED_FROM_ANNOTATION, OWN_LABELS, objectName } from './manifest.ts';

/** A backend of which the port is known. */
export interface NewBackend {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  readonly weight: number;
}

/**
 * external-dns leaves an object alone whose annotation of this name has another value than `dns-controller`: the first before
 * v0.22, the second since then (`findings/external-dns-annotation-prefix.sh`).
 */
export const DNS_CONTROLLERS = [
  'external-dns.alpha.kubernetes.io/controller',
  'external-dns.kubernetes.io/controller',
] as const;
const NOT_YET = Object.fromEntries(DNS_CONTROLLERS.map((name) => [name, 'sluice-migrate']));

/** What a TLSRoute takes (Gateway API v1.7, `spec.hostnames`), with room to spare. */
export const MOST_HOSTS = 1_000;

/**
 * Hosts of one old object that go to the same backends, as one TLSRoute. Its name is the object's, the Service's and the port,
 * with dots between them: names of Services have none, so no two objects get one name; `part` tells those of one object apart.
 */
export function tlsRouteManifest(
  old: OldRoute,
  hosts: readonly string[],
  backends: readonly NewBackend[],
  part: number,
  gateway: GatewayChoice,
  holdsDns: (route: string) => boolean,
): Manifest {
  const [first] = backends;
  const name = objectName(
    old.name,
    ...(old.kind === 'Ingress' ? [] : [old.kind.toLowerCase()]),
    ...(first === undefined ? ['no-backend'] : [first.service, first.port]),
    ...(part === 0 ? [] : [part]),
  );
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'TLSRoute',
    metadata: {
      namespace: old.namespace,
      name,
      labels: OWN_LABELS,
      annotations: {
        ...old.annotations,
        ...(holdsDns(`${old.namespace}/${name}`) ? NOT_YET : {}),
        [MIGRATED_FROM_ANNOTATION]: titleOf(old),
      },
    },
    spec: {
      parentRefs: [{ namespace: gateway.namespace, name: gateway.name }],
      hostnames: hosts,
      rules: [
        {
          backendRefs: backends.map(({ namespace, service, port, weight }) => ({
            ...(namespace === old.namespace ? {} : { namespace }),
            name: service,
            port,
            ...(backends.length === 1 ? {} : { weight }),
          })),
        },
      ],
    },
  };
}

/** The TLSRoute of an older version of the Gateway API as one of v1: fields that v1 has are the same in all of them. */
export function convertedTlsRoute(raw: RawObject): Manifest {
  const { namespace, name, labels, annotations, fields } = raw;
  const kept = Object.entries(annotations).filter(
    ([each]) => each !== 'kubectl.kubernetes.io/last-applied-configuration',
  );
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'TLSRoute',
    metadata: {
      namespace,
      name,
      labels: { ...labels, ...OWN_LABELS },
      annotations: {
        ...Object.fromEntries(kept),
        [MIGRATED_FROM_ANNOTATION]: `${titleOf(raw)} (${raw.apiVersion})`,
      },
    },
    spec: fieldsOf(fields['spec']),
  };
}
