/** A Kubernetes source between a scripted API server and a recording sink, and raw objects to send. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ManualClock } from '../../kubernetes-api/test-clock.ts';
import { WATCHED_KINDS } from '../../kubernetes-api/watched-kind.ts';
import type { Source } from '../../model/events.ts';
import type { Kind } from '../../model/objects.ts';
import { createKubernetesSource, type KubernetesSourceOptions } from './kubernetes-source.ts';
import { type Exchange, ScriptedApi } from './test-api.ts';
import { RecordingLogger, RecordingSink } from './test-sink.ts';

export const SERVICES = '/api/v1/services';
export const GATEWAY_API = '/apis/gateway.networking.k8s.io';
export const V1_ROUTES = `${GATEWAY_API}/v1/tlsroutes`;

export interface TestSource {
  readonly api: ScriptedApi;
  readonly clock: ManualClock;
  readonly sink: RecordingSink;
  readonly logger: RecordingLogger;
  readonly source: Source;
  readonly kubeconfig: string;
}

export function watchedKinds(...kinds: readonly Kind[]) {
  return WATCHED_KINDS.filter(({ kind }) => kinds.includes(kind));
}

/**
 * `random` is 1 throughout, so that every delay is at its upper end. `late`: the kubeconfig is not there yet.
 * Everything ends with the test.
 */
export async function startSource(
  t: TestContext,
  kinds: readonly Kind[],
  { late = false, ...options }: Partial<KubernetesSourceOptions> & { readonly late?: boolean } = {},
): Promise<TestSource> {
  const api = await new ScriptedApi().start();
  const directory = mkdtempSync(join(tmpdir(), 'sluice-kubernetes-'));
  const kubeconfig = join(directory, 'kubeconfig');
  if (!late) writeFileSync(kubeconfig, kubeconfigOf(api.url, { token: 'secret' }));
  const clock = new ManualClock();
  const sink = new RecordingSink();
  const logger = new RecordingLogger();
  const source = createKubernetesSource({
    kubeconfig,
    logger,
    clock,
    random: () => 1,
    kinds: watchedKinds(...kinds),
    ...options,
    // What nobody asks for would be in the way of what a test waits for.
    limits: { heartbeatMs: Number.POSITIVE_INFINITY, ...options.limits },
  });
  t.after(async () => {
    await source.stop();
    await api.stop();
    rmSync(directory, { recursive: true });
  });
  await source.start(sink);
  return { api, clock, sink, logger, source, kubeconfig };
}

/** JSON is YAML. */
export function kubeconfigOf(server: string, user: object, cluster: object = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, ...cluster } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });
}

function metadata(name: string, version: number) {
  return {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    resourceVersion: String(version),
    creationTimestamp: '2026-01-01T00:00:00Z',
    managedFields: [{ manager: 'kubectl', operation: 'Apply' }],
  };
}

/** A Service as lists have it: without apiVersion and kind. */
export function rawService(name: string, version: number, port: number | string = 443) {
  return { metadata: metadata(name, version), spec: { type: 'ClusterIP', ports: [{ name: 'api', port }] } };
}

export function rawRoute(name: string, version: number, host = `${name}.example.com`) {
  return {
    metadata: metadata(name, version),
    spec: {
      hostnames: [host],
      parentRefs: [{ name: 'public' }],
      rules: [{ backendRefs: [{ name, port: 443 }] }],
    },
  };
}

export function event(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: object) {
  return { type, object };
}

export function bookmark(version: number) {
  return { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(version) } } };
}

export function errorEvent(code: number, message: string, reason?: string) {
  return { type: 'ERROR', object: { kind: 'Status', status: 'Failure', code, message, reason } };
}

export type { Exchange };
