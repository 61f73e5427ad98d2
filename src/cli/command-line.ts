import { Command, CommanderError } from 'commander';
import { CliError, EXIT } from './cli-error.ts';
import { declareFlags, type FlagSet } from './flag.ts';

/** At the end of the help of the commands that ask no running Sluice. */
export const EXIT_CODES = `
Exit codes:
  0   done, or stopped by SIGTERM or SIGINT
  2   translate: something is not accepted or has a problem, or nothing is for Sluice
  64  a flag, command or variable that does not parse (nothing was started)
  66  the directory of manifests, a kubeconfig that was named, or a TLS file is missing
  69  an address is taken, or something needed is not there
  70  a bug in Sluice
  78  flags that do not go together, or a Node.js that is too old
  130 stopped by a second signal before connections were drained`;

/** Declares a command with its flags. */
export type DeclareCommand = (name: string, description: string, flags: FlagSet, examples: string) => Command;

/** What a command line comes to: what `found` was told, or what is to be printed. */
export type Parsed<T> =
  | T
  | { readonly command: 'version' }
  | { readonly command: 'help'; readonly text: string };

/**
 * Reads a command line, of the commands that `declareAll` declares. `argv` without the interpreter and the script. Pure: prints
 * nothing, starts nothing. Throws a `CliError` with exit code 64 for whatever does not parse.
 */
export function parseCommandLine<T>(
  argv: readonly string[],
  declareAll: (declare: DeclareCommand, found: (invocation: Parsed<T>) => void, program: Command) => void,
): Parsed<T> {
  let invocation: Parsed<T> | undefined;
  let help = '';
  const program = new Command('sluice')
    .description(
      'Envoy control plane for public TLS-passthrough ingress: Gateway API and Ingress in, delta xDS out.',
    )
    .version('', '-V, --version', 'print the versions of Sluice and Node.js')
    .addHelpText('after', `\nEvery command has examples: sluice serve --help\n${EXIT_CODES}`);

  function declare(name: string, description: string, flags: FlagSet, examples: string): Command {
    const result = program.command(name).description(description).addHelpText('after', examples);
    declareFlags(result, flags);
    return result;
  }

  declareAll(
    declare,
    (found) => {
      invocation = found;
    },
    program,
  );

  for (const each of [program, ...program.commands]) {
    each.exitOverride().configureOutput({ writeOut: (text) => (help += text), writeErr: () => {} });
  }
  try {
    program.parse(withoutHelpFor(argv, program), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.version') return { command: 'version' };
    if (error.exitCode === 0) return { command: 'help', text: help };
    // Nothing but "sluice": commander would print the help as an error.
    if (error.code === 'commander.help')
      throw usage('no command given; run "sluice --help" for the commands');
    throw usage(`${error.message.replace(/^error: /, '').replace(/\.$/, '')}; ${whereHelpIs(argv, program)}`);
  }
  return invocation ?? { command: 'help', text: help };
}

export function usage(message: string): CliError {
  return new CliError('SLUICE_USAGE', EXIT.usage, message);
}

/** commander answers "help nope" with the help of all, as if that were what was asked for. */
function withoutHelpFor(argv: readonly string[], program: Command): readonly string[] {
  const [first, second] = argv;
  if (first !== 'help' || second === undefined || second.startsWith('-') || second === 'help') return argv;
  return program.commands.some((each) => each.name() === second) ? argv : [second];
}

function whereHelpIs(argv: readonly string[], program: Command): string {
  const known = program.commands.find((each) => each.name() === argv[0]);
  return `run "sluice ${known === undefined ? '' : `${known.name()} `}--help"`;
}
