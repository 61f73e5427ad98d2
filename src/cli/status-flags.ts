import type { FlagSet, FlagValues } from './flag.ts';
import { dnsLabel, ipAddress, oneOf, onOff, wholeNumber } from './flag-values.ts';

/** Where Sluice is installed by its manifests. */
export const OWN_NAMESPACE = 'sluice-system';

/** What `serve` writes back to the Kubernetes API; of no effect with a directory of manifests. */
export const STATUS_FLAGS = {
  statusMode: {
    name: '--status-mode',
    value: 'off|shadow|own',
    description:
      'own: write all statuses; shadow: no address, and nothing of classes that are adopted; off: no status and no Event',
    env: 'SLUICE_STATUS_MODE',
    default: 'own',
    schema: oneOf('off', 'shadow', 'own'),
  },
  statusRate: {
    name: '--status-rate',
    value: 'N',
    description: 'for --source kubernetes: most statuses written each second',
    env: 'SLUICE_STATUS_RATE',
    default: '50',
    schema: wholeNumber(1, 10_000),
  },
  gatewayAddresses: {
    name: '--gateway-address',
    value: 'IP',
    description:
      "address in the status of Gateways that have none of their own, and of Ingresses, instead of the gateway nodes'",
    env: 'SLUICE_GATEWAY_ADDRESSES',
    repeatable: true,
    schema: ipAddress,
  },
  leaderElection: {
    name: '--leader-election',
    value: 'on|off',
    description: 'whether one of several replicas is chosen to write statuses; off for a single replica',
    env: 'SLUICE_LEADER_ELECTION',
    default: 'on',
    schema: onOff,
  },
  leaderElectionNamespace: {
    name: '--leader-election-namespace',
    value: 'NAME',
    description: "namespace of the leases; unless set, the pod's own, or sluice-system",
    env: 'SLUICE_LEADER_ELECTION_NAMESPACE',
    schema: dnsLabel,
  },
} as const satisfies FlagSet;

export type StatusConfig = FlagValues<typeof STATUS_FLAGS>;
