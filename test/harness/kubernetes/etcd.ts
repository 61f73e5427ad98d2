import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubernetesAsset } from '../../../scripts/kubernetes-assets.ts';
import { freePort } from './free-port.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';

export interface EtcdOptions {
  /** A data directory of an ended etcd to start from; it is copied, never written. */
  readonly seed?: string;
}

export interface Etcd {
  readonly url: string;
  readonly dataDirectory: string;
  readonly process: GuardedProcess;
  /** Present revision, which is the newest resourceVersion of the API server in front of it. */
  revision(): Promise<number>;
  /** Forgets every revision before `revision`: nobody can watch from there any more. */
  compact(revision: number): Promise<void>;
  stop(): Promise<void>;
}

const ATTEMPTS = 4;
const READY_MS = 30_000;

/** An etcd on a free port of 127.0.0.1 that does not wait for the disk. Rejects with the end of its log. */
export async function startEtcd(options: EtcdOptions = {}): Promise<Etcd> {
  const binary = await kubernetesAsset('etcd');
  for (let attempt = 1; ; attempt += 1) {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-etcd-'));
    const dataDirectory = join(directory, 'data');
    if (options.seed !== undefined) await cp(options.seed, dataDirectory, { recursive: true });
    const url = `http://127.0.0.1:${await freePort()}`;
    const process = await startGuarded(
      'etcd',
      binary,
      [
        `--data-dir=${dataDirectory}`,
        `--listen-client-urls=${url}`,
        `--advertise-client-urls=${url}`,
        // No other member ever calls; port 0 is a free one.
        '--listen-peer-urls=http://127.0.0.1:0',
        '--initial-advertise-peer-urls=http://127.0.0.1:0',
        '--initial-cluster=default=http://127.0.0.1:0',
        // A seeded directory remembers another member's addresses.
        ...(options.seed === undefined ? [] : ['--force-new-cluster']),
        '--unsafe-no-fsync',
        '--quota-backend-bytes=4294967296',
        '--log-level=warn',
      ],
      directory,
    );
    const stop = async (): Promise<void> => {
      await process.kill('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    };
    if (await ready(url, process)) {
      const post = (path: string, body: object): Promise<unknown> => call(`${url}${path}`, body);
      return {
        url,
        dataDirectory,
        process,
        stop,
        async revision() {
          const status = (await post('/v3/maintenance/status', {})) as { header: { revision: string } };
          return Number(status.header.revision);
        },
        async compact(revision) {
          await post('/v3/kv/compaction', { revision: String(revision), physical: true });
        },
      };
    }
    const log = await process.log();
    await stop();
    if (attempt >= ATTEMPTS || !log.includes('address already in use'))
      throw new Error(`etcd did not become ready within ${READY_MS / 1000} s; the end of its log:\n${log}`);
  }
}

async function ready(url: string, process: GuardedProcess): Promise<boolean> {
  const deadline = performance.now() + READY_MS;
  while (process.running() && performance.now() < deadline) {
    try {
      const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) });
      const { health } = (await response.json()) as { health?: string };
      if (health === 'true') return true;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}

async function call(url: string, body: object): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`etcd answered ${response.status} to ${url}: ${text}`);
  return JSON.parse(text) as unknown;
}
