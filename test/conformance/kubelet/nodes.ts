import type { ApiClient } from '../../harness/kubernetes/client.ts';

export interface TestNode {
  readonly name: string;
  readonly address: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Registers Nodes that are ready, as their kubelets would. */
export async function registerNodes(client: ApiClient, nodes: readonly TestNode[]): Promise<void> {
  for (const { name, address, labels } of nodes) {
    const identity = { apiVersion: 'v1', kind: 'Node' };
    const own = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' };
    await client.create({ ...identity, metadata: { name, labels: { ...own, ...labels } }, spec: {} });
    // The API server marks every new Node as not ready; the controller that would take it away does not run.
    await client.patch({ ...identity, name }, { spec: { taints: null } });
    const now = new Date().toISOString();
    await client.patch(
      { ...identity, name },
      {
        status: {
          addresses: [
            { type: 'InternalIP', address },
            { type: 'Hostname', address: name },
          ],
          capacity: { cpu: '8', memory: '16Gi', pods: '200' },
          allocatable: { cpu: '8', memory: '16Gi', pods: '200' },
          conditions: [
            {
              type: 'Ready',
              status: 'True',
              reason: 'KubeletReady',
              lastTransitionTime: now,
              lastHeartbeatTime: now,
            },
          ],
        },
      },
      'status',
    );
  }
}
