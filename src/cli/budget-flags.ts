import { DEFAULT_GATEWAY_CONFIG } from '../gateway/config.ts';
import { MAX_BUDGET, type NamespaceBudget } from '../model/budget.ts';
import { WILDCARD_CLAIMS } from '../model/gateway.ts';
import type { FlagSet, FlagValues } from './flag.ts';
import { oneOf, onOff, wholeNumber } from './flag-values.ts';

const { namespaceBudget: DEFAULTS, budgetAnnotations } = DEFAULT_GATEWAY_CONFIG;

/** What one namespace may take from the others, of `serve` and of `translate`. */
export const BUDGET_FLAGS = {
  wildcardClaims: {
    name: '--wildcard-claims',
    value: 'WHO',
    description:
      "wildcards that other namespaces than a listener's may claim on it: those of Anyone, only what is Narrower than its hostname, or none (SameNamespace)",
    env: 'SLUICE_WILDCARD_CLAIMS',
    default: DEFAULT_GATEWAY_CONFIG.wildcardClaims,
    schema: oneOf(...WILDCARD_CLAIMS),
  },
  namespaceHosts: {
    name: '--namespace-hosts',
    value: 'N',
    description: 'most exact hosts of a namespace, each counted for each route, address and port',
    env: 'SLUICE_NAMESPACE_HOSTS',
    default: String(DEFAULTS.hosts),
    schema: wholeNumber(1, MAX_BUDGET),
  },
  namespaceWildcards: {
    name: '--namespace-wildcards',
    value: 'N',
    description: 'most wildcard hosts of a namespace',
    env: 'SLUICE_NAMESPACE_WILDCARDS',
    default: String(DEFAULTS.wildcards),
    schema: wholeNumber(1, MAX_BUDGET),
  },
  namespaceChains: {
    name: '--namespace-chains',
    value: 'N',
    description:
      'most exact hosts of a namespace with a filter chain of their own (sluice.dev/idle-timeout, sluice.dev/close-on-delete)',
    env: 'SLUICE_NAMESPACE_CHAINS',
    default: String(DEFAULTS.chains),
    schema: wholeNumber(1, MAX_BUDGET),
  },
  namespacePairs: {
    name: '--namespace-pairs',
    value: 'N',
    description: 'most endpoints over all hosts of a namespace: with many hosts each of them uses fewer',
    env: 'SLUICE_NAMESPACE_PAIRS',
    default: String(DEFAULTS.pairs),
    schema: wholeNumber(1, MAX_BUDGET),
  },
  endpointsPerHost: {
    name: '--endpoints-per-host',
    value: 'N',
    description: 'most endpoints that a host uses',
    env: 'SLUICE_ENDPOINTS_PER_HOST',
    default: String(DEFAULTS.endpoints),
    schema: wholeNumber(1, MAX_BUDGET),
  },
  namespaceConnections: {
    name: '--namespace-connections',
    value: 'N',
    description:
      'most connections at once of a namespace on each Envoy, divided among its hosts; a tenth of what an Envoy takes is well',
    env: 'SLUICE_NAMESPACE_CONNECTIONS',
    default: String(DEFAULTS.connections),
    schema: wholeNumber(1, MAX_BUDGET),
  },
  namespaceBudgets: {
    name: '--namespace-budgets',
    value: 'on|off',
    description:
      'whether annotations sluice.dev/budget-… of a Namespace set its budgets; off where tenants may edit their Namespace',
    env: 'SLUICE_NAMESPACE_BUDGETS',
    default: budgetAnnotations ? 'on' : 'off',
    schema: onOff,
  },
} as const satisfies FlagSet;

export function namespaceBudgetOf(values: FlagValues<typeof BUDGET_FLAGS>): NamespaceBudget {
  return Object.freeze({
    hosts: values.namespaceHosts,
    wildcards: values.namespaceWildcards,
    chains: values.namespaceChains,
    pairs: values.namespacePairs,
    endpoints: values.endpointsPerHost,
    connections: values.namespaceConnections,
  });
}
