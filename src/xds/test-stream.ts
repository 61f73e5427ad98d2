import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import type { DemandWindowOptions } from './demand-window.ts';
import { AdsStream } from './stream.ts';
import { DEFAULT_STREAM_LIMITS } from './stream-limits.ts';
import { TestView } from './test-view.ts';

const SHORT: Readonly<Record<string, string>> = {
  [CLUSTER_TYPE]: 'cds',
  [ENDPOINT_TYPE]: 'eds',
  [LISTENER_TYPE]: 'lds',
};

/** A stream and the snapshot that it is told of. */
export function setUp(
  limits = DEFAULT_STREAM_LIMITS,
  stage: 'synced' | 'ready' = 'ready',
  window?: DemandWindowOptions,
) {
  const view = new TestView();
  view.setSynced();
  if (stage === 'ready') view.setReady();
  const stream = new AdsStream(view, limits, undefined, undefined, window);
  view.onChange((change) => stream.snapshotChanged(change));
  return { view, stream };
}

/** `cds +a -b`, a line for each response. */
export function responses(stream: AdsStream, acknowledge = true, most = Infinity): string[] {
  const lines: string[] = [];
  while (lines.length < most) {
    const response = stream.next();
    if (response === undefined) break;
    const { typeUrl, batch, nonce } = response;
    const changes = [
      // With the form of a listener, where it has one.
      ...batch.resources.map(({ name, version }) => `+${name}${/\.\w+$/.exec(version)?.[0] ?? ''}`),
      ...batch.removed.map((name) => `-${name}`),
    ];
    lines.push([SHORT[typeUrl] ?? typeUrl, ...changes].join(' '));
    if (acknowledge) stream.request({ type_url: typeUrl, response_nonce: nonce });
  }
  return lines;
}

export function subscribeLikeEnvoy(stream: AdsStream, endpoints: readonly string[]): void {
  stream.request({ type_url: CLUSTER_TYPE });
  stream.request({ type_url: LISTENER_TYPE });
  if (endpoints.length > 0)
    stream.request({ type_url: ENDPOINT_TYPE, resource_names_subscribe: [...endpoints] });
}
