import type { Finding } from './old-route.ts';
import { type Plan, type PlanOptions, planMigration } from './plan.ts';
import { rawObject } from './raw-object.ts';
import { Sources } from './sources.ts';

export const GATEWAY = { namespace: 'infra', name: 'gw', className: 'sluice', port: 443 };

/** What objects become, as they are written in manifests. */
export function planOf(objects: readonly object[], options: Partial<PlanOptions> = {}): Plan {
  const raw = objects.flatMap((each) => rawObject(each) ?? []);
  return planMigration(new Sources(raw), { gateway: GATEWAY, holdsDns: false, ...options });
}

/** `host → backends of the TLSRoute that has it`, of all that would be stored. */
export function served(plan: Plan): Readonly<Record<string, readonly string[]>> {
  const routes = plan.manifests.filter(({ kind }) => kind === 'TLSRoute');
  return Object.fromEntries(
    routes.flatMap((route) => {
      const { hostnames, rules } = route['spec'] as {
        hostnames: string[];
        rules: { backendRefs: { name: string; namespace?: string; port: number; weight?: number }[] }[];
      };
      const backends = rules.flatMap(({ backendRefs }) =>
        backendRefs.map(
          ({ namespace, name, port, weight }) =>
            `${namespace === undefined ? '' : `${namespace}/`}${name}:${port}${weight === undefined ? '' : `*${weight}`}`,
        ),
      );
      return hostnames.map((host) => [host, backends]);
    }),
  );
}

export function findingOf(plan: Plan, field: string): Finding | undefined {
  return plan.findings.find(
    (each) => each.field === field || each.field === `metadata.annotations[${field}]`,
  );
}

export function ingress(
  name: string,
  annotations: Readonly<Record<string, string>>,
  rules: readonly (readonly [
    host: string | undefined,
    ...paths: readonly (readonly [path: string, service: string, port: number | string, type?: string])[],
  ])[],
  changes: { readonly created?: string; readonly spec?: object; readonly namespace?: string } = {},
): object {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name,
      namespace: changes.namespace ?? 'shop',
      annotations,
      ...(changes.created !== undefined && { creationTimestamp: changes.created }),
    },
    spec: {
      ingressClassName: 'old',
      rules: rules.map(([host, ...paths]) => ({
        host,
        http: {
          paths: paths.map(([path, service, port, pathType = 'Prefix']) => ({
            path,
            pathType,
            backend: {
              service: { name: service, port: typeof port === 'number' ? { number: port } : { name: port } },
            },
          })),
        },
      })),
      ...changes.spec,
    },
  };
}

export function service(name: string, port = 443, namespace = 'shop'): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { ports: [{ name: 'https', port }] },
  };
}

export const NGINX = { 'nginx.ingress.kubernetes.io/ssl-passthrough': 'true' };
