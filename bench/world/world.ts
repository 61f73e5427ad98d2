import type { Manifest } from './manifests.ts';

export type SourceType = 'kubernetes' | 'directory';

/** Where Sluice reads its objects from: N tenants, and no Gateway yet. */
export interface World extends AsyncDisposable {
  readonly type: SourceType;
  readonly routes: number;
  /** Arguments and environment of `sluice serve`. */
  readonly sluice: {
    readonly arguments: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
  };
  /** Software that takes part, with versions. */
  readonly versions: Readonly<Record<string, string>>;
  /** CPU time of the API server and etcd so far, in milliseconds; 0 where there are none. */
  serverCpuMs(): number;
  /** Creates an object. Resolves once the write is acknowledged, with the time of that (`monotonicMs`). */
  create(object: Manifest): Promise<number>;
  /** Changes an object that there is. */
  replace(object: Manifest): Promise<number>;
  remove(object: Manifest): Promise<number>;
}
