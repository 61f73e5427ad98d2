/** Exit codes as in BSD's sysexits.h, so that a supervisor can tell a typing error from a port that is taken. */
export const EXIT = {
  ok: 0,
  /** `translate`: something is not accepted or has a problem, or nothing is for Sluice. `explain` and the like: not all is well. */
  notAccepted: 2,
  /** EX_USAGE: a command, a flag or an environment variable that does not parse. */
  usage: 64,
  /** EX_NOINPUT: the directory of manifests, a kubeconfig that was named, or a TLS file is missing or cannot be read. */
  noInput: 66,
  /** EX_UNAVAILABLE: an address cannot be listened on, or something needed is not there. */
  unavailable: 69,
  /** EX_SOFTWARE: a bug. */
  internal: 70,
  /** EX_NOPERM: the API server or Sluice does not allow what was asked for. */
  noPermission: 77,
  /** EX_CONFIG: flags that are fine each but not together, or a Node.js that is too old. */
  config: 78,
  /** A second SIGINT or SIGTERM while connections were still being drained. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Something that the operator can put right: ends the process with one line and an exit code of its own. */
export class CliError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;

  /** `message` says what is wrong and what to do next; `code` is listed in docs/errors.md. */
  constructor(code: string, exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CliError';
    this.code = code;
    this.exitCode = exitCode;
  }
}

const LONGEST_LINE = 600;

/** One line without control characters, whatever the message quotes: it may be what somebody else typed. */
export function errorLine(code: string, message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  const text = message.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  const short = text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text;
  return `sluice: ${code}: ${short}\n`;
}

/** What was given, quoted and cut, for a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
