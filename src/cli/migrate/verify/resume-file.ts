import { appendFileSync, readFileSync } from 'node:fs';
import { CliError, EXIT } from '../../cli-error.ts';
import type { HostComparison } from './compare.ts';

/** What a run of `migrate --verify` has verified already, one JSON object a line, the first of them the addresses. */
export class ResumeFile {
  readonly #path: string;
  /** Hosts that were the same, or that neither gateway serves. */
  readonly done: ReadonlyMap<string, HostComparison>;

  /** Throws a `CliError` for a file that cannot be read or written, or that is of other addresses. */
  constructor(path: string, addresses: string) {
    this.#path = path;
    const text = this.#read();
    const done = new Map<string, HostComparison>();
    const lines = text.split('\n');
    const head = parsed(lines[0] ?? '') as { readonly addresses?: unknown } | undefined;
    if (text !== '' && head?.addresses !== addresses)
      throw new CliError(
        'SLUICE_MIGRATE_RESUME',
        EXIT.config,
        `${path} is of no run between these gateways (${addresses}); name another file, or remove it`,
      );
    for (const line of lines.slice(1)) {
      const found = parsed(line) as HostComparison | undefined;
      if (found === undefined) continue;
      if (found.verdict === 'same' || found.verdict === 'neither') done.set(found.host, found);
      else done.delete(found.host);
    }
    this.done = done;
    if (text === '') this.#append(`${JSON.stringify({ addresses })}\n`);
    // A process that was killed may have left half a line.
    else if (!text.endsWith('\n')) this.#append('\n');
  }

  add(comparison: HostComparison): void {
    this.#append(`${JSON.stringify(comparison)}\n`);
  }

  #read(): string {
    try {
      return readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw unusable(this.#path, error);
    }
  }

  #append(text: string): void {
    try {
      appendFileSync(this.#path, text, { mode: 0o600 });
    } catch (error) {
      throw unusable(this.#path, error);
    }
  }
}

function unusable(path: string, cause: unknown): CliError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${path} cannot be read and written (${reason}); name another file with --resume`;
  return new CliError('SLUICE_MIGRATE_RESUME', EXIT.noInput, message, { cause });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
