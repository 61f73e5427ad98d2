/** What the parent asks of the gateway's process, and what that answers. */

/** What a namespace does over and over, so many times a second. */
export interface Noise {
  /**
   * `backend`: each change moves a route of 16 hosts to another Service. `timeout`: it changes its connect time-out. `shares`: of a
   * thousand routes of sixteen Services each an endpoint of one Service flaps. `churn`: a tenant comes with a host, and the one a
   * thousand before it goes; those are nobody's in particular.
   */
  readonly kind: 'backend' | 'timeout' | 'endpoint' | 'wildcard' | 'shares' | 'churn';
  readonly perSecond: number;
}

export type Request =
  | { readonly type: 'quiet'; readonly hosts: number; readonly port: number; readonly backendPort: number }
  | { readonly type: 'noise'; readonly noise: Noise | undefined }
  /** `routes` of 16 hosts each on one Service with so many endpoints. */
  | { readonly type: 'pairs'; readonly routes: number; readonly endpoints: number }
  | { readonly type: 'victim'; readonly index: number }
  /** A wildcard of the noisy namespace as wide as the listener, led to this port; `undefined`: it goes. */
  | { readonly type: 'cover'; readonly backendPort: number | undefined }
  /** Answered with `memory`. */
  | { readonly type: 'memory' }
  /** Answered with the number of Envoys in their demand window. */
  | { readonly type: 'windows' };

export type Answer =
  /** Of the gateway's process, after a garbage collection where it has `--expose-gc`, and changes since the noise began. */
  | { readonly type: 'memory'; readonly changes: number; readonly usage: NodeJS.MemoryUsage }
  | { readonly type: 'listening'; readonly xdsPort: number }
  /** A request is in the engine; for noise, how many changes there were since it began. */
  | { readonly type: 'done'; readonly changes: number };
