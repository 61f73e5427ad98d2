import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { freePorts } from '../../../../test/e2e/gateway-node.ts';
import { startTlsBackend, type TlsBackend } from '../../../../test/harness/tls-backend.ts';
import { CliError } from '../../cli-error.ts';
import type { TlsProbe } from '../../operator/probe/tls-probe.ts';
import { compareHost } from './compare.ts';
import { ResumeFile } from './resume-file.ts';
import { type VerifyOptions, verifyHosts } from './verify-hosts.ts';
import { verifyJunit, verifyTable } from './verify-report.ts';

const backend = (name: string): Promise<TlsBackend> => startTlsBackend({ name, address: '127.0.0.1' });
const at = ({ port }: { readonly port: number }) => [{ host: '127.0.0.1', port }];
const options = (from: { port: number }, to: { port: number }): VerifyOptions => {
  return { from: at(from), to: at(to), rate: 10_000, concurrency: 4, timeoutMs: 5_000 };
};
const silent = (): void => {};
const HOSTS = Array.from({ length: 30 }, (_, index) => `h${String(index).padStart(2, '0')}.example.com`);

describe('verifying hosts', () => {
  it('finds the same behind both, and another certificate behind one', async () => {
    await using one = await backend('one.example.com');
    await using other = await backend('other.example.com');
    const same = await verifyHosts(['one.example.com', '*.example.com'], options(one, one), silent);
    assert.deepEqual(
      same.hosts.map(({ host, verdict }) => [host, verdict]),
      [
        ['one.example.com', 'same'],
        ['*.example.com', 'same'],
      ],
    );
    assert.ok((same.hosts[0]?.toMs ?? 0) > 0);
    const { hosts } = await verifyHosts(['one.example.com'], options(one, other), silent);
    assert.equal(hosts[0]?.verdict, 'different');
    assert.match(
      hosts[0]?.differences.join() ?? '',
      /another certificate: other\.example\.com \(.*instead of one\.example\.com/,
    );
    assert.match(
      verifyJunit({ hosts, down: undefined }),
      /failures="1".*\n.*<failure message="the new gateway/,
    );
    assert.match(verifyTable({ hosts, down: undefined }), /0 the same, 1 different\n$/);
  });
  it('says that the old gateway is down, and not that all hosts differ', async () => {
    await using one = await backend('one.example.com');
    const [free = 0] = await freePorts(1);
    const { hosts, down } = await verifyHosts(HOSTS, options({ port: free }, one), silent);
    assert.match(
      down ?? '',
      /^the old gateway 127\.0\.0\.1 port \d+ takes no connections \(connection refused/,
    );
    assert.ok(hosts.every(({ verdict }) => verdict === 'unknown'));
  });
  it('stops where a gateway goes away meanwhile, and keeps what was verified', async () => {
    await using one = await backend('one.example.com');
    const to = await backend('one.example.com');
    let told = 0;
    const { hosts, down } = await verifyHosts(
      HOSTS,
      { ...options(one, one), to: at(to), concurrency: 1 },
      () => {
        told += 1;
        if (told === 5) void to.close();
      },
    );
    await to.close();
    assert.match(down ?? '', /^the new gateway/);
    const verdicts = new Set(hosts.slice(5).map(({ verdict }) => verdict));
    assert.deepEqual([...verdicts], ['unknown']);
    assert.equal(hosts.filter(({ verdict }) => verdict !== 'unknown').length, 5);
  });
  it('begins no more in a second than it may', async () => {
    await using one = await backend('one.example.com');
    const started = performance.now();
    await verifyHosts(HOSTS.slice(0, 6), { ...options(one, one), rate: 10 }, silent);
    assert.ok(performance.now() - started > 450, 'six hosts at ten in a second, one at once');
  });
});

describe('comparing a host', () => {
  const answer: TlsProbe = {
    ...{ address: '192.0.2.1', port: 443, stage: 'done', isGood: true, outcome: 'answered' },
    ...{ fingerprint: 'AA:BB', issuer: 'ca', subject: 'a', protocol: 'TLSv1.3', alpn: 'h2', totalMs: 3 },
  };
  const closed: TlsProbe = {
    ...answer,
    stage: 'after ClientHello',
    isGood: false,
    outcome: 'closed after the ClientHello',
  };
  const verdict = (from: TlsProbe, to: TlsProbe) => compareHost('a', { from: [from], to: [to] });
  it('takes certificate, issuer, protocol and ALPN', () => {
    assert.equal(verdict(answer, answer).verdict, 'same');
    for (const change of [
      { fingerprint: 'CC' },
      { issuer: 'x' },
      { protocol: 'TLSv1.2' },
      { alpn: 'http/1.1' },
    ])
      assert.equal(verdict(answer, { ...answer, ...change }).differences.length, 1, JSON.stringify(change));
  });
  it('one that answers nowhere is none of the migration', () => {
    assert.equal(verdict(closed, closed).verdict, 'neither');
    assert.match(verdict(answer, closed).differences.join(), /^the new gateway 192\.0\.2\.1:443: closed/);
    assert.match(verdict(closed, answer).differences.join(), /^the old gateway/);
  });
  it('any of the certificates of several pods will do', () => {
    const other = { ...answer, fingerprint: 'CC' };
    assert.equal(compareHost('a', { from: [answer, other], to: [other] }).verdict, 'same');
  });
});

describe('the resume file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-resume-'));
  const path = join(folder, 'file');
  const comparison = { host: 'a', verdict: 'same', differences: [], fromMs: 1, toMs: 2 } as const;
  it('knows what was the same, also after half a line', () => {
    const first = new ResumeFile(path, 'x and y');
    first.add(comparison);
    first.add({ ...comparison, host: 'b', verdict: 'different' });
    appendFileSync(path, '{"host":"c","verd');
    const second = new ResumeFile(path, 'x and y');
    assert.deepEqual([...second.done.keys()], ['a']);
    second.add({ ...comparison, host: 'd' });
    assert.deepEqual([...new ResumeFile(path, 'x and y').done.keys()], ['a', 'd']);
    assert.match(readFileSync(path, 'utf8').split('\n')[0] ?? '', /x and y/);
  });
  it('of other gateways is refused', () => {
    assert.throws(
      () => new ResumeFile(path, 'other'),
      (error) => error instanceof CliError && error.code === 'SLUICE_MIGRATE_RESUME',
    );
    rmSync(folder, { recursive: true });
  });
});
