import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubernetesAsset } from '../../scripts/kubernetes-assets.ts';
import { startGuarded } from '../harness/kubernetes/guarded-process.ts';

/** What makes Pods of Deployments and EndpointSlices of Services, and finishes what is deleted. */
const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'endpointslice-controller',
  'endpointslice-mirroring-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'garbage-collector-controller',
];

/** kube-controller-manager with few of its controllers. */
export async function startControllerManager(kubeconfig: string): Promise<{ stop(): Promise<void> }> {
  const binary = await kubernetesAsset('kube-controller-manager');
  const directory = await mkdtemp(join(tmpdir(), 'sluice-controller-manager-'));
  const process = await startGuarded(
    'kube-controller-manager',
    binary,
    [
      `--kubeconfig=${kubeconfig}`,
      `--controllers=${CONTROLLERS.join(',')}`,
      '--leader-elect=false',
      '--secure-port=0',
      // Its default of 20 requests a second makes a test cluster slow.
      '--kube-api-qps=500',
      '--kube-api-burst=1000',
    ],
    directory,
  );
  return {
    async stop() {
      await process.kill('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}
