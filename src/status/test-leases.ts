import type { Lease, LeaseStore } from './kubernetes/lease-store.ts';

/** Leases with compare-and-swap, as the API server has it; the real one is in test/kubernetes. */
export class MemoryLeases implements LeaseStore {
  readonly namespace = 'sluice-system';
  readonly leases = new Map<string, Lease>();
  version = 0;

  async get(name: string): Promise<Lease | undefined> {
    return this.leases.get(name);
  }

  async put(lease: Lease): Promise<Lease | undefined> {
    const { name, resourceVersion } = lease.metadata;
    if (this.leases.get(name)?.metadata.resourceVersion !== resourceVersion) return undefined;
    this.version += 1;
    const written = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(this.version) } };
    this.leases.set(name, written);
    return written;
  }

  async list(): Promise<readonly Lease[]> {
    return [...this.leases.values()];
  }

  async delete(name: string): Promise<void> {
    this.leases.delete(name);
  }
}
