/** A thousand pages at once, of which Sluice listens to 64. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { freePorts } from '../e2e/gateway-node.ts';
import { gateway, gatewayClass, service, tlsRoute } from '../harness/manifests.ts';
import { SluiceProcess } from '../harness/sluice-process.ts';
import { until } from '../harness/until.ts';

const PAGES = 1_000;
const LISTENED_TO = 64;
/** What a thousand connections, and what waits for 64 that do not read, may take. Usual are 20 to 30 MB. */
const MOST_MB = 80;
const CHANGES = 30;

let directory: string;
let sluice: SluiceProcess;
let admin: string;
const pages: ClientRequest[] = [];

before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'sluice-many-pages-'));
  const [xds, port] = await freePorts(2);
  admin = `http://127.0.0.1:${port}`;
  await write('world', [
    gatewayClass(),
    gateway('gw', [{ name: 'tls', port: 443 }]),
    ...service('api', [{ address: '100.65.0.1', port: 6443 }]),
  ]);
  const addresses = ['--xds-address', `127.0.0.1:${xds}`, '--admin-address', `127.0.0.1:${port}`];
  sluice = SluiceProcess.start(['serve', '--source', `directory:${directory}`, ...addresses]);
  await until(async () => (await fetch(`${admin}/readyz`).catch(() => undefined))?.ok === true, {
    what: 'Sluice is ready',
  });
});
after(async () => {
  for (const page of pages) page.destroy();
  await sluice?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function write(name: string, items: readonly object[]): Promise<void> {
  await writeFile(
    path.join(directory, `${name}.json`),
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  );
}

/** Its stream is open, or it was told why not; the body is not read. */
async function open(): Promise<IncomingMessage> {
  const page = get(`${admin}/api/v1/changes`, { agent: false });
  page.on('error', () => {});
  pages.push(page);
  const [response] = (await once(page, 'response')) as [IncomingMessage];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response) text += String(part);
  return text;
}

async function residentMb(): Promise<number> {
  const [, kb] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${sluice.pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1024;
}

it('a thousand pages cost bounded memory: 64 are listened to, the others are told to come back', async () => {
  const before = await residentMb();
  const opened = await Promise.all(Array.from({ length: PAGES }, open));
  const listened = opened.filter(({ statusCode }) => statusCode === 200);
  const refused = opened.filter(({ statusCode }) => statusCode === 503);
  assert.equal(listened.length, LISTENED_TO);
  assert.equal(refused.length, PAGES - LISTENED_TO);
  for (const each of refused) {
    assert.equal(each.headers['retry-after'], '30');
    const { code, message } = JSON.parse(await textOf(each)) as { code: string; message: string };
    assert.equal(code, 'SLUICE_ADMIN_BUSY');
    assert.match(message, /^64 others are watching changes/);
  }

  // Nobody of the 64 reads; one that comes in the place of another does, and misses nothing.
  listened.pop()?.destroy();
  let reader: IncomingMessage | undefined;
  await until(
    async () => {
      reader = await open();
      if (reader.statusCode !== 200) reader.resume();
      return reader.statusCode === 200;
    },
    { what: 'a free place' },
  );
  let told = '';
  reader?.on('data', (part) => {
    told += String(part);
  });
  for (let change = 0; change < CHANGES; change += 1) {
    const host = `host-${change}.example.com`;
    await write(`route-${change}`, [
      tlsRoute({ name: `route-${change}`, hosts: [host], backends: [{ name: 'api' }] }),
    ]);
    await until(() => told.includes(host), { what: host });
  }
  const grown = (await residentMb()) - before;
  assert.ok(grown < MOST_MB, `${grown.toFixed(0)} MB more`);
  assert.equal((await fetch(`${admin}/livez`)).status, 200);
});
