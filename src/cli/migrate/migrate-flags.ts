import type { FlagSet, FlagValues } from '../flag.ts';
import {
  className,
  duration,
  enabled,
  filePath,
  fromText,
  hostName,
  oneOf,
  peerAddress,
  port,
  type SocketAddress,
  wholeNumber,
} from '../flag-values.ts';
import { KUBERNETES_FLAGS } from '../operator/find/kubernetes-flags.ts';

const HTTPS_PORT = 443;

/** What is written, and whether it goes to the cluster. */
const PLAN_FLAGS = {
  gateway: {
    name: '--gateway',
    value: 'NAMESPACE/NAME',
    description: 'Gateway of the new routes; made unless it is there already',
    env: 'SLUICE_MIGRATE_GATEWAY',
    default: 'sluice-system/sluice',
    schema: fromText('no Gateway; write it as NAMESPACE/NAME', namespacedName),
  },
  gatewayClass: {
    name: '--gateway-class',
    value: 'NAME',
    description: 'GatewayClass of that Gateway',
    env: 'SLUICE_MIGRATE_GATEWAY_CLASS',
    default: 'sluice',
    schema: className,
  },
  port: {
    name: '--port',
    value: 'N',
    description: 'port of its listener',
    env: 'SLUICE_MIGRATE_PORT',
    default: String(HTTPS_PORT),
    schema: port,
  },
  dns: {
    name: '--dns',
    value: 'hold|publish',
    description:
      "whether external-dns may publish the routes' hosts; hold: an annotation keeps it from them. Unless set, new routes are held, and those that are there stay as they are",
    env: 'SLUICE_MIGRATE_DNS',
    schema: oneOf('hold', 'publish'),
  },
  apply: {
    name: '--apply',
    description:
      'also write it to the cluster of the kubeconfig, by server-side apply, after a dry run of everything',
    env: 'SLUICE_MIGRATE_APPLY',
    default: 'false',
    schema: enabled,
  },
} as const satisfies FlagSet;

/** Handshakes with the old gateway and the new one. */
const VERIFY_FLAGS = {
  verify: {
    name: '--verify',
    description: 'make a TLS handshake for each host with --from and --to, and compare them',
    env: 'SLUICE_MIGRATE_VERIFY',
    default: 'false',
    schema: enabled,
  },
  from: {
    name: '--from',
    value: 'ADDR[:PORT]',
    description: 'address of the old gateway',
    env: 'SLUICE_MIGRATE_FROM',
    repeatable: true,
    schema: fromText('no address; write it as 192.0.2.1, gw.example.com:8443 or [2001:db8::1]:443', peer),
  },
  to: {
    name: '--to',
    value: 'ADDR[:PORT]',
    description: 'address of the new gateway',
    env: 'SLUICE_MIGRATE_TO',
    repeatable: true,
    schema: fromText('no address; write it as 192.0.2.1, gw.example.com:8443 or [2001:db8::1]:443', peer),
  },
  hosts: {
    name: '--host',
    value: 'NAME',
    description: 'verify these hosts instead of all that are migrated',
    env: 'SLUICE_MIGRATE_HOSTS',
    repeatable: true,
    schema: hostName,
  },
  rate: {
    name: '--rate',
    value: 'N',
    description: 'most hosts that are begun in a second, each a handshake with every address',
    env: 'SLUICE_MIGRATE_RATE',
    default: '50',
    schema: wholeNumber(1, 10_000),
  },
  concurrency: {
    name: '--concurrency',
    value: 'N',
    description: 'most hosts at once',
    env: 'SLUICE_MIGRATE_CONCURRENCY',
    default: '20',
    schema: wholeNumber(1, 1_000),
  },
  timeoutMs: {
    name: '--timeout',
    value: 'DURATION',
    description: 'how long a handshake, or the API server, may take',
    env: 'SLUICE_MIGRATE_TIMEOUT',
    default: '5s',
    schema: duration(10, 300_000, 'from 10ms to 5m'),
  },
  resume: {
    name: '--resume',
    value: 'FILE',
    description:
      'note each host in this file as it is verified, and pass over those that it says were the same',
    env: 'SLUICE_MIGRATE_RESUME',
    schema: filePath,
  },
} as const satisfies FlagSet;

export const MIGRATE_FLAGS = {
  ...PLAN_FLAGS,
  ...VERIFY_FLAGS,
  output: {
    name: '--output',
    short: '-o',
    value: 'table|json|yaml|junit',
    description:
      'table: the report alone; yaml: the manifests alone; json: both; junit: of --verify. Unless set: manifests on stdout and the report on stderr, of --verify a table',
    env: 'SLUICE_MIGRATE_OUTPUT',
    schema: oneOf('table', 'json', 'yaml', 'junit'),
  },
  ...KUBERNETES_FLAGS,
} as const satisfies FlagSet;

export type MigrateConfig = FlagValues<typeof MIGRATE_FLAGS>;

export const MIGRATE_EXAMPLES = `
What is read: Ingresses that ask ingress-nginx, Higress or HAProxy for TLS passthrough, IngressRouteTCPs of Traefik and
HTTPProxies of Contour with it, TLSRoutes of old versions, and Endpoints that somebody wrote by hand.

Examples:
  # What the objects of the cluster become: manifests on stdout, what is lost on stderr. Nothing is changed.
  sluice migrate > sluice.yaml

  # Of a folder, a file, or what somebody else prints; only the report.
  kubectl get ingresses,services -A -o json | sluice migrate - -o table

  # Write it: a dry run of everything on the server first, then server-side apply. Again and again, if you like.
  sluice migrate --apply

  # Each host at the old gateway and at the new one: the same certificate, the same protocol?
  sluice migrate --verify --from 192.0.2.10 --to 192.0.2.20 --resume verified.jsonl

  # At the cut-over: external-dns may publish the new addresses.
  sluice migrate --apply --dns publish

Exit codes:
  0   all means the same; written, where that was asked for; verified, and all the same
  2   something is lost that matters much; hosts differ; not all was written
  64  a flag or command that does not parse
  66  the folder or file cannot be read
  69  a gateway that takes no connections, or no API server answers
  70  a bug in Sluice
  77  the API server allows nothing of what is needed
  78  no usable kubeconfig, or flags that do not go together`;

function namespacedName(text: string): { readonly namespace: string; readonly name: string } | undefined {
  const [, namespace, name] =
    /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)\/([a-z0-9][a-z0-9.-]{0,252})$/.exec(text)?.toSpliced(2, 1) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

function peer(text: string): SocketAddress | undefined {
  const isBareIpv6 = !text.includes('[') && text.split(':').length > 2;
  for (const written of [text, `${isBareIpv6 ? `[${text}]` : text}:${HTTPS_PORT}`]) {
    const read = peerAddress.parse(written);
    if ('value' in read) return read.value;
  }
  return undefined;
}
