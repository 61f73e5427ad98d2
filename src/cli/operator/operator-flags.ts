/** Flags of the commands that talk to a running Sluice. */
import { isIP } from 'node:net';
import type { FlagSet, FlagValues } from '../flag.ts';
import {
  dnsLabel,
  duration,
  enabled,
  filePath,
  fromText,
  httpUrl,
  ipAddress,
  oneOf,
  peerAddress,
  wholeNumber,
  word,
} from '../flag-values.ts';
import { KUBERNETES_FLAGS } from './find/kubernetes-flags.ts';

/** Where it is, and who asks. */
const CONNECTION_FLAGS = {
  servers: {
    name: '--server',
    value: 'URL',
    description:
      'admin address of a replica, http://127.0.0.1:18001, instead of all that the Kubernetes API knows',
    env: 'SLUICE_SERVERS',
    repeatable: true,
    schema: httpUrl,
  },
  namespace: {
    name: '--namespace',
    short: '-n',
    value: 'NAME',
    description: 'namespace in which Sluice is installed',
    env: 'SLUICE_NAMESPACE',
    default: 'sluice-system',
    schema: dnsLabel,
  },
  selector: {
    name: '--selector',
    short: '-l',
    value: 'LABELS',
    description: 'labels of its pods',
    env: 'SLUICE_SELECTOR',
    default: 'app.kubernetes.io/name=sluice,app.kubernetes.io/component=control-plane',
    schema: word,
  },
  through: {
    name: '--through',
    value: 'auto|proxy|port-forward',
    description:
      "how its pods are reached: the API server's proxy, which a NetworkPolicy may stop, or a forwarded port; auto: the one, then the other",
    env: 'SLUICE_THROUGH',
    default: 'auto',
    schema: oneOf('auto', 'proxy', 'port-forward'),
  },
  ...KUBERNETES_FLAGS,
  serviceAccount: {
    name: '--service-account',
    value: 'NAMESPACE/NAME',
    description:
      'whose token Sluice is shown, made for this and good for ten minutes; unless set, that of its pods with -viewer: sluice-system/sluice-viewer',
    env: 'SLUICE_SERVICE_ACCOUNT',
    schema: fromText('no service account; write it as NAMESPACE/NAME', serviceAccount),
  },
  tokenFile: {
    name: '--token-file',
    value: 'FILE',
    description: 'file with a token that Sluice is shown, instead of one made for this',
    env: 'SLUICE_TOKEN_FILE',
    schema: filePath,
  },
  timeoutMs: {
    name: '--timeout',
    value: 'DURATION',
    description: 'how long replicas, and each connection of a probe, may take',
    env: 'SLUICE_TIMEOUT',
    default: '5s',
    schema: duration(10, 24 * 3_600_000, 'from 10ms to 24h'),
  },
} as const satisfies FlagSet;

const OUTPUT_FLAGS = {
  output: {
    name: '--output',
    short: '-o',
    value: 'table|wide|json|yaml',
    description: 'how to print it; wide has more columns',
    env: 'SLUICE_OUTPUT',
    default: 'table',
    schema: oneOf('table', 'wide', 'json', 'yaml'),
  },
  color: {
    name: '--color',
    value: 'auto|always|never',
    description: 'colours; auto: on a terminal, unless NO_COLOR is set',
    env: 'SLUICE_COLOR',
    default: 'auto',
    schema: oneOf('auto', 'always', 'never'),
  },
} as const satisfies FlagSet;

export const EXPLAIN_FLAGS = {
  probe: {
    name: '--probe',
    description: 'also connect, through the address of each gateway node, and to an endpoint',
    env: 'SLUICE_PROBE',
    default: 'false',
    schema: enabled,
  },
  addresses: {
    name: '--address',
    value: 'IP',
    description: "probe these addresses instead of the gateway nodes'",
    env: 'SLUICE_ADDRESSES',
    repeatable: true,
    schema: ipAddress,
  },
  dnsServer: {
    name: '--dns-server',
    value: 'IP|IP:PORT',
    description: "name server that a probe asks for the host; unless set, this machine's",
    env: 'SLUICE_DNS_SERVER',
    schema: fromText('no address of a name server; write it as 9.9.9.9 or 127.0.0.1:5353', nameServer),
  },
  ...CONNECTION_FLAGS,
  ...OUTPUT_FLAGS,
} as const satisfies FlagSet;

export const STATUS_COMMAND_FLAGS = { ...CONNECTION_FLAGS, ...OUTPUT_FLAGS } as const satisfies FlagSet;

/** Where Envoys' admin interfaces are. */
const ENVOY_FLAGS = {
  envoyAdmins: {
    name: '--envoy-admin',
    value: 'HOST:PORT',
    description:
      "admin address of an Envoy, 127.0.0.1:15000 behind a port-forward, instead of forwarding a port to Envoys' pods",
    env: 'SLUICE_ENVOY_ADMIN',
    repeatable: true,
    schema: peerAddress,
  },
  envoySelector: {
    name: '--envoy-selector',
    value: 'LABELS',
    description: "labels of Envoys' pods",
    env: 'SLUICE_ENVOY_SELECTOR',
    default: 'app.kubernetes.io/name=sluice,app.kubernetes.io/component=envoy',
    schema: word,
  },
} as const satisfies FlagSet;

export const ROUTES_FLAGS = {
  sort: {
    name: '--sort',
    value: 'name|connections|bytes',
    description:
      'by what to sort; connections and bytes are asked of the Envoys, bytes are counted of routes with sluice.dev/stats alone',
    env: 'SLUICE_SORT',
    default: 'name',
    schema: oneOf('name', 'connections', 'bytes'),
  },
  ...ENVOY_FLAGS,
  ofNamespace: {
    name: '--of-namespace',
    value: 'NAME',
    description: 'routes of this namespace only',
    env: 'SLUICE_OF_NAMESPACE',
    schema: dnsLabel,
  },
  ofHost: {
    name: '--of-host',
    value: 'TEXT',
    description: 'routes with this host, with a wildcard above or below it, or with this in a name',
    env: 'SLUICE_OF_HOST',
    schema: word,
  },
  condition: {
    name: '--condition',
    value: 'NAME',
    description: 'bad, ok, or a condition or reason: Accepted, Accepted=False, NoEndpoints',
    env: 'SLUICE_CONDITION',
    schema: word,
  },
  limit: {
    name: '--limit',
    value: 'N',
    description: 'most routes that are listed',
    env: 'SLUICE_LIMIT',
    default: '500',
    schema: wholeNumber(1, 50_000),
  },
  ...CONNECTION_FLAGS,
  ...OUTPUT_FLAGS,
} as const satisfies FlagSet;

export const DIFF_FLAGS = {
  configDump: {
    name: '--config-dump',
    value: 'FILE|-',
    description: "the Envoy's /config_dump?include_eds, in a file or on stdin",
    env: 'SLUICE_CONFIG_DUMP',
    schema: word,
  },
  ...ENVOY_FLAGS,
  ...CONNECTION_FLAGS,
  ...OUTPUT_FLAGS,
} as const satisfies FlagSet;

export const WATCH_FLAGS = {
  count: {
    name: '--count',
    value: 'N',
    description: 'end after so many changes that all Envoys have acknowledged; unless set, never',
    env: 'SLUICE_WATCH_COUNT',
    schema: wholeNumber(1, 1_000_000),
  },
  ...CONNECTION_FLAGS,
  ...OUTPUT_FLAGS,
} as const satisfies FlagSet;

export const BUNDLE_FLAGS = {
  file: {
    name: '--file',
    value: 'FILE',
    description: 'where to write it, or - for stdout; unless set, sluice-bundle-TIME.tar.gz',
    env: 'SLUICE_BUNDLE_FILE',
    schema: word,
  },
  ...CONNECTION_FLAGS,
} as const satisfies FlagSet;

export type ConnectionConfig = FlagValues<typeof CONNECTION_FLAGS>;
export type OutputConfig = FlagValues<typeof OUTPUT_FLAGS>;
export type ExplainConfig = FlagValues<typeof EXPLAIN_FLAGS>;
export type StatusCommandConfig = FlagValues<typeof STATUS_COMMAND_FLAGS>;
export type RoutesConfig = FlagValues<typeof ROUTES_FLAGS>;
export type DiffConfig = FlagValues<typeof DIFF_FLAGS>;
export type WatchConfig = FlagValues<typeof WATCH_FLAGS>;
export type BundleConfig = FlagValues<typeof BUNDLE_FLAGS>;

function serviceAccount(text: string): { readonly namespace: string; readonly name: string } | undefined {
  const [, namespace, name] = /^([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/.exec(text) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

function nameServer(text: string): string | undefined {
  const [, address = '', port] = /^(\[[0-9a-f:]+\]|[0-9.]+|[0-9a-f:]+?)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const isAddress = isIP(address.replace(/^\[|\]$/g, '')) !== 0;
  return (isAddress && Number(port ?? 53) <= 65_535) || isIP(text) !== 0 ? text : undefined;
}
