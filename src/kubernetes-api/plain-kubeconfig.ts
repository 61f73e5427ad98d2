import { readFileSync } from 'node:fs';
import type { AgentOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { Connection } from './credentials.ts';
import { http, https } from './node-http.ts';

type Entry = Readonly<Record<string, unknown>>;

/** What of a kubeconfig is understood here; anything else is for the library. */
const CLUSTER_FIELDS: ReadonlySet<string> = new Set([
  'server',
  'certificate-authority',
  'certificate-authority-data',
  'insecure-skip-tls-verify',
  'tls-server-name',
  'extensions',
]);
const USER_FIELDS: ReadonlySet<string> = new Set([
  'token',
  'tokenFile',
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'client-key-data',
]);

/**
 * The connection that a kubeconfig describes where it does so plainly: certificates and tokens, no plugin, no proxy. `undefined` for
 * every other one, and where anything is wrong: the library says what. Loading that takes a command half a second.
 */
export function plainConnection(file: string, context: string | undefined): Connection | undefined {
  try {
    const config = parse(readFileSync(file, 'utf8')) as Entry;
    const named = fieldOf(config['contexts'], context ?? text(config['current-context']), 'context');
    const cluster = fieldOf(config['clusters'], text(named?.['cluster']), 'cluster');
    const user = fieldOf(config['users'], text(named?.['user']), 'user');
    if (cluster === undefined || user === undefined) return undefined;
    if (!hasOnly(cluster, CLUSTER_FIELDS) || !hasOnly(user, USER_FIELDS)) return undefined;
    const server = new URL(text(cluster['server']) ?? '');
    const material = (entry: Entry, name: string): Buffer | undefined => {
      const data = text(entry[`${name}-data`]);
      const path = text(entry[name]);
      if (data !== undefined) return Buffer.from(data, 'base64');
      return path === undefined ? undefined : readFileSync(resolve(dirname(file), path));
    };
    const tokenFile = text(user['tokenFile']);
    const token =
      tokenFile === undefined
        ? text(user['token'])
        : readFileSync(resolve(dirname(file), tokenFile), 'utf8').trim();
    const options: AgentOptions = {
      ...given('ca', material(cluster, 'certificate-authority')),
      ...given('cert', material(user, 'client-certificate')),
      ...given('key', material(user, 'client-key')),
      ...given('servername', text(cluster['tls-server-name'])),
      ...(cluster['insecure-skip-tls-verify'] === true && { rejectUnauthorized: false }),
    };
    return {
      server,
      agent:
        server.protocol === 'http:' ? new http.Agent() : new https.Agent({ ...options, keepAlive: true }),
      headers: token === undefined || token === '' ? {} : { Authorization: `Bearer ${token}` },
    };
  } catch {
    return undefined;
  }
}

function fieldOf(list: unknown, name: string | undefined, field: string): Entry | undefined {
  if (!Array.isArray(list) || name === undefined) return undefined;
  const found = (list as readonly Entry[]).find((each) => each['name'] === name)?.[field];
  return typeof found === 'object' && found !== null ? (found as Entry) : undefined;
}

function hasOnly(entry: Entry, fields: ReadonlySet<string>): boolean {
  return Object.keys(entry).every((name) => fields.has(name));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function given<Name extends string, T>(name: Name, value: T | undefined): { [K in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [K in Name]?: T });
}
