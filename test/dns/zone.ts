/** A DNS zone that external-dns writes to: a webhook provider, and external-dns beside it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuarded } from '../harness/kubernetes/guarded-process.ts';
import { until } from '../harness/until.ts';
import { externalDns } from './external-dns.ts';

const MEDIA_TYPE = 'application/external.dns.webhook+json;version=1';

interface DnsRecord {
  readonly dnsName: string;
  readonly recordType: string;
  readonly targets: readonly string[];
  readonly recordTTL?: number;
}

/** As external-dns has it; what is updated is in `updateNew`. */
interface Changes {
  readonly create?: readonly DnsRecord[];
  readonly updateNew?: readonly DnsRecord[];
  readonly delete?: readonly DnsRecord[];
}

export interface Zone extends AsyncDisposable {
  /** `NAME TYPE TARGET…`, with ` TTL=SECONDS` where there is one; sorted. */
  records(): readonly string[];
  /** The record of a name and type, as above; `undefined` where there is none. */
  record(name: string, type?: string): string | undefined;
  /** Until the record of this name says so; rejects with all records and the end of external-dns' log. */
  untilRecord(name: string, wished: string | undefined, timeoutMs?: number): Promise<void>;
  /** How often external-dns changed anything. */
  readonly changes: number;
}

/** external-dns with these flags on this cluster. `kubeconfig`: a file. */
export async function startZone(kubeconfig: string, flags: readonly string[]): Promise<Zone> {
  const records = new Map<string, DnsRecord>();
  const keyOf = ({ dnsName, recordType }: DnsRecord): string => `${dnsName} ${recordType}`;
  let changes = 0;
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const send = (status: number, value?: unknown): void => {
        response.writeHead(status, { 'content-type': MEDIA_TYPE });
        response.end(value === undefined ? undefined : JSON.stringify(value));
      };
      if (request.url === '/') return send(200, {});
      if (request.url === '/adjustendpoints') return send(200, body);
      if (request.method === 'GET') return send(200, [...records.values()]);
      const { create = [], updateNew = [], delete: gone = [] } = body as Changes;
      for (const record of gone) records.delete(keyOf(record));
      for (const record of [...create, ...updateNew]) records.set(keyOf(record), record);
      changes += 1;
      return send(204);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const directory = await mkdtemp(join(tmpdir(), 'sluice-external-dns-'));
  const args = [
    `--kubeconfig=${kubeconfig}`,
    '--provider=webhook',
    `--webhook-provider-url=http://127.0.0.1:${port}`,
    '--events',
    '--registry=noop',
    ...flags,
  ];
  const program = await startGuarded('external-dns', await externalDns(), args, directory);
  const record = (name: string, type = 'A'): string | undefined => {
    const found = records.get(`${name} ${type}`);
    return found && textOf(found);
  };
  return {
    record,
    records: () => [...records.values()].map(textOf).sort(),
    get changes() {
      return changes;
    },
    async untilRecord(name, wished, timeoutMs = 30_000) {
      try {
        await until(() => Promise.resolve(record(name) === wished), {
          what: wished ?? `no record of ${name}`,
          timeoutMs,
        });
      } catch (error) {
        const all = [...records.values()].map(textOf).sort().join('\n');
        throw new Error(`${String(error)}; there are\n${all}\n${await program.log()}`);
      }
    },
    async [Symbol.asyncDispose]() {
      await program.kill('SIGKILL');
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function textOf({ dnsName, recordType, targets, recordTTL = 0 }: DnsRecord): string {
  const ttl = recordTTL === 0 ? '' : ` TTL=${recordTTL}`;
  return `${dnsName} ${recordType} ${[...targets].sort().join(' ')}${ttl}`;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const part of request) text += String(part);
  return text === '' ? undefined : JSON.parse(text);
}
