/** The values that flags take, each read from text; the messages say how to write them. */
import { resolve } from 'node:path';
import { parseDuration } from '../gateway/values/duration.ts';
import { readHostName } from '../gateway/values/host-name-input.ts';
import { isValidHostname, normalizeHostname } from '../gateway/values/hostname.ts';
import { parseIpAddress } from '../gateway/values/ip-address.ts';
import type { TextSchema } from './flag.ts';

export interface SocketAddress {
  /** Host name or IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Of a Unix socket. */
export interface SocketPath {
  /** Absolute. */
  readonly path: string;
}

const PORT_TEXT = /^[0-9]{1,5}$/;
const HOST_TEXT = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?$/;

/**
 * A schema from a function that gives the value, or `undefined` where the text is not one. `expected` says how to write
 * it, where need be in view of what was written.
 */
export function fromText<T>(
  expected: string | ((text: string) => string),
  read: (text: string) => T | undefined,
): TextSchema<T> {
  return {
    parse(written) {
      const text = written.trim();
      const value = read(text);
      if (value !== undefined) return { value };
      return { expected: typeof expected === 'string' ? expected : expected(text) };
    },
  };
}

function integer(text: string): number | undefined {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

function socketAddress(text: string, lowestPort: number): SocketAddress | undefined {
  const [, bracketed, plain, portText = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text) ?? [];
  const port = PORT_TEXT.test(portText) ? Number(portText) : -1;
  if (port < lowestPort || port > 65_535) return undefined;
  // IPv4 as well: a manifest cannot know which of the two the address of a node will be.
  if (bracketed !== undefined) return isIp(bracketed) ? { host: bracketed, port } : undefined;
  if (plain === undefined || !HOST_TEXT.test(plain)) return undefined;
  // Digits and dots alone are meant as an address: 10.0.0.300 is no host name.
  if (/^[0-9.]+$/.test(plain) && !isIp(plain)) return undefined;
  return { host: plain, port };
}

function isIp(text: string): boolean {
  return parseIpAddress(text) !== undefined;
}

/** An address to listen on; port 0 takes a free one. */
export const listenAddress = fromText(
  'not HOST:PORT; write it as 127.0.0.1:18000, or [::1]:18000 for IPv6 (port 0 to 65535, 0 takes a free one)',
  (text) => socketAddress(text, 0),
);

/** An address to connect to. */
export const peerAddress = fromText(
  'not HOST:PORT; write it as sluice.example.com:18000 or 10.0.0.1:18000, or [::1]:18000 for IPv6 (port 1 to 65535)',
  (text) => socketAddress(text, 1),
);

const UNIX = 'unix:';
/** What `sockaddr_un` has room for. */
const LONGEST_SOCKET_PATH = 107;

function socketPath(text: string): SocketPath | undefined {
  const path = text.startsWith(UNIX) ? text.slice(UNIX.length) : '';
  const isPath =
    path.startsWith('/') && !path.includes('\0') && Buffer.byteLength(path) <= LONGEST_SOCKET_PATH;
  return isPath ? { path } : undefined;
}

const OR_SOCKET = ', or unix:/run/sluice-node/xds.sock';

/** An address or a Unix socket to listen on. */
export const listenSocket = fromText<SocketAddress | SocketPath>(
  `not HOST:PORT; write it as 127.0.0.1:18000, [::1]:18000${OR_SOCKET}`,
  (text) => socketPath(text) ?? socketAddress(text, 0),
);

/** An address or a Unix socket to connect to. */
export const peerSocket = fromText<SocketAddress | SocketPath>(
  `not HOST:PORT; write it as sluice.example.com:18000, [::1]:18000 (port 1 to 65535)${OR_SOCKET}`,
  (text) => socketPath(text) ?? socketAddress(text, 1),
);

export const ipAddress = fromText(
  'not an IP address; write it as 0.0.0.0 or ::, without a port and without brackets',
  (text) => parseIpAddress(text)?.text,
);

/** The name of a namespace. */
export const dnsLabel = fromText('no name of a namespace; write it as sluice-system', (text) =>
  /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text) ? text : undefined,
);

export const port = fromText('not a port; write a number from 1 to 65535', (text) => {
  const value = integer(text);
  return value !== undefined && value >= 1 && value <= 65_535 ? value : undefined;
});

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): TextSchema<number> {
  return fromText(`not a whole number from ${least} to ${most}; write digits only`, (text) => {
    const value = integer(text);
    return value !== undefined && value >= least && value <= most ? value : undefined;
  });
}

const BYTE_UNITS: Readonly<Record<string, number>> = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Bytes from `least` to `most`, written with a binary unit or, as Kubernetes' downward API does, without. `limits` says so in words. */
export function byteSize(least: number, most: number, limits: string): TextSchema<number> {
  return fromText(`not a size ${limits}; write it as 512MiB or 2GiB`, (text) => {
    const [, digits = '', unit = ''] = /^([0-9]{1,15})([KMGT]iB)?$/.exec(text) ?? [];
    const value = Number(digits) * (BYTE_UNITS[unit] ?? 1);
    return value >= least && value <= most ? value : undefined;
  });
}

/** Milliseconds from `leastMs` to `mostMs`; 0 as well where `orNever`. `limits` says so in words. */
export function duration(
  leastMs: number,
  mostMs: number,
  limits: string,
  orNever = false,
): TextSchema<number> {
  const expected = (text: string): string => {
    const how =
      /^[0-9]+$/.test(text) && Number(text) > 0
        ? `the unit is missing, as in ${text}s; write it`
        : 'write it';
    return `not a duration ${limits}; ${how} as 500ms, 90s, 5m, 24h or 1h30m`;
  };
  return fromText(expected, (text) => {
    const value = text === '0' ? 0 : parseDuration(text);
    if (value === undefined) return undefined;
    return (orNever && value === 0) || (value >= leastMs && value <= mostMs) ? value : undefined;
  });
}

/** One of a few words. */
export function oneOf<const W extends string>(...words: readonly W[]): TextSchema<W> {
  return fromText(`not one of ${words.join(', ')}`, (text) => words.find((word) => word === text));
}

export const onOff = fromText('neither on nor off', (text) =>
  text === 'on' ? true : text === 'off' ? false : undefined,
);

/** A switch: the flag alone means true; the environment may say so in words. */
export const enabled = fromText('neither true nor false', (text) =>
  text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : undefined,
);

export type SourceSpec =
  /** `path` as given, `absolute` for opening it. */
  | { readonly type: 'directory'; readonly path: string; readonly absolute: string }
  | { readonly type: 'kubernetes' };

export const source = fromText<SourceSpec>(
  'no such source; write directory:PATH (a folder of manifests) or kubernetes',
  (text) => {
    if (text === 'kubernetes') return { type: 'kubernetes' };
    const path = text.startsWith('directory:') ? text.slice('directory:'.length) : '';
    return path === '' || path.includes('\0')
      ? undefined
      : { type: 'directory', path, absolute: resolve(path) };
  },
);

/** "This field must be a domain-prefixed path": `example.com/gateway-controller` (Gateway API, controllerName). */
export const controllerName = fromText(
  'no controller name; write DOMAIN/PATH as in the class object, such as higress.io/gateway-controller',
  (text) =>
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(
      text,
    ) && text.length <= 253
      ? text
      : undefined,
);

export const className = fromText(
  'no class name; write the name of a GatewayClass or IngressClass in lower case, such as higress',
  (text) =>
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text) && text.length <= 253
      ? text
      : undefined,
);

/** A host name without wildcard, in lower case. */
export const hostName = fromText('no host name; write it as demo.stage.example.com', readHostName);

/** Where a server is that speaks HTTP. */
export const httpUrl = fromText('no URL; write it as http://127.0.0.1:18001', (text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === ''
    ? url
    : undefined;
});

/** Envoy's node id: one word that a log line and a URL can hold. */
export const nodeId = fromText(
  'no node id; write up to 253 letters, digits and -._~:/ without blanks, such as gw-node-1',
  (text) => (/^[A-Za-z0-9._~:/-]{1,253}$/.test(text) ? text : undefined),
);

/** A path; whether there is such a file is found out when it is read. */
export const filePath = fromText('not a path', (text) =>
  text === '' || text.includes('\0') ? undefined : resolve(text),
);

/** What a certificate is for: a DNS name, in lower case, or a URI. */
export const alternativeName = fromText(
  'no name of a certificate; write a DNS name such as sluice-envoy, or a URI such as spiffe://example.com/gateway',
  (text) => {
    if (/^[a-z][a-z0-9+.-]*:[!-~]{1,2000}$/i.test(text) && !text.includes(',')) return text;
    const host = normalizeHostname(text);
    return isValidHostname(host) && !host.startsWith('*') ? host : undefined;
  },
);

/** What a server's certificate is for. */
export const certificateHost = fromText(
  'no host; write a DNS name such as sluice.sluice-system.svc, or an IP address',
  (text) => {
    const host = normalizeHostname(text);
    if (/^[0-9.]+$/.test(text)) return parseIpAddress(text)?.text;
    return parseIpAddress(text)?.text ?? (isValidHostname(host) && !host.startsWith('*') ? host : undefined);
  },
);

export const word = fromText('no name; write up to 253 characters without blanks', (text) =>
  /^\S{1,253}$/.test(text) ? text : undefined,
);
