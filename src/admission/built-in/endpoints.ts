/**
 * ValidateEndpointSliceCreate of k8s.io/kubernetes, pkg/apis/discovery/validation, and ValidateEndpointsCreate of
 * pkg/apis/core/validation. Which ranges an address may be in is left to the operator's own rules (--allow-…).
 */
import { isIPv4, isIPv6 } from 'node:net';
import {
  canonicalIPv6,
  DNS_LABEL_WORDS,
  DNS_SUBDOMAIN_WORDS,
  isDnsLabel,
  isDnsSubdomain,
  isFullyQualified,
  isLabelValue,
  isMappedIPv4,
  isPort,
  isQualifiedName,
  QUALIFIED_NAME_WORDS,
} from '../formats.ts';
import { type FieldPath, type Findings, shown } from '../refusal.ts';
import { isAddress, PROTOCOLS } from './service.ts';

interface Port {
  readonly name?: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly appProtocol?: string;
}

interface Endpoint {
  readonly addresses?: readonly string[];
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly hints?: {
    readonly forZones?: readonly { readonly name?: string }[];
    readonly forNodes?: readonly { readonly name?: string }[];
  };
}

/** With the fields of its schema, which have been checked. */
export interface EndpointSliceFields {
  readonly addressType?: string;
  readonly endpoints?: readonly Endpoint[];
  readonly ports?: readonly Port[];
}

const ADDRESS_TYPES: readonly string[] = ['IPv4', 'IPv6', 'FQDN'];
const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 20_000;
const MAX_HINTS = 8;

export function checkEndpointSlice(slice: EndpointSliceFields, findings: Findings): void {
  const { addressType = '', endpoints = [], ports = [] } = slice;
  if (!ADDRESS_TYPES.includes(addressType))
    findings.refuse(['addressType'], `must be IPv4, IPv6 or FQDN, not ${shown(addressType)}`);
  if (tooMany(ports, MAX_PORTS, ['ports'], findings)) return;
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const path = ['ports', index];
    checkPort(port, path, findings);
    const { name = '' } = port;
    if (names.has(name)) findings.refuse([...path, 'name'], 'is the name of another port');
    names.add(name);
  }
  if (tooMany(endpoints, MAX_ENDPOINTS, ['endpoints'], findings)) return;
  for (const [index, endpoint] of endpoints.entries()) {
    if (findings.isFull) return;
    checkEndpoint(endpoint, addressType, ['endpoints', index], findings);
  }
}

function checkEndpoint(endpoint: Endpoint, type: string, path: FieldPath, findings: Findings): void {
  const { addresses = [], hostname, nodeName, hints = {} } = endpoint;
  if (addresses.length === 0) findings.refuse([...path, 'addresses'], 'must have at least one entry');
  tooMany(addresses, MAX_ADDRESSES, [...path, 'addresses'], findings);
  for (const [index, address] of addresses.slice(0, MAX_ADDRESSES).entries()) {
    if (!ADDRESS_TYPES.includes(type) || isOfType(address, type)) continue;
    const what =
      type === 'FQDN' ? 'a DNS name of at least two parts' : `an ${type} address as it is usually written`;
    findings.refuse([...path, 'addresses', index], `must be ${what}, not ${shown(address)}`);
  }
  if (nodeName !== undefined) checkNodeName(nodeName, [...path, 'nodeName'], findings);
  if (hostname !== undefined && !isDnsLabel(hostname))
    findings.refuse([...path, 'hostname'], `must be ${DNS_LABEL_WORDS}, not ${shown(hostname)}`);
  checkHints(hints.forZones ?? [], isLabelValue, [...path, 'hints', 'forZones'], findings);
  checkHints(hints.forNodes ?? [], isDnsSubdomain, [...path, 'hints', 'forNodes'], findings);
}

function isOfType(address: string, type: string): boolean {
  switch (type) {
    case 'IPv4':
      return isIPv4(address);
    case 'IPv6':
      return (
        isIPv6(address) &&
        !address.includes('%') &&
        !isMappedIPv4(address) &&
        canonicalIPv6(address) === address
      );
    default:
      return isFullyQualified(address);
  }
}

function checkHints(
  hints: readonly { readonly name?: string }[],
  isName: (name: string) => boolean,
  path: FieldPath,
  findings: Findings,
): void {
  if (tooMany(hints, MAX_HINTS, path, findings)) return;
  const names = new Set<string>();
  for (const [index, { name = '' }] of hints.entries()) {
    if (names.has(name)) findings.refuse([...path, index, 'name'], 'is there twice');
    if (!isName(name)) findings.refuse([...path, index, 'name'], `is no valid name: ${shown(name)}`);
    names.add(name);
  }
}

function checkPort({ name = '', protocol, appProtocol }: Port, path: FieldPath, findings: Findings): void {
  if (name !== '' && !isDnsLabel(name))
    findings.refuse([...path, 'name'], `must be ${DNS_LABEL_WORDS}, not ${shown(name)}`);
  if (!PROTOCOLS.includes(protocol ?? 'TCP'))
    findings.refuse([...path, 'protocol'], `must be one of ${PROTOCOLS.join(', ')}, not ${shown(protocol)}`);
  if (appProtocol !== undefined && !isQualifiedName(appProtocol))
    findings.refuse([...path, 'appProtocol'], `must be ${QUALIFIED_NAME_WORDS}, not ${shown(appProtocol)}`);
}

function checkNodeName(name: string, path: FieldPath, findings: Findings): void {
  if (!isDnsSubdomain(name)) findings.refuse(path, `must be ${DNS_SUBDOMAIN_WORDS}, not ${shown(name)}`);
}

function tooMany(list: readonly unknown[], limit: number, path: FieldPath, findings: Findings): boolean {
  if (list.length <= limit) return false;
  findings.refuse(path, `must have at most ${limit} entries, not ${list.length}`);
  return true;
}

interface Address {
  readonly ip?: string;
  readonly hostname?: string;
  readonly nodeName?: string;
}

export interface EndpointsFields {
  readonly subsets?: readonly {
    readonly addresses?: readonly Address[];
    readonly notReadyAddresses?: readonly Address[];
    readonly ports?: readonly Port[];
  }[];
}

export function checkEndpoints({ subsets = [] }: EndpointsFields, findings: Findings): void {
  for (const [index, { addresses = [], notReadyAddresses = [], ports = [] }] of subsets.entries()) {
    if (findings.isFull) return;
    const path = ['subsets', index];
    if (addresses.length + notReadyAddresses.length === 0)
      findings.refuse(path, 'must have addresses or notReadyAddresses');
    for (const [field, list] of Object.entries({ addresses, notReadyAddresses }))
      for (const [at, address] of list.entries()) checkAddress(address, [...path, field, at], findings);
    for (const [at, port] of ports.entries()) {
      checkPort({ ...port, protocol: port.protocol || 'TCP' }, [...path, 'ports', at], findings);
      if (ports.length > 1 && (port.name ?? '') === '')
        findings.refuse([...path, 'ports', at, 'name'], 'is required where there are several');
      if (!isPort(port.port ?? 0))
        findings.refuse([...path, 'ports', at, 'port'], `must be from 1 to 65535, not ${port.port ?? 0}`);
    }
  }
}

function checkAddress(
  { ip = '', hostname = '', nodeName }: Address,
  path: FieldPath,
  findings: Findings,
): void {
  if (!isAddress(ip)) findings.refuse([...path, 'ip'], `must be an IP address, not ${shown(ip)}`);
  if (hostname !== '' && !isDnsLabel(hostname))
    findings.refuse([...path, 'hostname'], `must be ${DNS_LABEL_WORDS}, not ${shown(hostname)}`);
  if (nodeName !== undefined) checkNodeName(nodeName, [...path, 'nodeName'], findings);
}
