/** Helm itself, and what it makes of the chart. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { helm } from '../../scripts/helm-asset.ts';
import { type ApiObject, documents } from './kubernetes/client.ts';

export const CHART = join(import.meta.dirname, '..', '..', 'deploy', 'helm', 'sluice');
export const NAMESPACE = 'sluice-system';

/** Runs Helm, with values on its standard input where they are given (`--values -`). Rejects with its own words. */
export async function runHelm(args: readonly string[], values?: string): Promise<string> {
  const child = spawn(await helm(), args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {});
  child.stdin.end(values ?? '');
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (status !== 0) throw new Error(`helm ${args[0]} ended with ${status}: ${stderr}`);
  return stdout;
}

/** What "helm template" gives for values (YAML), as for a release of that name. */
export async function renderChart(
  values = '{}',
  release = 'sluice',
  ...more: readonly string[]
): Promise<ApiObject[]> {
  return documents(
    await runHelm(['template', release, CHART, '--namespace', NAMESPACE, '--values', '-', ...more], values),
  );
}
