import type { GatewayListener } from '../../model/objects.ts';
import { ANY_HOST, coveringWildcards, normalizeHostname } from '../values/hostname.ts';
import { listing } from '../values/listing.ts';
import { compareText } from '../values/order.ts';

/** Why a listener is not distinct from its siblings. */
export interface ListenerConflict {
  readonly reason: 'HostnameConflict' | 'ProtocolConflict' | 'NameConflict';
  readonly message: string;
}

/**
 * The listeners of one Gateway that are not distinct, by index. "The implementation MUST NOT pick one conflicting
 * Listener as the winner. ALL indistinct Listeners must not be accepted for processing."
 *
 * Protocols that Sluice does not know take no part: "if an implementation does not support TCP Protocol
 * Listeners, then the previous rule does not apply", they are refused for their protocol and harm nobody.
 */
export function listenerConflicts(
  listeners: readonly GatewayListener[],
): ReadonlyMap<number, ListenerConflict> {
  const conflicts = new Map<number, ListenerConflict>();
  if (listeners.length < 2) return conflicts;
  markGroups(
    listeners,
    conflicts,
    (listener) => listener.name,
    (listener) => ({
      reason: 'NameConflict',
      message: `More than one listener has the name "${listener.name}".`,
    }),
  );
  const protocolsOfPort = new Map<number, Set<string>>();
  for (const { port, protocol } of listeners) {
    if (transportOf(protocol) === undefined) continue;
    const protocols = protocolsOfPort.get(port);
    if (protocols === undefined) protocolsOfPort.set(port, new Set([protocol]));
    else protocols.add(protocol);
  }
  for (const [index, { port, protocol }] of listeners.entries()) {
    const transport = transportOf(protocol);
    if (transport === undefined || conflicts.has(index)) continue;
    const others = [...(protocolsOfPort.get(port) ?? [])].filter((other) => transportOf(other) !== transport);
    if (others.length === 0) continue;
    const names = others.sort(compareText).join(' and ');
    const message = `Port ${port} is also used for ${names}, which cannot share it with ${protocol}.`;
    conflicts.set(index, { reason: 'ProtocolConflict', message });
  }
  // "HTTP, HTTPS, TLS: Port, Hostname" must differ. HTTPS and TLS are told apart by the SNI alone and so share
  // their host names; "the `tls` field is not used for determining if a listener is distinct".
  markGroups(
    listeners,
    conflicts,
    (listener) => {
      const transport = transportOf(listener.protocol);
      return transport && `${transport} ${listener.port} ${hostnameOf(listener)}`;
    },
    (listener, group) => ({
      reason: 'HostnameConflict',
      message: `More than one listener on port ${listener.port} has the hostname "${hostnameOf(listener)}"${whichToDelete(group)}.`,
    }),
  );
  return conflicts;
}

/** Of an HTTPS and a TLS listener, as tools that translate Ingresses write them both, Sluice serves only the one. */
function whichToDelete(group: readonly GatewayListener[]): string {
  const passthrough = group.filter(({ protocol, tls }) => protocol === 'TLS' && tls?.mode === 'Passthrough');
  const [kept] = passthrough;
  if (kept === undefined || passthrough.length > 1) return '';
  const others = group.filter((listener) => listener !== kept);
  const names = listing(others.map(({ name, protocol }) => `${name} (${protocol})`));
  return `: delete ${names} to have TLS passed through by ${kept.name} (TLS)`;
}

/**
 * Accepted HTTPS listeners whose hostnames overlap with another's on the port, by index: "this condition MUST be
 * set on all Listeners with overlapping TLS config". A Passthrough listener has no TLS configuration.
 */
export function overlappingTlsListeners(listeners: readonly GatewayListener[]): ReadonlySet<number> {
  const overlapping = new Set<number>();
  const indexesOfPattern = new Map<string, number[]>();
  for (const [index, listener] of listeners.entries()) {
    if (listener.protocol !== 'HTTPS') continue;
    const key = `${listener.port} ${hostnameOf(listener)}`;
    const indexes = indexesOfPattern.get(key);
    if (indexes === undefined) indexesOfPattern.set(key, [index]);
    else indexes.push(index);
  }
  for (const [index, listener] of listeners.entries()) {
    if (listener.protocol !== 'HTTPS') continue;
    const hostname = hostnameOf(listener);
    for (const pattern of [hostname, ...coveringWildcards(hostname)]) {
      for (const other of indexesOfPattern.get(`${listener.port} ${pattern}`) ?? []) {
        if (other !== index) overlapping.add(index).add(other);
      }
    }
  }
  return overlapping;
}

function hostnameOf(listener: GatewayListener): string {
  return listener.hostname === undefined || listener.hostname === ''
    ? ANY_HOST
    : normalizeHostname(listener.hostname);
}

/** Protocols of one transport can share a port; `undefined` for those that Sluice does not know. */
export function transportOf(protocol: string): string | undefined {
  if (protocol === 'HTTP') return 'cleartext';
  return protocol === 'HTTPS' || protocol === 'TLS' ? 'tls' : undefined;
}

/** Marks every member of a group of two or more that has no conflict yet. A group key of `undefined` is none. */
function markGroups(
  listeners: readonly GatewayListener[],
  conflicts: Map<number, ListenerConflict>,
  keyOf: (listener: GatewayListener) => string | undefined,
  conflictOf: (listener: GatewayListener, group: readonly GatewayListener[]) => ListenerConflict,
): void {
  const groups = new Map<string, number[]>();
  for (const [index, listener] of listeners.entries()) {
    const key = keyOf(listener);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [index]);
    else group.push(index);
  }
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const members = group.flatMap((index) => listeners[index] ?? []);
    for (const index of group) {
      const listener = listeners[index];
      if (listener !== undefined && !conflicts.has(index))
        conflicts.set(index, conflictOf(listener, members));
    }
  }
}
