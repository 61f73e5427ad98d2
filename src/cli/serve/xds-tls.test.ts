import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Logger, pino } from 'pino';
import { makeCertificates } from '../certs/certs.ts';
import { CERTS_FLAGS } from '../certs/certs-flags.ts';
import { CliError } from '../cli-error.ts';
import { readFlags } from '../flag.ts';
import { XDS_TLS_FLAGS, type XdsTlsConfig } from '../tls-flags.ts';
import { openXdsTls, warnOfPlaintext, type XdsTls } from './xds-tls.ts';

type Line = Readonly<Record<string, unknown>>;

let directory: string;
let opened: XdsTls | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-xds-tls-'));
});

afterEach(async () => {
  opened?.close();
  opened = undefined;
  await rm(directory, { recursive: true, force: true });
});

/** Logs to an array; `next` resolves with the first line after those seen that has the code. */
function recordingLogger(): { logger: Logger; lines: Line[]; next: (code: string) => Promise<Line> } {
  const lines: Line[] = [];
  const seen: Line[] = [];
  let wake = Promise.withResolvers<void>();
  const write = (text: string): void => {
    lines.push(JSON.parse(text) as Line);
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  const next = async (code: string): Promise<Line> => {
    for (;;) {
      const found = lines.find((line) => !seen.includes(line) && (line['code'] ?? line['msg']) === code);
      if (found !== undefined) {
        seen.push(found);
        return found;
      }
      await wake.promise;
    }
  };
  return { logger: pino({ level: 'info', base: null }, { write }), lines, next };
}

async function certificates(days = '365', now = new Date()): Promise<void> {
  await makeCertificates(readFlags(CERTS_FLAGS, { out: [directory], days: [days] }, {}), now);
}

function config(
  files: Readonly<Record<string, string>> = { cert: 'tls.crt', key: 'tls.key', clientCa: 'ca.crt' },
): XdsTlsConfig {
  const given = Object.entries(files).map(([name, file]) => [
    `xdsTls${name[0]?.toUpperCase()}${name.slice(1)}`,
    [join(directory, 'server', file)],
  ]);
  return readFlags(XDS_TLS_FLAGS, Object.fromEntries(given), {});
}

async function refused(run: Promise<unknown>, exitCode: number): Promise<string> {
  let line = '';
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof CliError, `${error}`);
    assert.equal(error.exitCode, exitCode);
    line = `${error.code}: ${error.message}`;
    return true;
  });
  return line;
}

describe('TLS of the xDS port', () => {
  it('is off without files', async () => {
    assert.equal(await openXdsTls(config({}), recordingLogger().logger), undefined);
  });

  for (const files of [
    { cert: 'tls.crt' },
    { cert: 'tls.crt', key: 'tls.key' },
    { clientCa: 'ca.crt' },
  ] as const) {
    it(`takes three files, not only ${Object.keys(files).join(' and ')}`, async () => {
      const line = await refused(openXdsTls(config(files), recordingLogger().logger), 78);
      assert.match(line, /^SLUICE_XDS_TLS_INCOMPLETE: .*--xds-tls-cert.*--xds-tls-key.*--xds-tls-client-ca/);
    });
  }

  it('ends with 66 where a file is missing, with 78 where one is of no use', async () => {
    await certificates();
    const { logger } = recordingLogger();
    const swapped = { cert: 'ca.crt', key: 'tls.key', clientCa: 'ca.crt' };
    assert.match(
      await refused(openXdsTls(config(swapped), logger), 78),
      /^SLUICE_XDS_TLS_UNUSABLE: .*not the key/,
    );
    const missing = { cert: 'tls.crt', key: 'nothing', clientCa: 'ca.crt' };
    assert.match(await refused(openXdsTls(config(missing), logger), 66), /nothing cannot be read/);
  });

  it('follows what "sluice certs" renews, logs what it cannot use, and knows when it expires', async () => {
    await certificates('365');
    const { logger, next } = recordingLogger();
    opened = await openXdsTls(config(), logger);
    assert.ok(opened);
    const before = opened.notAfter();

    await certificates('30');
    await next('SLUICE_XDS_TLS_RELOADED');
    const after = opened.notAfter();
    assert.ok(after < before);

    const path = join(directory, 'server', 'tls.crt');
    await writeFile(`${path}.new`, 'nonsense');
    await rename(`${path}.new`, path);
    const line = await next('SLUICE_XDS_TLS_RELOAD');
    assert.match(String(line['error']), /tls\.crt holds no PEM certificate/);
    assert.equal(line['notAfter'], after.toISOString());
    assert.deepEqual(opened.notAfter(), after);
  });

  it('says loudly that a certificate has expired', async () => {
    await certificates('1', new Date(Date.now() - 10 * 86_400_000));
    const { logger, next } = recordingLogger();
    opened = await openXdsTls(config(), logger);
    assert.equal((await next('SLUICE_XDS_TLS_EXPIRED'))['level'], 50);
  });

  for (const [host, isWarned] of [
    ['127.0.0.1', false],
    ['127.8.0.1', false],
    ['::1', false],
    ['localhost', false],
    ['0.0.0.0', true],
    ['10.0.0.1', true],
    ['127.example.com', true],
    ['::', true],
  ] as const) {
    it(`${isWarned ? 'warns' : 'does not warn'} of plaintext on ${host}`, () => {
      const { logger, lines } = recordingLogger();
      warnOfPlaintext({ host, port: 18_000 }, logger);
      assert.deepEqual(
        lines.map(({ code }) => code),
        isWarned ? ['SLUICE_XDS_PLAINTEXT'] : [],
      );
    });
  }
});
