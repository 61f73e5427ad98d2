/** What the test kubelet reads of a Pod. */
import type { ApiObject } from '../../harness/kubernetes/client.ts';

export interface Pod extends ApiObject {
  readonly metadata: ApiObject['metadata'] & {
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly Container[];
    readonly volumes?: readonly Volume[];
  };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
  }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface Volume {
  readonly name: string;
  readonly secret?: {
    readonly secretName: string;
    readonly items?: readonly { readonly key: string; readonly path: string }[];
  };
}

export interface Secret extends ApiObject {
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>;
}

/** The container's environment. Of field references only those that the suite uses are known. */
export function environment(pod: Pod, container: Container, podIp: string): Record<string, string> {
  const fields: Readonly<Record<string, string>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec.nodeName ?? '',
    'status.podIP': podIp,
  };
  return Object.fromEntries(
    (container.env ?? []).map(({ name, value, valueFrom }) => {
      const path = valueFrom?.fieldRef?.fieldPath;
      if (path !== undefined && fields[path] === undefined)
        throw new Error(`pod ${pod.metadata.name}: the test kubelet knows no field ${path} (${name})`);
      return [name, path === undefined ? (value ?? '') : (fields[path] ?? '')];
    }),
  );
}

/** Files of the container's Secret volumes: absolute path → content. */
export function secretFiles(
  pod: Pod,
  container: Container,
  secrets: ReadonlyMap<string, Secret>,
): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const volume = pod.spec.volumes?.find((each) => each.name === name)?.secret;
    if (volume === undefined) continue;
    const data = secrets.get(volume.secretName)?.data ?? {};
    const items = volume.items ?? Object.keys(data).map((key) => ({ key, path: key }));
    for (const { key, path } of items)
      files.set(`${mountPath}/${path}`, Buffer.from(data[key] ?? '', 'base64'));
  }
  return files;
}

export function secretNames(pod: Pod): string[] {
  return (pod.spec.volumes ?? []).flatMap(({ secret }) => (secret === undefined ? [] : [secret.secretName]));
}

export type PodState =
  | { readonly phase: 'Pending'; readonly reason: string }
  | { readonly phase: 'Running'; readonly podIp: string; readonly ready: boolean }
  | { readonly phase: 'Failed'; readonly reason: string };

/** The status that a kubelet reports. */
export function podStatus(pod: Pod, state: PodState, hostIp: string): object {
  const now = new Date().toISOString();
  const ready = state.phase === 'Running' && state.ready;
  const condition = (type: string, isTrue: boolean): object => ({
    type,
    status: isTrue ? 'True' : 'False',
    lastTransitionTime: now,
  });
  const running = state.phase === 'Running';
  return {
    phase: state.phase,
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(running ? { podIP: state.podIp, podIPs: [{ ip: state.podIp }], startTime: now } : {}),
    ...(state.phase === 'Failed' ? { reason: 'Failed', message: state.reason } : {}),
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', running),
      condition('ContainersReady', ready),
      condition('Ready', ready),
    ],
    containerStatuses: pod.spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      ready,
      restartCount: 0,
      started: ready,
      state: running
        ? { running: { startedAt: now } }
        : state.phase === 'Pending'
          ? { waiting: { reason: 'ContainerCreating', message: state.reason } }
          : { terminated: { exitCode: 1, reason: 'Error', message: state.reason } },
    })),
  };
}
