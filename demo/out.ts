/** What the demo prints: for people, in color only where they see it. */
export interface Out {
  readonly stream: NodeJS.WritableStream;
  readonly color: boolean;
}

export function heading(out: Out, text: string): void {
  out.stream.write(out.color ? `\n\u001b[1m${text}\u001b[0m\n` : `\n${text}\n`);
}

export function line(out: Out, text: string): void {
  out.stream.write(`  ${text}\n`);
}

/** Prints whether something is as it should be, and returns it. */
export function check(out: Out, good: boolean, text: string): boolean {
  const mark = good ? '✓' : '✗';
  const code = good ? 32 : 31;
  line(out, `${out.color ? `\u001b[${code}m${mark}\u001b[0m` : mark} ${text}`);
  return good;
}
