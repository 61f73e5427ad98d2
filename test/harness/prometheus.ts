/** A real Prometheus that scrapes what a test gives it, and ends with the test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { prometheusProgram } from '../../scripts/monitoring/prometheus-asset.ts';
import { endWithParent } from './end-with-parent.ts';
import { until } from './until.ts';

export interface PrometheusTarget {
  readonly job: string;
  /** `host:port` */
  readonly address: string;
  readonly path: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface QueryAnswer {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data?: { readonly result: readonly { readonly metric: Readonly<Record<string, string>> }[] };
}

export class Prometheus implements AsyncDisposable {
  readonly #base: string;
  readonly #stop: () => Promise<void>;

  private constructor(base: string, stop: () => Promise<void>) {
    this.#base = base;
    this.#stop = stop;
  }

  /** `port` has to be free. Resolves once it answers; `rules`: a file of rules. */
  static async start(port: number, targets: readonly PrometheusTarget[], rules: string): Promise<Prometheus> {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-prometheus-'));
    const file = join(directory, 'prometheus.yaml');
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: targets.map(({ job, address, path, labels }) => ({
        job_name: job,
        metrics_path: path,
        static_configs: [{ targets: [address], labels }],
      })),
    };
    await writeFile(file, stringify(config));
    const address = `127.0.0.1:${port}`;
    const child = spawn(
      await prometheusProgram('prometheus'),
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], cwd: directory },
    );
    const unguard = endWithParent(child, directory);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const exited = once(child, 'exit');
    const stop = async (): Promise<void> => {
      child.kill();
      await exited;
      unguard();
      await rm(directory, { recursive: true, force: true });
    };
    const prometheus = new Prometheus(`http://${address}`, stop);
    try {
      await until(
        async () => {
          if (child.exitCode !== null) throw new Error(`Prometheus ended: ${stderr}`);
          return await fetch(`http://${address}/-/ready`).then(
            ({ ok }) => ok,
            () => false,
          );
        },
        { what: 'Prometheus is ready', timeoutMs: 30_000, intervalMs: 50 },
      );
    } catch (error) {
      await stop();
      throw error;
    }
    return prometheus;
  }

  async query(expr: string): Promise<QueryAnswer> {
    const response = await fetch(`${this.#base}/api/v1/query?${new URLSearchParams({ query: expr })}`);
    return (await response.json()) as QueryAnswer;
  }

  /** How many series an expression has now. */
  async count(expr: string): Promise<number> {
    const { data, error } = await this.query(expr);
    if (data === undefined) throw new Error(`${expr}: ${error}`);
    return data.result.length;
  }

  /** Resolves once so many targets were scraped; rejects with what Prometheus says of those that were not. */
  async scraped(count: number): Promise<void> {
    let said = '';
    const isScraped = async (): Promise<boolean> => {
      const response = await fetch(`${this.#base}/api/v1/targets`);
      const { data } = (await response.json()) as {
        data: { activeTargets: readonly { health: string; scrapeUrl: string; lastError: string }[] };
      };
      said = data.activeTargets.map(({ scrapeUrl, lastError }) => `${scrapeUrl}: ${lastError}`).join('; ');
      return data.activeTargets.filter(({ health }) => health === 'up').length === count;
    };
    await until(isScraped, { what: 'all are scraped', timeoutMs: 20_000 }).catch((error: Error) => {
      throw new Error(`${error.message} (${said})`);
    });
  }

  async rules(): Promise<
    readonly { readonly name: string; readonly health: string; readonly lastError?: string }[]
  > {
    const response = await fetch(`${this.#base}/api/v1/rules`);
    const { data } = (await response.json()) as {
      data: { groups: readonly { rules: readonly { name: string; health: string; lastError?: string }[] }[] };
    };
    return data.groups.flatMap(({ rules }) => rules);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stop();
  }
}
