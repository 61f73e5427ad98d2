import process from 'node:process';
import { CliError, EXIT, type ExitCode, errorLine } from './cli-error.ts';
import { createLogger } from './logger.ts';
import { type Invocation, parseInvocation } from './program.ts';
import { version } from './version.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Runs one command line to its end and resolves with the exit code. Never rejects. */
export async function run(argv: readonly string[], env: Env): Promise<ExitCode> {
  // Whoever reads our output may stop reading: `sluice translate DIR | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  try {
    return await execute(parseInvocation(argv, env), env);
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

async function execute(invocation: Invocation, env: Env): Promise<ExitCode> {
  switch (invocation.command) {
    case 'help':
      return print(invocation.text);
    case 'version':
      return print(`sluice ${version()} (Node.js ${process.versions.node})\n`);
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
      return await serve(
        invocation.config,
        createLogger(invocation.config, { isTerminal: process.stderr.isTTY === true, env }),
      );
    }
    case 'drain': {
      const { drain } = await import('./drain/drain.ts');
      return await drain(
        invocation.config,
        createLogger(invocation.config, { isTerminal: process.stderr.isTTY === true, env }),
      );
    }
    case 'node': {
      const { node } = await import('./node/node.ts');
      return await node(
        invocation.config,
        createLogger(invocation.config, { isTerminal: process.stderr.isTTY === true, env }),
      );
    }
    default: {
      const { runOperator } = await import('./operator/run-operator.ts');
      return await runOperator(invocation);
    }
  }
}

function print(text: string): ExitCode {
  process.stdout.write(text);
  return EXIT.ok;
}
