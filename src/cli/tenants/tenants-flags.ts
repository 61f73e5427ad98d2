import { isValidHostname, normalizeHostname } from '../../gateway/values/hostname.ts';
import { parseIpAddress } from '../../gateway/values/ip-address.ts';
import type { GatewayName } from '../../tenants/mapping/read-mapping.ts';
import { SHIPPED_MAPPINGS } from '../../tenants/mapping/shipped.ts';
import type { FlagSet, FlagValues } from '../flag.ts';
import { fromText, listenAddress, oneOf, wholeNumber } from '../flag-values.ts';
import { LOG_FLAGS, TRANSLATION_FLAGS } from '../flags.ts';
import { KUBERNETES_FLAGS } from '../operator/find/kubernetes-flags.ts';
import { STATUS_FLAGS } from '../status-flags.ts';

const SHIPPED = Object.keys(SHIPPED_MAPPINGS);

const mapping = fromText(
  `no mapping; write one of ${SHIPPED.join(', ')}, or the path of a file, with a slash or .yaml in it`,
  (text) => (SHIPPED.includes(text) || /[./]/.test(text) ? text : undefined),
);

const domain = fromText('no domain; write it as stage.example.com', (text) => {
  const name = normalizeHostname(text);
  return isValidHostname(name) && !name.startsWith('*') ? name : undefined;
});

const gateway = fromText<GatewayName>(
  'no Gateway; write it as NAMESPACE/NAME, or NAMESPACE/NAME/LISTENER',
  (text) => {
    const [namespace = '', name = '', sectionName, ...rest] = text.split('/');
    const isName = (each: string): boolean => /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(each);
    if (rest.length > 0 || !isName(namespace) || !isName(name)) return undefined;
    return sectionName === undefined || isName(sectionName) ? { namespace, name, sectionName } : undefined;
  },
);

const dnsServer = fromText(
  'no name server; write its IP address, with a port as 10.96.0.10:5353 or [fd00::a]:5353',
  (text) => {
    const [, bracketed, plain = text] = /^(?:\[([^\]]*)\]|([0-9.]+))(?::[0-9]{1,5})?$/.exec(text) ?? [];
    return parseIpAddress(bracketed ?? plain) === undefined ? undefined : text;
  },
);

export const TENANTS_FLAGS = {
  mappings: {
    name: '--mapping',
    value: 'NAME|FILE',
    description: `how objects become routes: ${SHIPPED.join(', ')}, or a file of YAML`,
    env: 'SLUICE_TENANT_MAPPINGS',
    repeatable: true,
    default: 'kdccluster',
    schema: mapping,
  },
  domain: {
    name: '--domain',
    value: 'NAME',
    description: 'what {domain} stands for in the hosts of mappings; no host outside of it is made',
    env: 'SLUICE_TENANT_DOMAIN',
    schema: domain,
  },
  gateway: {
    name: '--gateway',
    value: 'NAMESPACE/NAME[/LISTENER]',
    description: 'the parent of the TLSRoutes, where the mapping names none',
    env: 'SLUICE_TENANT_GATEWAY',
    schema: gateway,
  },
  printMapping: {
    name: '--print-mapping',
    value: 'NAME',
    description: 'only print a mapping that comes with Sluice, to begin one of your own with',
    env: 'SLUICE_TENANT_PRINT_MAPPING',
    schema: oneOf(...SHIPPED),
  },
  deniedEndpoints: TRANSLATION_FLAGS.deniedEndpoints,
  allowLoopbackEndpoints: TRANSLATION_FLAGS.allowLoopbackEndpoints,
  dnsServers: {
    name: '--dns-server',
    value: 'IP[:PORT]',
    description: "who is asked for endpoints that are host names; unless set, the system's",
    env: 'SLUICE_TENANT_DNS_SERVERS',
    repeatable: true,
    schema: dnsServer,
  },
  tenantRate: {
    name: '--tenant-rate',
    value: 'N',
    description: 'most tenants worked on each second, on average',
    env: 'SLUICE_TENANT_RATE',
    default: '100',
    schema: wholeNumber(1, 10_000),
  },
  leaderElection: {
    ...STATUS_FLAGS.leaderElection,
    description: 'whether one of several replicas is chosen to write; off for a single replica',
  },
  leaderElectionNamespace: {
    ...STATUS_FLAGS.leaderElectionNamespace,
    description: "namespace of the lease; unless set, the pod's own, or sluice-system",
  },
  adminAddress: {
    name: '--admin-address',
    value: 'HOST:PORT',
    description: '/healthz, /readyz and /metrics',
    env: 'SLUICE_TENANTS_ADMIN_ADDRESS',
    default: '127.0.0.1:18002',
    schema: listenAddress,
  },
  ...KUBERNETES_FLAGS,
  ...LOG_FLAGS,
} as const satisfies FlagSet;

export type TenantsConfig = FlagValues<typeof TENANTS_FLAGS>;
