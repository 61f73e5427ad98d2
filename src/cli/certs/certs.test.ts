import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { readKeyMaterial } from '../../xds/tls/key-material.ts';
import { CliError } from '../cli-error.ts';
import { readFlags } from '../flag.ts';
import { makeCertificates } from './certs.ts';
import { CERTS_FLAGS } from './certs-flags.ts';

const NOW = new Date('2030-01-01T00:00:00Z');
const DAY_MS = 86_400_000;

let out: string;

beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'sluice-certs-'));
});

afterEach(async () => {
  await rm(out, { recursive: true, force: true });
});

async function make(given: Readonly<Record<string, readonly string[]>> = {}, now = NOW): Promise<string> {
  return await makeCertificates(readFlags(CERTS_FLAGS, { out: [out], ...given }, {}), now);
}

async function certificate(...path: readonly string[]): Promise<X509Certificate> {
  return new X509Certificate(await readFile(join(out, ...path)));
}

async function text(...path: readonly string[]): Promise<string> {
  return await readFile(join(out, ...path), 'utf8');
}

async function refused(run: Promise<unknown>, exitCode: number): Promise<string> {
  let message = '';
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof CliError, `${error}`);
    assert.equal(error.exitCode, exitCode);
    message = `${error.code}: ${error.message}`;
    return true;
  });
  return message;
}

describe('sluice certs', () => {
  it('makes an authority, a certificate for the server and one for the gateways', async () => {
    const printed = await make({ hosts: ['sluice.example.com', '10.0.0.1', '2001:db8::1'], days: ['30'] });
    const [ca, server, gateway] = [
      await certificate('ca.crt'),
      await certificate('server', 'tls.crt'),
      await certificate('gateway', 'tls.crt'),
    ];
    assert.equal(ca.ca, true);
    assert.equal(
      server.subjectAltName,
      'DNS:sluice.example.com, IP Address:10.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1',
    );
    assert.equal(gateway.subjectAltName, 'DNS:sluice-envoy');
    for (const [folder, leaf, usage] of [
      ['server', server, '1.3.6.1.5.5.7.3.1'],
      ['gateway', gateway, '1.3.6.1.5.5.7.3.2'],
    ] as const) {
      assert.equal(leaf.ca, false);
      assert.ok(leaf.verify(ca.publicKey) && leaf.checkIssued(ca));
      assert.ok(leaf.checkPrivateKey(createPrivateKey(await text(folder, 'tls.key'))));
      assert.deepEqual(leaf.keyUsage, [usage]);
      assert.equal(leaf.validToDate.getTime(), NOW.getTime() + 30 * DAY_MS);
      assert.ok(leaf.validFromDate < NOW, 'good for a gateway whose clock is slow');
      assert.equal(await text(folder, 'ca.crt'), await text('ca.crt'));
    }
    assert.match(printed, /create secret generic sluice-xds-server --from-file=\S+\/server/);
    assert.match(printed, /create secret generic sluice-xds-gateway --from-file=\S+\/gateway/);
  });

  it('makes what sluice serve takes', async () => {
    await make();
    const folder = join(out, 'server');
    await readKeyMaterial({
      certificate: join(folder, 'tls.crt'),
      key: join(folder, 'tls.key'),
      clientAuthority: join(folder, 'ca.crt'),
    });
  });

  it('lets nobody else read a key, whatever the umask, and leaves nothing behind', async () => {
    const umask = process.umask(0);
    try {
      await make({ out: [join(out, 'new', 'folder')] });
    } finally {
      process.umask(umask);
    }
    const made = join(out, 'new', 'folder');
    for (const key of ['ca.key', 'server/tls.key', 'gateway/tls.key']) {
      assert.equal((await stat(join(made, key))).mode & 0o777, 0o600, key);
    }
    assert.deepEqual((await readdir(made, { recursive: true })).sort(), [
      ...['ca.crt', 'ca.key', 'gateway', 'gateway/ca.crt', 'gateway/tls.crt', 'gateway/tls.key'],
      ...['server', 'server/ca.crt', 'server/tls.crt', 'server/tls.key'],
    ]);
  });

  it('renews the certificates and keeps the authority', async () => {
    await make();
    const [ca, key] = [await text('ca.crt'), await text('ca.key')];
    const before = await certificate('server', 'tls.crt');
    await make({}, new Date(NOW.getTime() + 100 * DAY_MS));
    assert.equal(await text('ca.crt'), ca);
    assert.equal(await text('ca.key'), key);
    const after = await certificate('server', 'tls.crt');
    assert.notEqual(after.serialNumber, before.serialNumber);
    assert.ok(after.validToDate > before.validToDate);
    assert.ok(after.verify((await certificate('ca.crt')).publicKey));
  });

  it('makes a new authority when asked to, and lets the one before be trusted beside it', async () => {
    await make();
    const [first = ''] = [await text('ca.crt')];
    await make({ renewCa: ['true'] });
    const bundle = await text('ca.crt');
    assert.ok(bundle.endsWith(first) && bundle.length > first.length);
    const [old, present] = [new X509Certificate(first), new X509Certificate(bundle)];
    assert.notEqual(old.subject, present.subject);
    assert.ok((await certificate('gateway', 'tls.crt')).verify(present.publicKey));
    // Two at most: the third is one that nobody uses any more.
    await make({ renewCa: ['true'] });
    assert.equal((await text('ca.crt')).match(/BEGIN/g)?.length, 2);
    assert.ok(!(await text('ca.crt')).includes(first));
    assert.ok(
      (await certificate('server', 'tls.crt')).verify((await certificate('server', 'ca.crt')).publicKey),
    );
  });

  it('makes no certificate that outlives the authority', async () => {
    await make();
    const ca = await certificate('ca.crt');
    await make({ days: ['3650'] }, new Date(NOW.getTime() + 3_000 * DAY_MS));
    const leaf = await certificate('server', 'tls.crt');
    assert.equal(leaf.validToDate.getTime(), ca.validToDate.getTime());
  });

  for (const [what, spoil, reason] of [
    ['has lost its key', () => rm(join(out, 'ca.key')), /no ca\.key/],
    ['has lost its certificate', () => rm(join(out, 'ca.crt')), /no ca\.crt/],
    ['has a broken key', () => writeFile(join(out, 'ca.key'), 'x'), /\(/],
    [
      'has the key of another',
      async () => writeFile(join(out, 'ca.key'), await text('server', 'tls.key')),
      /key and certificate differ/,
    ],
    [
      'is a certificate of a server',
      async () => writeFile(join(out, 'ca.crt'), await text('server', 'tls.crt')),
      /not that of an authority/,
    ],
  ] as const) {
    it(`refuses an authority that ${what}, changes nothing, and names --renew-ca`, async () => {
      await make();
      const before = await text('gateway', 'tls.crt');
      await spoil();
      const message = await refused(make(), 78);
      assert.match(message, /^SLUICE_CERTS_CA_UNUSABLE: .*--renew-ca/);
      assert.match(message, reason);
      assert.equal(await text('gateway', 'tls.crt'), before);
      await make({ renewCa: ['true'] });
    });
  }

  it('refuses an authority that has expired', async () => {
    await make();
    assert.match(await refused(make({}, new Date(NOW.getTime() + 3_651 * DAY_MS)), 78), /has expired on 20/);
  });

  it('says in one sentence that a folder cannot be written', async () => {
    await writeFile(join(out, 'file'), '');
    assert.match(
      await refused(make({ out: [join(out, 'file', 'x')] }), 66),
      /^SLUICE_CERTS_FILES: cannot make/,
    );
    await make();
    await rm(join(out, 'server'), { recursive: true });
    await writeFile(join(out, 'server'), '');
    await chmod(join(out, 'server'), 0o600);
    assert.match(await refused(make(), 66), /cannot make .*server/);
  });
});
