/** From the change of a KdcCluster to a TLS handshake with the right server, through `sluice tenants`, `sluice serve` and a real Envoy. */
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { quantile } from '../../bench/statistics.ts';
import { testBootstrap } from '../e2e/gateway-node.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { gateway, gatewayClass } from '../harness/manifests.ts';
import { SluiceProcess } from '../harness/sluice-process.ts';
import { startTlsBackend } from '../harness/tls-backend.ts';
import { until } from '../harness/until.ts';
import { DOMAIN, KDC, type TenantCluster } from './installation.ts';

/** What the backends listen on, in a network namespace of the test. */
export const BACKENDS = ['100.65.0.101', '100.65.0.102'] as const;
const PORT = 8443;
const XDS = 18_000;

export interface LatencyOptions {
  readonly tenants: TenantCluster;
  readonly namespace: string;
  readonly samples: number;
}

export interface Latency {
  /** Milliseconds. */
  readonly moved: readonly number[];
  readonly created: readonly number[];
  /** One write of the API server, of which a change that moves an endpoint waits for two, and a new tenant for two and a read. */
  readonly write: readonly number[];
}

/** `sluice serve` and an Envoy that has all hosts that there are. */
export async function startGateway(
  { cluster }: TenantCluster,
  resources: AsyncDisposableStack,
): Promise<void> {
  const { client, kubeconfig } = cluster;
  await client.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'infra' } }]);
  await client.apply([
    gatewayClass(),
    gateway('public', [{ name: 'tls', port: PORT, hostname: `*.${DOMAIN}` }]),
  ]);
  const sluice = resources.use(
    SluiceProcess.start([
      ...['serve', '--source', 'kubernetes', '--kubeconfig', kubeconfig, '--status-rate', '1000'],
      ...['--leader-election', 'off'],
    ]),
  );
  await sluice.untilPage('http://127.0.0.1:18001/readyz');
  resources.use(await EnvoyProcess.start({ bootstrap: testBootstrap(XDS), drainTimeSeconds: 1 }));
  await until(
    async () => {
      const text = await (await fetch('http://127.0.0.1:18001/metrics')).text();
      return /^sluice_status_pending 0$/m.test(text);
    },
    { what: 'all statuses to be written', timeoutMs: 300_000, intervalMs: 500 },
  );
}

export async function measureLatency(
  { tenants, namespace, samples }: LatencyOptions,
  resources: AsyncDisposableStack,
): Promise<Latency> {
  const { client } = tenants.cluster;
  for (const [index, address] of BACKENDS.entries())
    resources.use(await startTlsBackend({ name: `backend-${index}`, address, port: 6443 }));
  const point = async (name: string, backend: number): Promise<void> => {
    const status = { controlPlaneEndpoint: { host: BACKENDS[backend], port: 6443 } };
    await client.patch({ ...KDC, namespace, name }, { status }, 'status');
  };
  /** From before the change until its handshake is through. */
  const time = async (name: string, backend: number): Promise<number> => {
    const start = performance.now();
    const changed = point(name, backend);
    while ((await serverOf(`${name}-cp.${DOMAIN}`)) !== `backend-${backend}`) {
      if (performance.now() - start > 30_000) throw new Error(`${name} was not served within 30 s`);
      // Handshakes take CPU that what is measured would have.
      await delay(2);
    }
    const milliseconds = performance.now() - start;
    await changed;
    return milliseconds;
  };
  const created: number[] = [];
  const moved: number[] = [];
  for (let index = 0; index < samples; index += 1) {
    const name = `timed-${index}`;
    await client.create({ ...KDC, metadata: { name, namespace }, spec: { version: 'v1.36.0' } });
    // A cluster is made for minutes before it has an endpoint.
    await tenants.untilReason(name, 'NoEndpoint', KDC, namespace);
    created.push(await time(name, 0));
  }
  for (let index = 0; index < samples; index += 1) moved.push(await time(`timed-${index}`, 1));
  const write: number[] = [];
  const map = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'timed' };
  await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'timed' } });
  for (let index = 0; index < samples; index += 1) {
    const start = performance.now();
    await client.patch(map, { data: { index: String(index) } });
    write.push(performance.now() - start);
  }
  return { created, moved, write };
}

/** Common name of the certificate that the host has now; `undefined`: no handshake. */
function serverOf(host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = tls.connect({
      ...{ host: '127.0.0.1', port: PORT, servername: host, rejectUnauthorized: false },
      checkServerIdentity: () => undefined,
    });
    const end = (name?: string): void => {
      socket.destroy();
      resolve(name);
    };
    socket.once('secureConnect', () => {
      const { CN } = socket.getPeerCertificate().subject;
      end(Array.isArray(CN) ? CN[0] : CN);
    });
    socket.once('error', () => end());
    socket.once('close', () => end());
  });
}

export function summary(samples: readonly number[]): string {
  const at = (q: number): string => quantile(samples, q).toFixed(1);
  return `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms (${samples.length})`;
}
