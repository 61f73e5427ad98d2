/** A parsed IP address in its one canonical spelling, so that equal addresses are equal strings. */
export interface IpAddress {
  readonly family: 'IPv4' | 'IPv6';
  /** Dotted decimal, or RFC 5952 (lower-case, longest run of zeros shortened) without brackets. */
  readonly text: string;
  /** 4 or 16 bytes. */
  readonly bytes: readonly number[];
}

/** What kind of destination an address is, as far as a proxy must know before it connects there for a tenant. */
export type AddressScope =
  | 'global'
  | 'unspecified'
  | 'loopback'
  /** 169.254.0.0/16 and fe80::/10, which holds the metadata services of clouds. */
  | 'link-local'
  | 'multicast'
  /** Broadcast and 240.0.0.0/4, 0.0.0.0/8: nothing that can be connected to. */
  | 'reserved';

/**
 * Parses an address as Kubernetes takes one: no leading zeros in IPv4 (other programs read them as octal),
 * no zone, no brackets, no prefix length. Returns `undefined` for everything else.
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (text.length > 45) return undefined;
  if (text.includes(':')) {
    const bytes = parseIpv6(text);
    return bytes === undefined ? undefined : { family: 'IPv6', text: formatIpv6(bytes), bytes };
  }
  const bytes = parseIpv4(text);
  return bytes === undefined ? undefined : { family: 'IPv4', text, bytes };
}

/** The address of 4 or 16 bytes. */
export function addressOfBytes(family: IpAddress['family'], bytes: readonly number[]): IpAddress {
  return { family, text: family === 'IPv4' ? bytes.join('.') : formatIpv6(bytes), bytes };
}

/** `address:port`, with brackets around IPv6. */
export function formatSocketAddress(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The scope of an address; of an IPv6 address that stands for an IPv4 one, the scope of the IPv4 address. */
export function addressScope(address: IpAddress): AddressScope {
  const { bytes } = address;
  if (address.family === 'IPv4') return ipv4Scope(bytes);
  const embedded = embeddedIpv4(bytes);
  if (embedded !== undefined) return ipv4Scope(embedded);
  const first = bytes[0] ?? 0;
  const second = bytes[1] ?? 0;
  if (bytes.slice(0, 15).every((byte) => byte === 0)) {
    if (bytes[15] === 0) return 'unspecified';
    if (bytes[15] === 1) return 'loopback';
  }
  if (first === 0xff) return 'multicast';
  if (first === 0xfe && (second & 0xc0) === 0x80) return 'link-local';
  return 'global';
}

const DOT = 46;
const ZERO = 48;

/** Metadata services of clouds that lie where ordinary hosts could: AWS and Google over IPv6, Azure, Alibaba, Oracle. */
const METADATA_ADDRESSES: ReadonlySet<string> = new Set([
  'fd00:ec2::254',
  'fd20:ce::254',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
]);

/** Whether the address is a well-known metadata service that `addressScope` does not tell from an ordinary host. */
export function isMetadataAddress(address: IpAddress): boolean {
  return METADATA_ADDRESSES.has(address.text);
}

function ipv4Scope(bytes: readonly number[]): AddressScope {
  const [first = 0, second = 0] = bytes;
  if (first === 0) return bytes.every((byte) => byte === 0) ? 'unspecified' : 'reserved';
  if (first === 127) return 'loopback';
  if (first === 169 && second === 254) return 'link-local';
  if (first >= 224 && first <= 239) return 'multicast';
  return first >= 240 ? 'reserved' : 'global';
}

/** Whether an IPv6 address is another way to write an IPv4 one, `::ffff:0:0/96`. */
export function isIpv4Mapped({ family, bytes }: IpAddress): boolean {
  return family === 'IPv6' && bytes.slice(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 0xff));
}

/** Mapped (`::ffff:0:0/96`), compatible (`::/96`) and NAT64 (`64:ff9b::/96`) addresses reach the IPv4 address in them. */
function embeddedIpv4(bytes: readonly number[]): readonly number[] | undefined {
  const tail = bytes.slice(12);
  const middleIsZero = bytes.slice(4, 10).every((byte) => byte === 0);
  if (!middleIsZero) return undefined;
  const leadIsZero = bytes.slice(0, 4).every((byte) => byte === 0);
  if (leadIsZero && bytes[10] === 0xff && bytes[11] === 0xff) return tail;
  if (bytes[10] !== 0 || bytes[11] !== 0) return undefined;
  const isNat64 = bytes[0] === 0 && bytes[1] === 0x64 && bytes[2] === 0xff && bytes[3] === 0x9b;
  // `::` and `::1` are addresses of their own and no IPv4-compatible ones.
  const isCompatible = leadIsZero && (tail[0] !== 0 || tail[1] !== 0);
  return isNat64 || isCompatible ? tail : undefined;
}

/** Character by character, without a regular expression: it runs for every endpoint of every Service. */
function parseIpv4(text: string): readonly number[] | undefined {
  const bytes: number[] = [];
  let value = 0;
  let digits = 0;
  for (let index = 0; index <= text.length; index += 1) {
    const code = index === text.length ? DOT : text.charCodeAt(index);
    if (code === DOT) {
      if (digits === 0 || bytes.length === 4) return undefined;
      bytes.push(value);
      value = 0;
      digits = 0;
      continue;
    }
    // "010" is octal to some and decimal to others: refused by all who are careful.
    if (code < ZERO || code > ZERO + 9 || (digits > 0 && value === 0)) return undefined;
    value = value * 10 + (code - ZERO);
    digits += 1;
    if (value > 255) return undefined;
  }
  return bytes.length === 4 ? bytes : undefined;
}

function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  if (halves.length === 1) return head?.length === 16 ? head : undefined;
  const tail = parseGroups(halves[1] ?? '', true);
  if (head === undefined || tail === undefined || head.length + tail.length > 14) return undefined;
  return [...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail];
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (mayEndInIpv4 && index === groups.length - 1 && group.includes('.')) {
      const ipv4 = parseIpv4(group);
      if (ipv4 === undefined) return undefined;
      bytes.push(...ipv4);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

function formatIpv6(bytes: readonly number[]): string {
  const groups = Array.from(
    { length: 8 },
    (_, index) => ((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0),
  );
  let runStart = -1;
  let runLength = 1;
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - start > runLength) {
      runStart = start;
      runLength = end - start;
    }
    if (end > start) start = end;
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  if (runStart < 0) return hex(groups);
  return `${hex(groups.slice(0, runStart))}::${hex(groups.slice(runStart + runLength))}`;
}
