import type { Failure } from '../find/ask.ts';
import type { OutputConfig } from '../operator-flags.ts';
import type { Paint } from './paint.ts';
import { printable } from './text-table.ts';

/** What a command prints, and its exit code. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: 0 | 2;
}

/** As JSON or YAML, or as text where it is for people. */
export async function rendered({ output }: OutputConfig, value: object, text: () => string): Promise<string> {
  if (output === 'json') return `${JSON.stringify(value, null, 2)}\n`;
  if (output !== 'yaml') return text();
  const { stringify } = await import('yaml');
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Replicas that did not answer, for stderr: others did. */
export function notes(failures: readonly Failure[], paint: Paint): string {
  return failures
    .map(({ replica, reason }) =>
      paint('odd', `note: replica ${replica} does not answer: ${printable(reason)}\n`),
    )
    .join('');
}
