import { isValidHostname, normalizeHostname } from '../../gateway/values/hostname.ts';
import { parseIpAddress } from '../../gateway/values/ip-address.ts';

/** Where a tenant is: an address, or a DNS name that stands for some. */
export interface EndpointHost {
  readonly type: 'address' | 'name';
  /** Canonical. */
  readonly host: string;
}

export interface EndpointValue {
  /** At least one. */
  readonly hosts: readonly EndpointHost[];
  /** `undefined` where none is written; all hosts have the same. */
  readonly port: number | undefined;
}

/** Endpoints of one tenant that are taken at most. */
const MAX_HOSTS = 100;
/** The port of a URL without one. */
const SCHEME_PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 };

/**
 * Reads what an expression gave: a host, `host:port`, a URL, `{host, port}`, or a list of those. A text says what is wrong with it;
 * `undefined`: there is nothing yet (an object without host, an empty list).
 */
export function readEndpointValue(value: unknown): EndpointValue | string | undefined {
  const entries = Array.isArray(value) ? value : [value];
  if (entries.length > MAX_HOSTS) return `more than ${MAX_HOSTS} endpoints`;
  const hosts = new Map<string, EndpointHost>();
  const ports = new Set<number | undefined>();
  for (const entry of entries) {
    const read = readEntry(entry);
    if (typeof read === 'string') return read;
    if (read === undefined) continue;
    hosts.set(read.host.host, read.host);
    ports.add(read.port);
  }
  if (hosts.size === 0) return undefined;
  if (ports.size > 1) return 'its endpoints have different ports';
  return { hosts: [...hosts.values()], port: [...ports][0] };
}

interface Entry {
  readonly host: EndpointHost;
  readonly port: number | undefined;
}

function readEntry(entry: unknown): Entry | string | undefined {
  if (typeof entry === 'string') return readText(entry);
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    return `${quoted(entry)} is no endpoint`;
  const { host, port } = entry as { readonly host?: unknown; readonly port?: unknown };
  if (host === undefined || host === null || host === '') return undefined;
  if (typeof host !== 'string') return `${quoted(host)} is no host`;
  const read = readHost(host);
  if (read === undefined) return `${quoted(host)} is no host`;
  // Cluster API writes 0 where there is none.
  if (port === undefined || port === null || port === 0) return { host: read, port: undefined };
  const number = readPort(port);
  return number === undefined ? `${quoted(port)} is no port` : { host: read, port: number };
}

function readText(text: string): Entry | string {
  const wrong = `${quoted(text)} is no endpoint; an address, a host name, either with a port, or a URL is one`;
  if (text.includes('://')) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const host = url && readHost(url.hostname.replace(/^\[|\]$/g, ''));
    if (url === undefined || host === undefined) return wrong;
    if (url.port === '') return { host, port: SCHEME_PORTS[url.protocol] };
    const port = readPort(url.port);
    return port === undefined ? wrong : { host, port };
  }
  const whole = readHost(text);
  if (whole !== undefined) return { host: whole, port: undefined };
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = readHost(bracketed ?? plain ?? '');
  const port = readPort(Number(digits));
  return host === undefined || port === undefined ? wrong : { host, port };
}

function readHost(text: string): EndpointHost | undefined {
  const address = parseIpAddress(text);
  if (address !== undefined) return { type: 'address', host: address.text };
  const name = normalizeHostname(text);
  // 10.0.0.300 is no name either.
  if (!isValidHostname(name) || name.startsWith('*') || /^[0-9.]+$/.test(name)) return undefined;
  return { type: 'name', host: name };
}

export function readPort(value: unknown): number | undefined {
  const port = typeof value === 'string' && /^[0-9]{1,5}$/.test(value) ? Number(value) : value;
  return typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535 ? port : undefined;
}

/** A value for a message; one that is nested too deeply for that is no reason to fail. */
export function quoted(value: unknown): string {
  try {
    const text = JSON.stringify(value) ?? String(value);
    return text.length > 100 ? `${text.slice(0, 100)}…` : text;
  } catch {
    return 'a value in thousands of others';
  }
}
