import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bootstrapYaml } from './bootstrap-config.ts';
import type { BootstrapOptions } from './bootstrap-flags.ts';
import { envoyLimits, fileDescriptors } from './bootstrap-limits.ts';
import { bootstrapTls, secretFiles } from './bootstrap-tls.ts';
import { CliError, EXIT, errorLine } from './cli-error.ts';
import { makeFolder } from './folder.ts';

export interface BootstrapOutput {
  /** The bootstrap, or with `--out`, where it was written. */
  readonly stdout: string;
  /** What the operator should know: nothing mostly. */
  readonly stderr: string;
}

/** What `sluice bootstrap` prints. */
export async function bootstrap(options: BootstrapOptions): Promise<BootstrapOutput> {
  const { out } = options;
  const limits = envoyLimits(options, fileDescriptors());
  const yaml = bootstrapYaml(options, limits);
  const stderr = limits.warnings.map((text) => errorLine('SLUICE_BOOTSTRAP_DESCRIPTORS', text)).join('');
  if (out === undefined) return { stdout: yaml, stderr };
  const tls = bootstrapTls(options);
  // The bootstrap last: an Envoy that waits for it finds all it names.
  const files = { ...(tls && secretFiles(tls)), 'envoy.yaml': yaml };
  try {
    await makeFolder(out);
    for (const [name, content] of Object.entries(files)) await replace(join(out, name), content);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `cannot write to ${out} (${reason}); give a folder that can be written with --out`;
    throw new CliError('SLUICE_BOOTSTRAP_FILES', EXIT.noInput, message, { cause });
  }
  const names = Object.keys(files).map((name) => join(out, name));
  return { stdout: `${names.join('\n')}\n`, stderr };
}

/** By renaming, which is what Envoy watches for. Readable for Envoy's user, whoever that is: no file holds a secret. */
async function replace(path: string, content: string): Promise<void> {
  const scratch = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(scratch, content, { mode: 0o644, flag: 'wx' });
    await rename(scratch, path);
  } catch (cause) {
    await rm(scratch, { force: true });
    throw cause;
  }
}
