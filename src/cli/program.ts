import type { Command } from 'commander';
import { BOOTSTRAP_FLAGS, type BootstrapOptions } from './bootstrap-flags.ts';
import { CERTS_FLAGS, type CertsConfig } from './certs/certs-flags.ts';
import { CliError, EXIT, quoted } from './cli-error.ts';
import { type DeclareCommand, EXIT_CODES, type Parsed, parseCommandLine, usage } from './command-line.ts';
import { DRAIN_FLAGS, type DrainConfig } from './drain/drain-flags.ts';
import { readFlags } from './flag.ts';
import { SERVE_FLAGS, type ServeConfig, TRANSLATE_FLAGS, type TranslateConfig } from './flags.ts';
import { MIGRATE_EXAMPLES, MIGRATE_FLAGS, type MigrateConfig } from './migrate/migrate-flags.ts';
import { NODE_FLAGS, type NodeConfig } from './node/node-flags.ts';
import { type CompletedCommand, completionScript, SHELLS } from './operator/completion.ts';
import { declareOperatorCommands, type OperatorInvocation } from './operator/operator-commands.ts';
import { TENANTS_FLAGS, type TenantsConfig } from './tenants/tenants-flags.ts';

/** What the command line asks for, every value read and checked. */
export type Invocation = Parsed<OwnInvocation | OperatorInvocation>;

type OwnInvocation =
  | { readonly command: 'serve'; readonly config: ServeConfig }
  | { readonly command: 'translate'; readonly directory: string; readonly config: TranslateConfig }
  | { readonly command: 'migrate'; readonly source: string | undefined; readonly config: MigrateConfig }
  | { readonly command: 'bootstrap'; readonly config: BootstrapOptions }
  | { readonly command: 'certs'; readonly config: CertsConfig }
  | { readonly command: 'drain'; readonly config: DrainConfig }
  | { readonly command: 'node'; readonly config: NodeConfig }
  | { readonly command: 'tenants'; readonly config: TenantsConfig };

type Env = Readonly<Record<string, string | undefined>>;

const EXAMPLES = {
  serve: `
Examples:
  # Manifests from a folder, followed live; Envoys connect to port 18000.
  sluice serve --source directory:./manifests --xds-address 0.0.0.0:18000

  # The manifests of a Higress installation, as they are.
  sluice serve --source directory:./manifests --adopt-controller-name higress.io/gateway-controller --adopt-class higress

  # The same by environment.
  SLUICE_SOURCE=directory:./manifests SLUICE_ADOPT_CLASSES=higress sluice serve
${EXIT_CODES}`,
  translate: `
Examples:
  # Envoy's resources on stdout, the routes and their conditions on stderr.
  sluice translate ./manifests

  # Only the table; exit code 2 tells a pipeline that something is not accepted.
  sluice translate ./manifests --output table

  # What somebody else makes, before it is applied.
  helm template ./tenant | sluice translate - --output table

  # Which route serves a host, and which others wanted to.
  sluice translate ./manifests --host demo.stage.example.com
${EXIT_CODES}`,
  bootstrap: `
Examples:
  # Two replicas of the control plane; the node id from the environment of the pod.
  SLUICE_NODE_ID=$NODE_NAME sluice bootstrap --xds-address 10.0.0.1:18000 --xds-address 10.0.0.2:18000 > envoy.yaml

  # With mutual TLS: writes /etc/envoy/envoy.yaml and two files that let certificates rotate.
  sluice bootstrap --node-id gw-1 --xds-address sluice.sluice-system.svc:18000 --out /etc/envoy \\
    --xds-tls-cert-file /tls/tls.crt --xds-tls-key-file /tls/tls.key --xds-tls-ca-file /tls/ca.crt

  # Check it with Envoy itself, then run it.
  envoy --mode validate -c envoy.yaml && envoy -c envoy.yaml
${EXIT_CODES}`,
  certs: `
Examples:
  # An authority, a certificate for Sluice and one for the gateways; again, to renew the two.
  sluice certs --out ./sluice-certs

  # Outside a cluster: Envoys reach Sluice at an address.
  sluice certs --out ./sluice-certs --hosts sluice.example.com --hosts 10.0.0.1
${EXIT_CODES}`,
  drain: `
Examples:
  # Beside Envoy in its pod; a preStop hook of Envoy asks for http://127.0.0.1:15001/drain and waits for the answer.
  sluice drain --timeout 10m

  # On a machine without Kubernetes, where it runs beside Envoy as well.
  curl http://127.0.0.1:15001/drain && systemctl stop envoy
${EXIT_CODES}`,
  node: `
Examples:
  # Beside Envoy on a gateway node: what Sluice says is kept, so that Envoy starts without it.
  sluice node --control-plane sluice.example.com:18000 --state-dir /var/lib/sluice-node \\
    --xds-tls-cert-file /tls/tls.crt --xds-tls-key-file /tls/tls.key --xds-tls-ca-file /tls/ca.crt

  # The Envoy that is served by it.
  sluice bootstrap --node-id gw-1 --xds-address unix:/run/sluice-node/xds.sock > envoy.yaml
${EXIT_CODES}`,
  tenants: `
Examples:
  # Service, EndpointSlice and TLSRoute for each KdcCluster: NAME-cp.stage.example.com leads to its API server.
  sluice tenants --domain stage.example.com --gateway higress-system/tenant-gateway

  # Cluster API and Kamaji; then a mapping of one's own.
  sluice tenants --mapping cluster-api --mapping kamaji --domain stage.example.com --gateway ingress/public
  sluice tenants --print-mapping generic > tenants.yaml && sluice tenants --mapping ./tenants.yaml --domain stage.example.com --gateway ingress/public

Exit codes:
  0   done, or stopped by SIGTERM or SIGINT
  64  a flag, command or variable that does not parse (nothing was started)
  66  the file of a mapping, or a kubeconfig that was named, is missing
  69  an address is taken
  70  a bug in Sluice
  78  a mapping that is wrong, no usable kubeconfig, or a Node.js that is too old
  130 stopped by a second signal before it had ended`,
} as const;

/** Reads a command line, of all commands; as `parseCommandLine`. */
export function parseInvocation(argv: readonly string[], env: Env): Invocation {
  return parseCommandLine<OwnInvocation | OperatorInvocation>(argv, (declare, found, program) => {
    declareOwnCommands(declare, env, found);
    declareOperatorCommands(declare, env, found);
    program
      .command('completion')
      .description('print what completes commands and flags in a shell')
      .argument('<shell>', SHELLS.join(', '))
      .addHelpText('after', COMPLETION_HELP)
      .action((text: string) => {
        const shell = SHELLS.find((each) => each === text);
        if (shell === undefined)
          throw usage(`no completion for ${quoted(text)}; there is one for ${SHELLS.join(', ')}`);
        found({ command: 'help', text: completionScript(shell, completedCommands(program)) });
      });
    program
      .command('version')
      .description('print the versions of Sluice and Node.js')
      .action(() => found({ command: 'version' }));
  });
}

function declareOwnCommands(
  declare: DeclareCommand,
  env: Env,
  found: (invocation: OwnInvocation) => void,
): void {
  declare('serve', 'serve the manifests to Envoys', SERVE_FLAGS, EXAMPLES.serve).action((given) => {
    const config = readFlags(SERVE_FLAGS, given, env);
    refuseSharedAddress(config);
    found({ command: 'serve', config });
  });
  declare(
    'bootstrap',
    "print an Envoy's bootstrap configuration",
    BOOTSTRAP_FLAGS,
    EXAMPLES.bootstrap,
  ).action((given) => found({ command: 'bootstrap', config: readFlags(BOOTSTRAP_FLAGS, given, env) }));
  declare('translate', 'print what manifests become', TRANSLATE_FLAGS, EXAMPLES.translate)
    .argument('<dir>', 'folder of manifests, or one file of them; - for stdin')
    .action((directory: string, given) =>
      found({ command: 'translate', directory, config: readFlags(TRANSLATE_FLAGS, given, env) }),
    );
  declare('certs', 'make or renew the certificates of mutual TLS', CERTS_FLAGS, EXAMPLES.certs).action(
    (given) => found({ command: 'certs', config: readFlags(CERTS_FLAGS, given, env) }),
  );
  declare('drain', 'take an Envoy out of service gently', DRAIN_FLAGS, EXAMPLES.drain).action((given) =>
    found({ command: 'drain', config: readFlags(DRAIN_FLAGS, given, env) }),
  );
  declare('node', "keep what Sluice says for a node's own Envoy", NODE_FLAGS, EXAMPLES.node).action((given) =>
    found({ command: 'node', config: readFlags(NODE_FLAGS, given, env) }),
  );
  declare('tenants', 'make routes for tenant clusters', TENANTS_FLAGS, EXAMPLES.tenants).action((given) =>
    found({ command: 'tenants', config: readFlags(TENANTS_FLAGS, given, env) }),
  );
  declare('migrate', 'print what the objects of other controllers become', MIGRATE_FLAGS, MIGRATE_EXAMPLES)
    .argument('[source]', 'folder of manifests, or one file of them; - for stdin; unless given, the cluster')
    .action((source: string | undefined, given) =>
      found({ command: 'migrate', source, config: readFlags(MIGRATE_FLAGS, given, env) }),
    );
}

const COMPLETION_HELP = `
Examples:
  source <(sluice completion bash)
  sluice completion zsh > "\${fpath[1]}/_sluice"
  sluice completion fish | source
`;

function completedCommands(program: Command): readonly CompletedCommand[] {
  return program.commands.map((each) => ({
    name: each.name(),
    description: each.description(),
    flags: each.options.map(({ long, description, flags }) => {
      const value = /<([^>]*)>$/.exec(flags)?.[1];
      // What is written in small letters are the values themselves: json|yaml.
      const few = value !== undefined && /^[a-z]+(\|[a-z]+)+$/.test(value) ? value.split('|') : undefined;
      return { name: long ?? '', description, takes: few ?? (value === undefined ? 'nothing' : 'anything') };
    }),
  }));
}

/** Caught before anything starts: the second listen would fail with the first one running. */
function refuseSharedAddress({ xdsAddress, adminAddress }: ServeConfig): void {
  if (xdsAddress.port === 0 || xdsAddress.port !== adminAddress.port) return;
  if (xdsAddress.host !== adminAddress.host) return;
  throw new CliError(
    'SLUICE_ADDRESS_SHARED',
    EXIT.config,
    `--xds-address and --admin-address are both ${quoted(`${xdsAddress.host}:${xdsAddress.port}`)}; give each a port`,
  );
}
