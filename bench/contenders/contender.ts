/** A proxy that passes TLS through for N tenants, and whatever tells it about them. */
export interface Contender extends AsyncDisposable {
  readonly name: string;
  /** Where it is not this project's own. */
  readonly version?: string;
  /** Processes that hold clients' connections, or did. */
  proxyPids(): readonly number[];
  /** CPU time of the proxy so far, in milliseconds, with that of processes that have ended. */
  proxyCpuMs(): number;
  /** Processes that tell the proxy what to do. */
  controlPids(): readonly number[];
  /** Each resolves with the time just before the write that makes the change (`monotonicMs`). */
  add(index: number): Promise<number>;
  changeEndpoint(index: number): Promise<number>;
  remove(index: number): Promise<number>;
}

/** Starts with N tenants; undefined where the program is not installed. */
export type StartContender = (routes: number) => Promise<Contender | undefined>;
