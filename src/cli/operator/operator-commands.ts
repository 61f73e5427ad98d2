import type { Command } from 'commander';
import { type DeclareCommand, type Parsed, parseCommandLine } from '../command-line.ts';
import { type FlagSet, readFlags } from '../flag.ts';
import {
  BUNDLE_FLAGS,
  type BundleConfig,
  DIFF_FLAGS,
  type DiffConfig,
  EXPLAIN_FLAGS,
  type ExplainConfig,
  ROUTES_FLAGS,
  type RoutesConfig,
  STATUS_COMMAND_FLAGS,
  type StatusCommandConfig,
  WATCH_FLAGS,
  type WatchConfig,
} from './operator-flags.ts';

/** A command that asks a running Sluice, every value read and checked. */
export type OperatorInvocation =
  | { readonly command: 'explain'; readonly host: string; readonly config: ExplainConfig }
  | { readonly command: 'status'; readonly config: StatusCommandConfig }
  | { readonly command: 'nodes'; readonly config: StatusCommandConfig }
  | { readonly command: 'routes'; readonly config: RoutesConfig }
  | { readonly command: 'diff'; readonly node: string; readonly config: DiffConfig }
  | { readonly command: 'watch'; readonly config: WatchConfig }
  | { readonly command: 'bundle'; readonly config: BundleConfig };

const EXIT_CODES = `
Exit codes:
  0   all is well: the host is live on all nodes, nothing differs
  2   it is not; the output says what
  64  a flag, command or host name that does not parse
  69  no Sluice is found, or none answers
  70  a bug in Sluice
  77  the API server, or Sluice, does not allow it
  78  no usable kubeconfig`;

const WHERE = `
Sluice is found by the kubeconfig, through the API server, all replicas at once; with --server at an address. Nothing is changed.`;

const EXAMPLES = {
  explain: `
Examples:
  # Is it live, on which nodes, since when; if not, why.
  sluice explain demo.stage.example.com

  # Also connect through the address of each gateway node, and to an endpoint.
  sluice explain demo.stage.example.com --probe

  # Of a replica behind "kubectl -n sluice-system port-forward deploy/sluice 18001".
  sluice explain demo.stage.example.com --server http://127.0.0.1:18001

  # A tenant, who may get TLSRoutes of the namespace.
  sluice explain demo.stage.example.com --service-account tenant-a/default

  # For scripts.
  sluice explain demo.stage.example.com -o json | jq -r .verdict
`,
  status: `
Examples:
  sluice status
  sluice status -o json | jq '.summary[] | select(.isGood | not)'
`,
  nodes: `
Examples:
  sluice nodes -o wide
`,
  routes: `
Examples:
  # What is wrong, of one tenant.
  sluice routes --of-namespace tenant-a --condition bad

  # Whose hosts end so.
  sluice routes --of-host '*.stage.example.com'

  # The ten with the most connections, on all Envoys together.
  sluice routes --sort connections --limit 10
`,
  diff: `
Examples:
  # Through a port that is forwarded to Envoy's pod on that node.
  sluice diff gw-1

  # On the node itself.
  curl -s '127.0.0.1:15000/config_dump?include_eds' | sluice diff gw-1 --config-dump -
`,
  watch: `
Examples:
  # Each change: what was read, when it was computed, when each Envoy had it.
  sluice watch

  # The next change, for a script.
  sluice watch --count 1 -o json
`,
  bundle: `
Examples:
  # One archive to send to whoever helps: no Secrets, no addresses of clients.
  sluice bundle --file sluice-support.tar.gz
`,
} as const;

/** Whether a command line begins with one of these commands. */
export function isOperatorCommand([first = '']: readonly string[]): boolean {
  return Object.hasOwn(EXAMPLES, first);
}

/** Reads a command line that begins with one of these commands as `parseInvocation` does, without loading what the others need. */
export function parseOperatorLine(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Parsed<OperatorInvocation> {
  return parseCommandLine<OperatorInvocation>(argv, (declare, found) =>
    declareOperatorCommands(declare, env, found),
  );
}

/** Declares the commands that ask a running Sluice; `found` is told which one the line has. */
export function declareOperatorCommands(
  declare: DeclareCommand,
  env: Readonly<Record<string, string | undefined>>,
  found: (invocation: OperatorInvocation) => void,
): void {
  const operator = (name: keyof typeof EXAMPLES, description: string, flags: FlagSet): Command =>
    declare(name, description, flags, `${WHERE}\n${EXAMPLES[name]}${EXIT_CODES}`);
  operator('explain', 'why a host is served or not, and on which nodes', EXPLAIN_FLAGS)
    .argument('<host>', 'name that clients ask for')
    .action((host: string, given) =>
      found({ command: 'explain', host, config: readFlags(EXPLAIN_FLAGS, given, env) }),
    );
  operator('status', 'all of a running Sluice in one screen', STATUS_COMMAND_FLAGS).action((given) =>
    found({ command: 'status', config: readFlags(STATUS_COMMAND_FLAGS, given, env) }),
  );
  operator('nodes', 'the gateway nodes and their Envoys', STATUS_COMMAND_FLAGS).action((given) =>
    found({ command: 'nodes', config: readFlags(STATUS_COMMAND_FLAGS, given, env) }),
  );
  operator('routes', 'routes by namespace, host and condition', ROUTES_FLAGS).action((given) =>
    found({ command: 'routes', config: readFlags(ROUTES_FLAGS, given, env) }),
  );
  operator('diff', "what a node's Envoy should have against what it has", DIFF_FLAGS)
    .argument('<node>', 'node id of the Envoy, in a cluster the name of its node')
    .action((node: string, given) =>
      found({ command: 'diff', node, config: readFlags(DIFF_FLAGS, given, env) }),
    );
  operator('watch', 'changes as they go through', WATCH_FLAGS).action((given) =>
    found({ command: 'watch', config: readFlags(WATCH_FLAGS, given, env) }),
  );
  operator('bundle', 'one archive for support', BUNDLE_FLAGS).action((given) =>
    found({ command: 'bundle', config: readFlags(BUNDLE_FLAGS, given, env) }),
  );
}
