import process from 'node:process';
import type { OutputConfig } from '../operator-flags.ts';

const CODES = { good: 32, bad: 31, odd: 33, dim: 2, strong: 1 } as const;

export type Tone = keyof typeof CODES;

/** Colours a text, or leaves it as it is. */
export type Paint = (tone: Tone, text: string) => string;

/** Colours on terminals alone, and not where `NO_COLOR` is set. */
export function paintFor({ color }: Pick<OutputConfig, 'color'>): Paint {
  const isWanted =
    color === 'always' ||
    (color === 'auto' && process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '');
  return isWanted ? (tone, text) => `\u001b[${CODES[tone]}m${text}\u001b[0m` : (_, text) => text;
}
