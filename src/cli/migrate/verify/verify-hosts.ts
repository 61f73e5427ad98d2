import { setTimeout as pause } from 'node:timers/promises';
import { TokenBucket } from '../../../event-loop/token-bucket.ts';
import type { SocketAddress } from '../../flag-values.ts';
import { probeTls, type TlsProbe } from '../../operator/probe/tls-probe.ts';
import { compareHost, type HostComparison, type HostProbes } from './compare.ts';

export interface VerifyOptions {
  readonly from: readonly SocketAddress[];
  readonly to: readonly SocketAddress[];
  /** Hosts begun in a second. */
  readonly rate: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
}

export interface VerifyReport {
  readonly hosts: readonly HostComparison[];
  /** The gateway that takes no connections, and why; `undefined` where all did. */
  readonly down: string | undefined;
}

/** So many hosts in a row that an address takes no connection for: it is the gateway, not the hosts. */
const DOWN_AFTER = 10;
/** Of a host that differs: the pods of one backend may have a certificate each. */
const MOST_TRIES = 3;
/** What clients of such hosts offer; the backend chooses. */
const ALPN = ['h2', 'http/1.1'];
/** Stands for the star of a wildcard. */
const ANY_LABEL = 'sluice-verify';

/** Compares the two gateways host by host. `told` hears of each host once it is decided; never rejects. */
export async function verifyHosts(
  hosts: readonly string[],
  options: VerifyOptions,
  told: (comparison: HostComparison) => void,
): Promise<VerifyReport> {
  const { rate, concurrency } = options;
  const results = new Map<string, HostComparison>();
  const watch = new DownWatch(options);
  let down = await watch.look();
  const bucket = new TokenBucket(rate, Math.max(1, Math.ceil(rate / 10)));
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let host = hosts[next++]; host !== undefined && down === undefined; host = hosts[next++]) {
      for (let wait = bucket.takeTokens(1, performance.now()); wait > 0; ) {
        await pause(wait);
        wait = bucket.takeTokens(1, performance.now());
      }
      const { comparison, probes } = await verifyHost(host, options);
      down ??= watch.saw(host, probes);
      results.set(host, comparison);
      if (down === undefined && !watch.isSuspect(host)) told(comparison);
    }
  };
  if (down === undefined)
    await Promise.all(Array.from({ length: Math.min(concurrency, hosts.length) }, worker));
  const unknown = down ?? 'not asked';
  return {
    down,
    hosts: hosts.map((host) => {
      const found = results.get(host);
      const isKnown = found !== undefined && !(down !== undefined && watch.isSuspect(host));
      if (isKnown) return found;
      return { host, verdict: 'unknown', differences: [unknown], fromMs: undefined, toMs: undefined };
    }),
  };
}

/** Tells a gateway that is down from hosts that are not served. */
class DownWatch {
  readonly #options: VerifyOptions;
  /** By address: the hosts in a row that it took no connection for. */
  readonly #rows = new Map<string, string[]>();

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  /** Whether an address takes no connections at all, before anything is compared. */
  async look(): Promise<string | undefined> {
    const { from, to, timeoutMs } = this.#options;
    const probes = await Promise.all(
      [...from, ...to].map(({ host, port }) =>
        probeTls({ address: host, port, servername: 'sluice-verify.invalid', timeoutMs }),
      ),
    );
    const index = probes.findIndex(({ stage }) => stage === 'connect');
    const found = probes[index];
    return found && this.#words(found, index < from.length);
  }

  saw(host: string, { from, to }: HostProbes): string | undefined {
    let down: string | undefined;
    for (const [probes, isOld] of [
      [from, true],
      [to, false],
    ] as const)
      for (const probe of probes) {
        const address = `${probe.address} ${probe.port}`;
        if (probe.stage !== 'connect') {
          this.#rows.delete(address);
          continue;
        }
        const row = this.#rows.get(address) ?? [];
        this.#rows.set(address, row);
        if (!row.includes(host)) row.push(host);
        if (row.length >= DOWN_AFTER) down ??= this.#words(probe, isOld);
      }
    return down;
  }

  /** Whether it may be the gateway that a host was not served by. */
  isSuspect(host: string): boolean {
    return [...this.#rows.values()].some((row) => row.includes(host));
  }

  #words({ address, port, outcome }: TlsProbe, isOld: boolean): string {
    return `the ${isOld ? 'old' : 'new'} gateway ${address} port ${port} takes no connections (${outcome})`;
  }
}

async function verifyHost(
  host: string,
  options: VerifyOptions,
): Promise<{ readonly comparison: HostComparison; readonly probes: HostProbes }> {
  const { timeoutMs } = options;
  const servername = host.startsWith('*.') ? `${ANY_LABEL}${host.slice(1)}` : host;
  const probe = (address: SocketAddress): Promise<TlsProbe> =>
    probeTls({ address: address.host, port: address.port, servername, timeoutMs, alpn: ALPN });
  const before: TlsProbe[] = [];
  for (let tries = 1; ; tries += 1) {
    const [from, to] = await Promise.all([
      Promise.all(options.from.map(probe)),
      Promise.all(options.to.map(probe)),
    ]);
    before.push(...from.filter(({ stage }) => stage === 'done'));
    // What the old gateway answered at any try is what it answers; of the rest, the last try counts.
    const probes = { from: [...from.filter(({ stage }) => stage !== 'done'), ...before], to };
    const comparison = compareHost(host, probes);
    const isOver = comparison.verdict !== 'different' || tries === MOST_TRIES;
    if (isOver || [...from, ...to].some(({ stage }) => stage === 'connect'))
      return { comparison, probes: { from, to } };
  }
}
