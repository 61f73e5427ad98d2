/** A cluster with tenant objects, and `sluice tenants` with the rights that the manifests give it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { freePorts } from '../e2e/gateway-node.ts';
import type { ApiObject } from '../harness/kubernetes/client.ts';
import { type Cluster, startCluster } from '../harness/kubernetes/cluster.ts';
import { installCrds } from '../harness/kubernetes/crds.ts';
import { SluiceProcess } from '../harness/sluice-process.ts';
import { until } from '../harness/until.ts';
import { CLUSTER_CRD, KDC_CLUSTER_CRD, TENANT_CONTROL_PLANE_CRD } from './crds.ts';

const RBAC = path.join(import.meta.dirname, '../../deploy/envoy-hostnetwork/components/tenants/rbac.yaml');
const USER = 'system:serviceaccount:sluice-system:sluice-tenants';
export const DOMAIN = 'stage.kube-dc.com';
export const KDC = { apiVersion: 'k8s.kube-dc.com/v1alpha1', kind: 'KdcCluster' } as const;
export const SERVICE = { apiVersion: 'v1', kind: 'Service' } as const;
export const SLICE = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' } as const;
export const ROUTE = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'TLSRoute' } as const;
export const EXPOSED = 'sluice.dev/Exposed';

export interface Report {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export class TenantCluster implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly kubeconfig: string;
  /** Of the `sluice tenants` that was started last. */
  adminUrl = '';

  static async start(): Promise<TenantCluster> {
    const cluster = await startCluster({ crds: 'standard', users: [{ name: USER }] });
    try {
      await installCrds(cluster.client, [KDC_CLUSTER_CRD, CLUSTER_CRD, TENANT_CONTROL_PLANE_CRD]);
      await cluster.client.apply([
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'sluice-system' } },
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'tenants' } },
      ]);
      await cluster.client.apply(await readFile(RBAC, 'utf8'));
      const kubeconfig = await cluster.writeKubeconfig('tenants', { token: cluster.tokenOf(USER) });
      return new TenantCluster(cluster, kubeconfig);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  private constructor(cluster: Cluster, kubeconfig: string) {
    this.cluster = cluster;
    this.kubeconfig = kubeconfig;
  }

  /** `sluice tenants` that has read everything. */
  async startTenants(flags: readonly string[] = []): Promise<SluiceProcess> {
    const [port = 0] = await freePorts(1);
    const sluice = this.spawnTenants([...flags, '--admin-address', `127.0.0.1:${port}`]);
    this.adminUrl = `http://127.0.0.1:${port}`;
    await sluice.untilPage(`${this.adminUrl}/readyz`);
    return sluice;
  }

  spawnTenants(flags: readonly string[]): SluiceProcess {
    return SluiceProcess.start([
      ...['tenants', '--kubeconfig', this.kubeconfig],
      ...(flags.includes('--leader-election') ? [] : ['--leader-election', 'off']),
      ...['--domain', DOMAIN, '--gateway', 'infra/public', ...flags],
    ]);
  }

  /** Creates a KdcCluster in the namespace `tenants`, with this status. */
  async createKdc(name: string, status?: object): Promise<ApiObject> {
    const object = { ...KDC, metadata: { name, namespace: 'tenants' }, spec: { version: 'v1.36.0' } };
    const made = await this.cluster.client.create(object);
    return status === undefined ? made : await this.setStatus(name, status);
  }

  async setStatus(name: string, status: object): Promise<ApiObject> {
    return await this.cluster.client.patch({ ...KDC, namespace: 'tenants', name }, { status }, 'status');
  }

  async find(
    type: { readonly apiVersion: string; readonly kind: string },
    name: string,
    namespace = 'tenants',
  ): Promise<ApiObject | undefined> {
    return await this.cluster.client.get({ ...type, namespace, name }).catch(() => undefined);
  }

  async report(
    name: string,
    type: { readonly apiVersion: string; readonly kind: string } = KDC,
    namespace = 'tenants',
  ): Promise<Report | undefined> {
    const { conditions = [] } = ((await this.find(type, name, namespace))?.['status'] ?? {}) as {
      conditions?: readonly Report[];
    };
    return conditions.find((each) => each.type === EXPOSED);
  }

  /** Resolves with the condition once it has that reason. */
  async untilReason(
    name: string,
    reason: string,
    type: { readonly apiVersion: string; readonly kind: string } = KDC,
    namespace = 'tenants',
  ): Promise<Report> {
    let last: Report | undefined;
    await until(
      async () => {
        last = await this.report(name, type, namespace);
        return last?.reason === reason;
      },
      { what: `${type.kind} ${name} with ${reason}`, timeoutMs: 15_000, intervalMs: 25 },
    );
    return last as Report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster.stop();
  }
}

/** The addresses of a slice. */
export function addressesOf(slice: ApiObject | undefined): readonly string[] {
  const { endpoints = [] } = (slice ?? {}) as unknown as { endpoints?: readonly { addresses: string[] }[] };
  return endpoints.flatMap(({ addresses }) => addresses);
}
