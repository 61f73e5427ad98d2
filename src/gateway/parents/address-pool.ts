import { type NamespacedName, namespacedName } from '../../model/key.ts';
import type { Gateway } from '../../model/objects.ts';
import { addressOfBytes, type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import { compareText } from '../values/order.ts';
import { bindableAddress } from './bindings.ts';

/** A range of addresses of one family, both ends included. */
export interface AddressRange {
  readonly family: IpAddress['family'];
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Parses `203.0.113.7` or `203.0.113.0/28`; `undefined` for anything else, also for a range whose address has bits set
 * beyond its prefix: whether that means one address or all of them cannot be known.
 */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [, addressText = '', prefixText] = /^([^/]+)(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  const address = parseIpAddress(addressText);
  if (address === undefined) return undefined;
  const bits = address.family === 'IPv4' ? 32 : 128;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  if (prefix > bits) return undefined;
  const size = 1n << BigInt(bits - prefix);
  const first = toNumber(address);
  if (first % size !== 0n) return undefined;
  return { family: address.family, first, last: first + size - 1n };
}

/**
 * Which Gateway has which address of the pool. An address that the status of a Gateway shows stays with it (the oldest,
 * where two show the same), so that all replicas come to the same; then one that it was given before (`given`), which its
 * status is about to show and somebody may connect to already. The others get the first free one, the oldest Gateway
 * first. Other addresses that a Gateway asks for by name are nobody else's.
 */
export function assignAddresses(
  gateways: readonly Gateway[],
  pool: readonly string[],
  given: ReadonlyMap<NamespacedName, string> = new Map(),
): ReadonlyMap<NamespacedName, string> {
  const assigned = new Map<NamespacedName, string>();
  const ranges = pool.flatMap((text) => parseAddressRange(text) ?? []);
  if (ranges.length === 0) return assigned;
  const taken = new Set<string>();
  const asking = gateways.filter(asksForAddress).toSorted(compareGateways);
  const keep = (addressesOf: (gateway: Gateway, key: NamespacedName) => readonly string[]): void => {
    for (const gateway of asking) {
      const key = namespacedName(gateway.meta.namespace, gateway.meta.name);
      if (assigned.has(key)) continue;
      const kept = addressesOf(gateway, key)
        .map((value) => parseIpAddress(value))
        .find((address) => address !== undefined && isInRanges(address, ranges) && !taken.has(address.text));
      if (kept === undefined) continue;
      taken.add(kept.text);
      assigned.set(key, kept.text);
    }
  };
  keep(({ assignedAddresses = [] }) => assignedAddresses);
  // After those: a Gateway that asks for another's address by name must not move the other one away from its clients.
  for (const { addresses } of gateways) {
    for (const { value } of addresses) {
      const address = parseIpAddress(value);
      if (address !== undefined) taken.add(address.text);
    }
  }
  keep((_, key) => [given.get(key) ?? '']);
  const free = freeAddresses(ranges, taken);
  for (const { meta } of asking) {
    const key = namespacedName(meta.namespace, meta.name);
    if (assigned.has(key)) continue;
    const next = free.next();
    if (next.done === true) break;
    assigned.set(key, next.value);
  }
  return assigned;
}

/** Without addresses, or with one that has no value: "an implementation SHOULD automatically assign an address". */
function asksForAddress({ addresses }: Gateway): boolean {
  return addresses.length === 0 || addresses.some(({ type, value }) => type === 'IPAddress' && value === '');
}

/** Oldest first; one without a time is youngest. */
function compareGateways({ meta: a }: Gateway, { meta: b }: Gateway): number {
  const unknown = Number(a.creationTimestamp === '') - Number(b.creationTimestamp === '');
  return (
    unknown ||
    compareText(a.creationTimestamp, b.creationTimestamp) ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.name, b.name)
  );
}

/** In order, one at a time: a range of IPv6 has more addresses than can be listed. */
function* freeAddresses(
  ranges: readonly AddressRange[],
  taken: ReadonlySet<string>,
): Generator<string, void, void> {
  const given = new Set<string>();
  for (const { family, first, last } of ranges) {
    for (let number = first; number <= last; number += 1n) {
      const text = bindableAddress(toAddress(number, family).text);
      if (text === undefined || taken.has(text) || given.has(text)) continue;
      given.add(text);
      yield text;
    }
  }
}

export function isInRanges(address: IpAddress, ranges: readonly AddressRange[]): boolean {
  const number = toNumber(address);
  return ranges.some(
    ({ family, first, last }) => family === address.family && first <= number && number <= last,
  );
}

function toNumber({ bytes }: IpAddress): bigint {
  return bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n);
}

function toAddress(number: bigint, family: IpAddress['family']): IpAddress {
  const length = family === 'IPv4' ? 4 : 16;
  const bytes = Array.from({ length }, (_, index) =>
    Number((number >> BigInt(8 * (length - 1 - index))) & 0xffn),
  );
  return addressOfBytes(family, bytes);
}
