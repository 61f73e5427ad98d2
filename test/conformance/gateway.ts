import { testBootstrap } from '../e2e/gateway-node.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import type { Cluster } from '../harness/kubernetes/cluster.ts';
import { SluiceProcess } from '../harness/sluice-process.ts';
import { until } from '../harness/until.ts';

export const GATEWAY_CLASS = 'sluice';
/** The network namespace has no other tenant. */
const XDS_PORT = 18_000;
const ADMIN_PORT = 18_001;

export interface GatewayUnderTest {
  readonly sluice: SluiceProcess;
  readonly envoy: EnvoyProcess;
  stop(): Promise<void>;
}

/** `sluice serve` on the cluster with the rights that it is shipped with, and an Envoy. Resolves when its class is accepted. */
export async function startGateway(
  { client }: Cluster,
  options: { readonly kubeconfig: string; readonly addressPool: string; readonly nodeName: string },
): Promise<GatewayUnderTest> {
  await client.apply([
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: GATEWAY_CLASS },
      spec: { controllerName: 'sluice.dev/gateway-controller' },
    },
  ]);
  const sluice = SluiceProcess.start([
    'serve',
    '--source=kubernetes',
    `--kubeconfig=${options.kubeconfig}`,
    `--xds-address=127.0.0.1:${XDS_PORT}`,
    `--admin-address=127.0.0.1:${ADMIN_PORT}`,
    `--address-pool=${options.addressPool}`,
    '--log-format=json',
  ]);
  await sluice.untilPage(`http://127.0.0.1:${ADMIN_PORT}/readyz`);
  const envoy = await EnvoyProcess.start({ bootstrap: testBootstrap(XDS_PORT, options.nodeName) });
  await until(
    async () => {
      if (!sluice.isRunning) throw new Error(`sluice has ended:\n${sluice.stderr}`);
      const { status } = (await client.get({
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'GatewayClass',
        name: GATEWAY_CLASS,
      })) as unknown as { status?: { supportedFeatures?: readonly unknown[] } };
      return (status?.supportedFeatures ?? []).length > 0;
    },
    { what: 'GatewayClass with supportedFeatures', timeoutMs: 30_000, intervalMs: 50 },
  );
  return {
    sluice,
    envoy,
    async stop() {
      await envoy.stop();
      await sluice.stop();
    },
  };
}
