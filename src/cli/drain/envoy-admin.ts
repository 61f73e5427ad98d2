import type { SocketAddress } from '../flag-values.ts';

const ANSWER_MS = 5_000;
/** Workers have gauges of their own, and two listeners count whoever asks and Prometheus. */
const LISTENER_CONNECTIONS =
  /^listener\.(?!admin\.|sluice_metrics\.)(?:(?!\.worker_\d+\.).)*\.downstream_cx_active$/;

/** The few pages of Envoy's admin interface that draining takes. All reject where Envoy does not answer with 200. */
export class EnvoyAdmin {
  readonly #base: string;
  #hasAnswered = false;

  constructor({ host, port }: SocketAddress) {
    this.#base = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  /** Whether an Envoy was ever there: one that is gone is no wrong address. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** `host:port`, as it was given. */
  get address(): string {
    return this.#base.slice('http://'.length);
  }

  /** Resolves where an Envoy answers; changes nothing. */
  async look(): Promise<void> {
    await this.connections();
  }

  /** Whether it serves, its health check included. Never rejects. */
  async isReady(): Promise<boolean> {
    return await this.#request('GET', '/ready').then(
      () => true,
      () => false,
    );
  }

  /** `/ready` says no from now on. */
  async failHealthCheck(): Promise<void> {
    await this.#request('POST', '/healthcheck/fail');
  }

  /**
   * Closes every listening socket now: whoever connects is refused at once and takes the next address. With `?graceful`
   * Envoy would go on accepting for its whole --drain-time-s. Established connections stay open.
   */
  async closeListeners(): Promise<void> {
    await this.#request('POST', '/drain_listeners');
  }

  /** Connections of all listeners, those that are closed included. */
  async connections(): Promise<number> {
    const filter = encodeURIComponent('^listener\\..*\\.downstream_cx_active$');
    const { stats } = JSON.parse(await this.#request('GET', `/stats?format=json&filter=${filter}`)) as {
      stats: readonly { readonly name?: string; readonly value?: number }[];
    };
    return stats
      .filter(({ name }) => name !== undefined && LISTENER_CONNECTIONS.test(name))
      .reduce((sum, { value = 0 }) => sum + value, 0);
  }

  async #request(method: 'GET' | 'POST', page: string): Promise<string> {
    const response = await fetch(`${this.#base}${page}`, { method, signal: AbortSignal.timeout(ANSWER_MS) });
    const body = await response.text();
    if (response.status !== 200) throw new Error(`Envoy answered ${response.status} to ${method} ${page}`);
    this.#hasAnswered = true;
    return body;
  }
}
