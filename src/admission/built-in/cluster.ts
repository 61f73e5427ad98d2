/** ValidateNamespace and ValidateNode of k8s.io/kubernetes, pkg/apis/core/validation; of a Node's status, nothing. */
import { isIPv4, isIPv6 } from 'node:net';
import { isLabelValue, isQualifiedName, QUALIFIED_NAME_WORDS } from '../formats.ts';
import { checkFinalizers } from '../metadata.ts';
import { type Findings, shown } from '../refusal.ts';
import { isAddress } from './service.ts';

/** With the fields of its schema, which have been checked. */
export interface NamespaceFields {
  readonly spec?: { readonly finalizers?: readonly string[] };
}

export function checkNamespace(
  { spec: { finalizers = [] } = {} }: NamespaceFields,
  findings: Findings,
): void {
  checkFinalizers(finalizers, ['spec', 'finalizers'], true, findings);
}

export interface NodeFields {
  readonly spec?: {
    readonly podCIDR?: string;
    readonly podCIDRs?: readonly string[];
    readonly taints?: readonly { readonly key?: string; readonly value?: string; readonly effect?: string }[];
  };
}

const EFFECTS: readonly string[] = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function checkNode({ spec = {} }: NodeFields, findings: Findings): void {
  const { podCIDR = '', taints = [] } = spec;
  // Where the two differ, the single one counts.
  const given = spec.podCIDRs ?? [];
  const ranges = podCIDR === '' || given[0] === podCIDR ? given : [podCIDR];
  const path = ['spec', 'podCIDRs'];
  for (const [index, range] of ranges.entries())
    if (!isRange(range))
      findings.refuse([...path, index], `must be a range of addresses, not ${shown(range)}`);
  const [first = '', second = ''] = ranges;
  if (ranges.length > 2 || (ranges.length === 2 && first.includes(':') === second.includes(':')))
    findings.refuse(path, 'must have at most one range of each family');
  const known = new Set<string>();
  for (const [index, { key = '', value = '', effect = '' }] of taints.entries()) {
    const at = ['spec', 'taints', index];
    if (!isQualifiedName(key))
      findings.refuse([...at, 'key'], `must be ${QUALIFIED_NAME_WORDS}, not ${shown(key)}`);
    if (!isLabelValue(value)) findings.refuse([...at, 'value'], `is no value of a label: ${shown(value)}`);
    if (!EFFECTS.includes(effect))
      findings.refuse([...at, 'effect'], `must be one of ${EFFECTS.join(', ')}, not ${shown(effect)}`);
    if (known.has(`${key} ${effect}`)) findings.refuse(at, 'has the key and effect of another');
    known.add(`${key} ${effect}`);
  }
}

/** IsValidCIDRForLegacyField: the bits behind the prefix must be 0. */
function isRange(text: string): boolean {
  const [, address = '', length = ''] = /^(.+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  if (!isAddress(address)) return false;
  const bits = isIPv4(address) ? 32 : 128;
  return Number(length) <= bits && !bitsOf(address).slice(Number(length)).includes('1');
}

function bitsOf(address: string): string {
  if (!isIPv6(address))
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text = '') => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail)];
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
  return all.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}
