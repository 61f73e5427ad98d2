import process from 'node:process';
import { CliError, EXIT, type ExitCode, errorLine } from './cli-error.ts';
import type { LogConfig } from './flags.ts';
import type { Logger } from './logger.ts';
import { isOperatorCommand, parseOperatorLine } from './operator/operator-commands.ts';
import type { Invocation } from './program.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Runs one command line to its end and resolves with the exit code. Never rejects. */
export async function run(argv: readonly string[], env: Env): Promise<ExitCode> {
  // Whoever reads our output may stop reading: `sluice translate DIR | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  try {
    return await execute(await invocationOf(argv, env), env);
  } catch (error) {
    if (error instanceof CliError) {
      process.stderr.write(errorLine(error.code, error.message));
      return error.exitCode;
    }
    process.stderr.write(errorLine('SLUICE_INTERNAL', 'a bug in Sluice; please report it with what follows'));
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return EXIT.internal;
  }
}

/** Whoever asks a running Sluice wants an answer at once: those commands load little. */
async function invocationOf(argv: readonly string[], env: Env): Promise<Invocation> {
  if (isOperatorCommand(argv)) return parseOperatorLine(argv, env);
  const { parseInvocation } = await import('./program.ts');
  return parseInvocation(argv, env);
}

async function execute(invocation: Invocation, env: Env): Promise<ExitCode> {
  switch (invocation.command) {
    case 'help':
      return print(invocation.text);
    case 'version': {
      const { version } = await import('./version.ts');
      return print(`sluice ${version()} (Node.js ${process.versions.node})\n`);
    }
    // Loaded when needed, as what follows: they bring libraries that take half a second.
    case 'bootstrap': {
      const { bootstrap } = await import('./bootstrap-files.ts');
      const { stdout, stderr } = await bootstrap(invocation.config);
      process.stderr.write(stderr);
      return print(stdout);
    }
    case 'certs': {
      const { makeCertificates } = await import('./certs/certs.ts');
      return print(await makeCertificates(invocation.config));
    }
    case 'translate': {
      const { translate } = await import('./translate/translate.ts');
      const { stdout, stderr, exitCode } = await translate(invocation.directory, invocation.config);
      process.stderr.write(stderr);
      print(stdout);
      return exitCode;
    }
    case 'migrate': {
      const { migrate } = await import('./migrate/migrate.ts');
      const { stdout, stderr, exitCode } = await migrate(invocation.source, invocation.config);
      process.stderr.write(stderr);
      print(stdout);
      return exitCode;
    }
    case 'serve': {
      const { serve } = await import('./serve/serve.ts');
      return await serve(invocation.config, await loggerFor(invocation.config, env));
    }
    case 'drain': {
      const { drain } = await import('./drain/drain.ts');
      return await drain(invocation.config, await loggerFor(invocation.config, env));
    }
    case 'node': {
      const { node } = await import('./node/node.ts');
      return await node(invocation.config, await loggerFor(invocation.config, env));
    }
    case 'tenants': {
      const { tenants } = await import('./tenants/tenants.ts');
      return await tenants(invocation.config, await loggerFor(invocation.config, env));
    }
    default: {
      const { runOperator } = await import('./operator/run-operator.ts');
      return await runOperator(invocation);
    }
  }
}

async function loggerFor(config: LogConfig, env: Env): Promise<Logger> {
  const { createLogger } = await import('./logger.ts');
  return createLogger(config, { isTerminal: process.stderr.isTTY === true, env });
}

function print(text: string): ExitCode {
  process.stdout.write(text);
  return EXIT.ok;
}
