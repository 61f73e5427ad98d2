/**
 * ValidateServiceCreate of k8s.io/kubernetes, pkg/apis/core/validation. What depends on the cluster (its address ranges, what
 * is allocated already) is left out.
 */
import { isIP, isIPv6 } from 'node:net';
import {
  DNS_LABEL_WORDS,
  DNS_SUBDOMAIN_WORDS,
  isDnsLabel,
  isDnsSubdomain,
  isMappedIPv4,
  isPort,
  isPortName,
  isQualifiedName,
  PORT_NAME_WORDS,
  QUALIFIED_NAME_WORDS,
} from '../formats.ts';
import { checkLabels } from '../metadata.ts';
import { type FieldPath, type Findings, shown } from '../refusal.ts';

interface Port {
  readonly name?: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly targetPort?: number | string;
  readonly nodePort?: number;
  readonly appProtocol?: string;
}

interface Spec {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly ipFamilies?: readonly string[];
  readonly ipFamilyPolicy?: string;
  readonly externalName?: string;
  readonly externalIPs?: readonly string[];
  readonly ports?: readonly Port[];
  readonly selector?: Readonly<Record<string, string>>;
  readonly sessionAffinity?: string;
  readonly sessionAffinityConfig?: { readonly clientIP?: { readonly timeoutSeconds?: number } };
  readonly externalTrafficPolicy?: string;
  readonly healthCheckNodePort?: number;
  readonly internalTrafficPolicy?: string;
  readonly trafficDistribution?: string;
  readonly allocateLoadBalancerNodePorts?: boolean;
  readonly loadBalancerClass?: string;
  readonly loadBalancerSourceRanges?: readonly string[];
}

/** With the fields of its schema, which have been checked. */
export interface ServiceFields {
  readonly spec?: Spec;
}

const TYPES: readonly string[] = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'];
export const PROTOCOLS: readonly string[] = ['TCP', 'UDP', 'SCTP'];
const MAX_AFFINITY_SECONDS = 86_400;

export function checkService({ spec = {} }: ServiceFields, findings: Findings): void {
  const type = spec.type || 'ClusterIP';
  const isHeadless = spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None';
  oneOf(type, TYPES, ['spec', 'type'], findings);
  checkPorts(spec.ports ?? [], type, isHeadless, findings);
  if (isHeadless && (type === 'LoadBalancer' || type === 'NodePort'))
    findings.refuse(['spec', 'clusterIP'], `must not be "None" for the type ${type}`);
  if (spec.selector !== undefined) checkLabels(spec.selector, ['spec', 'selector'], findings);
  if (type === 'ExternalName') checkExternalName(spec, findings);
  else checkClusterIPs(spec, findings);
  checkAffinity(spec, findings);
  checkTraffic(spec, type, findings);
  for (const [index, ip] of (spec.externalIPs ?? []).entries())
    checkAddress(ip, ['spec', 'externalIPs', index], findings);
  if (type !== 'LoadBalancer') {
    for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const)
      if (spec[field] !== undefined) findings.refuse(['spec', field], 'is for the type LoadBalancer alone');
    if ((spec.loadBalancerSourceRanges ?? []).length > 0)
      findings.refuse(['spec', 'loadBalancerSourceRanges'], 'is for the type LoadBalancer alone');
  } else if (spec.loadBalancerClass !== undefined) {
    qualified(spec.loadBalancerClass, ['spec', 'loadBalancerClass'], findings);
  }
}

function checkPorts(ports: readonly Port[], type: string, isHeadless: boolean, findings: Findings): void {
  if (ports.length === 0 && !isHeadless && type !== 'ExternalName')
    findings.refuse(['spec', 'ports'], 'must have at least one entry');
  const names = new Set<string>();
  const numbers = new Set<string>();
  const nodePorts = new Set<string>();
  for (const [index, each] of ports.entries()) {
    const path = ['spec', 'ports', index];
    const { name = '', port = 0, nodePort = 0, targetPort = 0 } = each;
    const protocol = each.protocol || 'TCP';
    if (name === '' && ports.length > 1)
      findings.refuse([...path, 'name'], 'is required where there are several');
    if (name !== '' && !isDnsLabel(name))
      findings.refuse([...path, 'name'], `must be ${DNS_LABEL_WORDS}, not ${shown(name)}`);
    if (name !== '' && names.has(name)) findings.refuse([...path, 'name'], 'is the name of another port');
    names.add(name);
    if (!isPort(port)) findings.refuse([...path, 'port'], `must be from 1 to 65535, not ${port}`);
    oneOf(protocol, PROTOCOLS, [...path, 'protocol'], findings);
    checkTargetPort(targetPort, [...path, 'targetPort'], findings);
    if (each.appProtocol !== undefined) qualified(each.appProtocol, [...path, 'appProtocol'], findings);
    if (numbers.has(`${protocol} ${port}`)) findings.refuse(path, 'has the port and protocol of another');
    numbers.add(`${protocol} ${port}`);
    if (nodePort === 0) continue;
    if (!isPort(nodePort)) findings.refuse([...path, 'nodePort'], `must be from 1 to 65535, not ${nodePort}`);
    if (type === 'ClusterIP')
      findings.refuse([...path, 'nodePort'], 'must be left out for the type ClusterIP');
    if (nodePorts.has(`${protocol} ${nodePort}`))
      findings.refuse([...path, 'nodePort'], 'is the one of another port');
    nodePorts.add(`${protocol} ${nodePort}`);
  }
}

/** 0 and "" mean the port itself. */
function checkTargetPort(target: number | string, path: FieldPath, findings: Findings): void {
  if (target === 0 || target === '') return;
  if (typeof target === 'number' ? isPort(target) : isPortName(target)) return;
  const what = typeof target === 'number' ? 'from 1 to 65535' : PORT_NAME_WORDS;
  findings.refuse(path, `must be ${what}, not ${shown(target)}`);
}

function checkExternalName(spec: Spec, findings: Findings): void {
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy, externalName = '' } = spec;
  if (clusterIP !== '' || clusterIPs.length > 0)
    findings.refuse(['spec', 'clusterIP'], 'must be left out for the type ExternalName');
  if (ipFamilies.length > 0)
    findings.refuse(['spec', 'ipFamilies'], 'must be left out for the type ExternalName');
  if (ipFamilyPolicy !== undefined)
    findings.refuse(['spec', 'ipFamilyPolicy'], 'must be left out for the type ExternalName');
  const name = externalName.endsWith('.') ? externalName.slice(0, -1) : externalName;
  if (name === '') findings.refuse(['spec', 'externalName'], 'is required for the type ExternalName');
  else if (!isDnsSubdomain(name))
    findings.refuse(['spec', 'externalName'], `must be ${DNS_SUBDOMAIN_WORDS}, not ${shown(externalName)}`);
}

function checkClusterIPs(spec: Spec, findings: Findings): void {
  const { clusterIP = '', ipFamilies = [], ipFamilyPolicy } = spec;
  const given = spec.clusterIPs ?? [];
  // Where the list alone is missing, the API server makes it.
  const ips = given.length === 0 && clusterIP !== '' ? [clusterIP] : given;
  const path = ['spec', 'clusterIPs'];
  if (clusterIP !== (ips[0] ?? ''))
    findings.refuse(
      path,
      clusterIP === '' ? 'must be empty where there is no clusterIP' : 'must begin with clusterIP',
    );
  for (const [index, family] of ipFamilies.entries()) {
    oneOf(family, ['IPv4', 'IPv6'], ['spec', 'ipFamilies', index], findings);
    if (ipFamilies.indexOf(family) < index) findings.refuse(['spec', 'ipFamilies', index], 'is there twice');
  }
  const policies = ['SingleStack', 'PreferDualStack', 'RequireDualStack'];
  if (ipFamilyPolicy !== undefined) oneOf(ipFamilyPolicy, policies, ['spec', 'ipFamilyPolicy'], findings);
  if (ips[0] === 'None') {
    if (ips.length > 1) findings.refuse(path, 'must have "None" alone');
    return;
  }
  for (const [index, ip] of ips.entries()) {
    if (!isAddress(ip)) {
      findings.refuse([...path, index], `must be an IP address, not ${shown(ip)}`);
      return;
    }
    const family = ipFamilies[index];
    if (family !== undefined && (family === 'IPv6') !== isIPv6(ip))
      findings.refuse([...path, index], `must be of the family ${family}, not ${shown(ip)}`);
  }
  if (ips.length > 2) findings.refuse(path, 'must have at most two entries');
  else if (ips.length === 2 && isIPv6(ips[0] ?? '') === isIPv6(ips[1] ?? ''))
    findings.refuse(path, 'must have one address of each family');
}

function checkAffinity({ sessionAffinity, sessionAffinityConfig }: Spec, findings: Findings): void {
  const affinity = sessionAffinity || 'None';
  oneOf(affinity, ['ClientIP', 'None'], ['spec', 'sessionAffinity'], findings);
  // What is missing of it has defaults; without ClientIP it is dropped.
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 1;
  if (affinity === 'ClientIP' && (seconds < 1 || seconds > MAX_AFFINITY_SECONDS))
    findings.refuse(
      ['spec', 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds'],
      `must be from 1 to ${MAX_AFFINITY_SECONDS}`,
    );
}

function checkTraffic(spec: Spec, type: string, findings: Findings): void {
  const policies = ['Cluster', 'Local'];
  const { externalTrafficPolicy: external = '', internalTrafficPolicy: internal, trafficDistribution } = spec;
  const isExternal =
    type === 'LoadBalancer' ||
    type === 'NodePort' ||
    (type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0);
  if (external !== '' && !isExternal)
    findings.refuse(
      ['spec', 'externalTrafficPolicy'],
      'is for Services that can be reached from outside alone',
    );
  else if (external !== '') oneOf(external, policies, ['spec', 'externalTrafficPolicy'], findings);
  const { healthCheckNodePort: checkPort = 0 } = spec;
  const isChecked = type === 'LoadBalancer' && external === 'Local';
  if (checkPort !== 0 && isChecked && !isPort(checkPort))
    findings.refuse(['spec', 'healthCheckNodePort'], `must be from 1 to 65535, not ${checkPort}`);
  else if (checkPort !== 0 && !isChecked)
    findings.refuse(
      ['spec', 'healthCheckNodePort'],
      'is for the type LoadBalancer with externalTrafficPolicy: Local alone',
    );
  if (internal !== undefined) oneOf(internal, policies, ['spec', 'internalTrafficPolicy'], findings);
  const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
  if (trafficDistribution !== undefined)
    oneOf(trafficDistribution, distributions, ['spec', 'trafficDistribution'], findings);
}

function oneOf(value: string, values: readonly string[], path: FieldPath, findings: Findings): void {
  if (!values.includes(value))
    findings.refuse(path, `must be one of ${values.join(', ')}, not ${shown(value)}`);
}

function qualified(value: string, path: FieldPath, findings: Findings): void {
  if (!isQualifiedName(value)) findings.refuse(path, `must be ${QUALIFIED_NAME_WORDS}, not ${shown(value)}`);
}

function checkAddress(ip: string, path: FieldPath, findings: Findings): void {
  if (!isAddress(ip)) findings.refuse(path, `must be an IP address, not ${shown(ip)}`);
}

/** IsValidIPForLegacyField, as strict as Kubernetes 1.36 is. */
export function isAddress(ip: string): boolean {
  return isIP(ip) !== 0 && !ip.includes('%') && !isMappedIPv4(ip);
}
