/** Something that could not be read or written; the rest could. */
export interface Problem {
  /** Stable, see docs/errors.md. */
  readonly code: string;
  readonly message: string;
}

export function problemText({ code, message }: Problem): string {
  return `${code}: ${message}`;
}
