import { hash } from 'node:crypto';
import { parseIpAddress } from '../../gateway/values/ip-address.ts';
import { compareText } from '../../gateway/values/order.ts';
import { SERVICE_NAME_LABEL } from '../../model/names.ts';
import { FIELD_MANAGER, MAPPING_LABEL, TENANT_ANNOTATION } from '../names.ts';
import type { Intent, IntentPort } from './intent.ts';

/** Kinds of what is made. */
export type OwnedKind = 'Service' | 'EndpointSlice' | 'TLSRoute';

/** Kind, namespace and name. */
export type OwnedId = string & { readonly __ownedId: never };

export function ownedId(kind: string, namespace: string, name: string): OwnedId {
  return `${kind}/${namespace}/${name}` as OwnedId;
}

/** An object as it should be; its apiVersion is the writer's business. */
export interface DesiredObject {
  readonly id: OwnedId;
  readonly kind: OwnedKind;
  readonly namespace: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The fields beside the metadata. */
  readonly content: Readonly<Record<string, unknown>>;
  /** Changes with what it should say. */
  readonly fingerprint: string;
}

/** The tenant object that owns what is made of it. */
export interface Owner {
  readonly mapping: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export type ExposedIntent = Extract<Intent, { type: 'exposed' }>;

const MANAGED_BY = 'app.kubernetes.io/managed-by';
const SLICE_MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';

/**
 * The objects that expose a tenant: a function of what it asks for, its addresses (canonical) and its hosts that another tenant has. The
 * Service first, the routes last. A family without addresses has no slice.
 */
export function desiredObjects(
  owner: Owner,
  intent: ExposedIntent,
  addresses: readonly string[],
  lostHosts: ReadonlySet<string>,
): readonly DesiredObject[] {
  const families = (['IPv4', 'IPv6'] as const).flatMap((family) => {
    const members = addresses.filter((each) => parseIpAddress(each)?.family === family).sort(compareText);
    return members.length === 0 ? [] : [{ family, members }];
  });
  const routes = intent.ports.flatMap((port) => {
    const hosts = port.hosts.filter((host) => !lostHosts.has(host));
    return hosts.length === 0 ? [] : [tlsRoute(owner, intent, port, hosts)];
  });
  return [
    service(owner, intent),
    ...families.map(({ family, members }) => endpointSlice(owner, intent, family, members)),
    ...routes,
  ];
}

function service(owner: Owner, intent: ExposedIntent): DesiredObject {
  return desired(owner, 'Service', intent.service, {}, intent.serviceAnnotations, {
    spec: {
      type: 'ClusterIP',
      // Headless: it needs no address of its own, of which a cluster may have few, and no rules of kube-proxy.
      clusterIP: 'None',
      ports: intent.ports.map(({ name, servicePort, port }) => ({
        name,
        port: servicePort,
        protocol: 'TCP',
        targetPort: port,
      })),
    },
  });
}

function endpointSlice(
  owner: Owner,
  { service: name, ports }: ExposedIntent,
  family: 'IPv4' | 'IPv6',
  addresses: readonly string[],
): DesiredObject {
  const labels = { [SERVICE_NAME_LABEL]: name, [SLICE_MANAGED_BY]: FIELD_MANAGER };
  return desired(
    owner,
    'EndpointSlice',
    `${name}-${family.toLowerCase()}`,
    labels,
    {},
    {
      addressType: family,
      endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
      ports: ports.map((each) => ({ name: each.name, port: each.port, protocol: 'TCP' })),
    },
  );
}

function tlsRoute(
  owner: Owner,
  intent: ExposedIntent,
  port: IntentPort,
  hostnames: readonly string[],
): DesiredObject {
  return desired(owner, 'TLSRoute', port.route, {}, intent.routeAnnotations, {
    spec: {
      parentRefs: port.parentRefs.map(({ namespace, name, sectionName }) => ({
        group: 'gateway.networking.k8s.io',
        kind: 'Gateway',
        namespace,
        name,
        ...(sectionName !== undefined && { sectionName }),
      })),
      hostnames,
      rules: [
        {
          backendRefs: [
            { group: '', kind: 'Service', name: intent.service, port: port.servicePort, weight: 1 },
          ],
        },
      ],
    },
  });
}

function desired(
  owner: Owner,
  kind: OwnedKind,
  name: string,
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
  content: Readonly<Record<string, unknown>>,
): DesiredObject {
  const { namespace } = owner;
  const metadata = {
    name,
    namespace,
    labels: { ...labels, [MANAGED_BY]: FIELD_MANAGER, [MAPPING_LABEL]: owner.mapping },
    annotations: { ...annotations, [TENANT_ANNOTATION]: owner.name },
    ownerReferences: [
      {
        apiVersion: owner.apiVersion,
        kind: owner.kind,
        name: owner.name,
        uid: owner.uid,
        controller: true,
        // Set, it would need a right of its own on some clusters, and would hold up the tenant's deletion.
        blockOwnerDeletion: false,
      },
    ],
  };
  const fingerprint = hash('sha1', JSON.stringify([metadata, content]), 'base64');
  return { id: ownedId(kind, namespace, name), kind, namespace, name, metadata, content, fingerprint };
}
