import type { ApiClient } from '../../kubernetes-api/api-client.ts';
import { failureOfStatus } from '../../kubernetes-api/api-failure.ts';

/** A Lease of coordination.k8s.io/v1, as far as it is used. */
export interface Lease {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion?: string | undefined;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** Leases of one namespace. Everything rejects with an `ApiFailure`. */
export interface LeaseStore {
  readonly namespace: string;
  get(name: string): Promise<Lease | undefined>;
  /** Creates it where it has no resourceVersion, else replaces just that version; `undefined` where another was faster. */
  put(lease: Lease): Promise<Lease | undefined>;
  list(labelSelector: string): Promise<readonly Lease[]>;
  delete(name: string): Promise<void>;
}

export function createLeaseStore(client: ApiClient, namespace: string): LeaseStore {
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  return {
    namespace,
    async get(name) {
      const { status, body, retryAfterMs } = await client.send('GET', `${collection}/${name}`);
      if (status === 200) return body as Lease;
      if (status === 404) return undefined;
      throw failureOfStatus(`GET ${collection}/${name}`, status, body, retryAfterMs);
    },
    async put(lease) {
      const { name, resourceVersion } = lease.metadata;
      const method = resourceVersion === undefined ? 'POST' : 'PUT';
      const path = resourceVersion === undefined ? collection : `${collection}/${name}`;
      const { status, body, retryAfterMs } = await client.send(method, path, {
        body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', ...lease },
      });
      if (status === 200 || status === 201) return body as Lease;
      // Replaced, created or deleted meanwhile. A POST that finds nothing has no namespace to go to.
      if (status === 409 || (status === 404 && method === 'PUT')) return undefined;
      throw failureOfStatus(`${method} ${path}`, status, body, retryAfterMs);
    },
    async list(labelSelector) {
      const body = (await client.read('GET', collection, { query: { labelSelector } })) as {
        readonly items?: readonly Lease[];
      };
      return body.items ?? [];
    },
    async delete(name) {
      const { status, body, retryAfterMs } = await client.send('DELETE', `${collection}/${name}`);
      if (status !== 404 && status >= 300)
        throw failureOfStatus(`DELETE ${collection}/${name}`, status, body, retryAfterMs);
    },
  };
}

/** The API's MicroTime: RFC 3339 with six digits of seconds. */
export function microTime(time: Date): string {
  return `${time.toISOString().slice(0, 23)}000Z`;
}
