import process from 'node:process';
import type { ExitCode } from '../cli-error.ts';
import type { OperatorInvocation } from './operator-commands.ts';
import type { Printed } from './render/print.ts';

/** Runs a command that asks a running Sluice. Rejects with a `CliError`. Each loads its own parts: an answer is to be quick. */
export async function runOperator(invocation: OperatorInvocation): Promise<ExitCode> {
  if (invocation.command === 'watch') {
    const { watch } = await import('./commands/watch.ts');
    return await watch(invocation.config);
  }
  const { stdout, stderr, exitCode } = await printed(invocation);
  process.stderr.write(stderr);
  process.stdout.write(stdout);
  return exitCode;
}

async function printed(
  invocation: Exclude<OperatorInvocation, { readonly command: 'watch' }>,
): Promise<Printed> {
  switch (invocation.command) {
    case 'explain':
      return await (await import('./commands/explain.ts')).explain(
        invocation.host,
        invocation.config,
        (text) => process.stdout.write(text),
      );
    case 'status':
      return await (await import('./commands/status.ts')).status(invocation.config);
    case 'nodes':
      return await (await import('./commands/nodes.ts')).nodes(invocation.config);
    case 'routes':
      return await (await import('./commands/routes.ts')).routes(invocation.config);
    case 'diff':
      return await (await import('./commands/diff.ts')).diff(invocation.node, invocation.config);
    case 'bundle':
      return await (await import('./commands/bundle.ts')).bundle(invocation.config);
    default:
      return invocation satisfies never;
  }
}
