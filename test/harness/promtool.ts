/** Prometheus' own tool. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { prometheusProgram } from '../../scripts/monitoring/prometheus-asset.ts';

/** Runs promtool; rejects with its own words where it finds something wrong. `input` goes to its standard input. */
export async function promtool(args: readonly string[], input = ''): Promise<string> {
  const child = spawn(await prometheusProgram('promtool'), args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (status !== 0) throw new Error(`promtool ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return stdout + stderr;
}
