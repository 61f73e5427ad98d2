/** Asking, as cheaply as can be, whether a host is served, and by whom. */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeClientHello } from '../../test/harness/client-hello.ts';
import { hostOf } from '../../test/harness/tenants.ts';
import { monotonicMs } from '../clock.ts';
import { GATEWAY_PORT, nameOf, namespaceOf } from '../world/manifests.ts';
import { PROBE_MARK, PROBE_MARK_OFFSET } from './probe-mark.ts';

export interface ProbeOptions {
  readonly port?: number;
  readonly timeoutMs?: number;
}

/** The address of the backend that a ClientHello for the host reached; undefined where it was turned away. */
export function probe(host: string, options: ProbeOptions = {}): Promise<string | undefined> {
  const { port = GATEWAY_PORT, timeoutMs = 2_000 } = options;
  const hello = encodeClientHello({ serverName: host });
  PROBE_MARK.copy(hello, PROBE_MARK_OFFSET);
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const done = (answer: string | undefined) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => done(undefined));
    socket.once('connect', () => socket.write(hello));
    socket.once('data', (data) => done(data.toString('latin1')));
    socket.once('error', () => done(undefined));
    socket.once('end', () => done(undefined));
  });
}

export interface AwaitOptions extends ProbeOptions {
  /** Between the end of one probe and the next. */
  readonly intervalMs?: number;
  readonly patienceMs?: number;
}

/** Probes until the answer is as wished; when that was (`monotonicMs`). Rejects when patience is over. */
export async function untilAnswer(
  host: string,
  wished: (answer: string | undefined) => boolean,
  options: AwaitOptions = {},
): Promise<number> {
  const { intervalMs = 1, patienceMs = 120_000 } = options;
  const deadline = monotonicMs() + patienceMs;
  for (;;) {
    const answer = await probe(host, options);
    const now = monotonicMs();
    if (wished(answer)) return now;
    if (now > deadline)
      throw new Error(`${host}: not as wished within ${patienceMs / 1000} s, but ${answer}`);
    await delay(intervalMs);
  }
}

export interface AllServed {
  /** When the last host that was not served at once was (`monotonicMs`). */
  readonly at: number;
  readonly probes: number;
}

/**
 * Waits for each host in turn. The last one that had to be waited for tells the time; those behind it were served
 * already when they were asked, or the time would be theirs.
 */
export async function untilAllServed(
  hosts: readonly string[],
  options: AwaitOptions = {},
): Promise<AllServed> {
  const { intervalMs = 5, patienceMs = 120_000 } = options;
  const deadline = monotonicMs() + patienceMs;
  let at = 0;
  let probes = 0;
  for (const host of hosts) {
    for (let waited = false; ; waited = true) {
      const answer = await probe(host, options);
      probes += 1;
      if (answer !== undefined) {
        if (waited || at === 0) at = monotonicMs();
        break;
      }
      if (monotonicMs() > deadline) throw new Error(`${host} was not served within ${patienceMs / 1000} s`);
      await delay(intervalMs);
    }
  }
  return { at, probes };
}

const SAMPLED = 64;

/**
 * Hosts that stand for all: those that any order of working through them leaves for the end, and some in between.
 */
export function sampleHosts(routes: number): string[] {
  const keys = Array.from({ length: routes }, (_, index) => `${namespaceOf(index)}/${nameOf(index)}`);
  const last = keys.reduce((latest, key, index) => (key > (keys[latest] ?? '') ? index : latest), 0);
  const spread = Array.from({ length: SAMPLED }, (_, index) => Math.floor((index * routes) / SAMPLED));
  return [...new Set([routes - 1, last, 0, ...spread])].map(hostOf);
}
