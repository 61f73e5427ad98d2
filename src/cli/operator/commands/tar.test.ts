import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { it } from 'node:test';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { type ArchivedFile, tarGz } from './tar.ts';

interface Entry extends ArchivedFile {
  readonly mode: number | undefined;
  readonly at: string | undefined;
}

/** As another program reads it, which checks the sums. */
async function entriesOf(archive: Buffer): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  const reader = extract();
  reader.on('entry', (header, stream, next) => {
    const parts: Buffer[] = [];
    stream.on('data', (part) => parts.push(part as Buffer));
    stream.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      found.push({ name: header.name, text, mode: header.mode, at: header.mtime?.toISOString() });
      next();
    });
  });
  await pipeline(Readable.from([archive]), createGunzip(), reader);
  return found;
}

it('an archive has its files as they were, whatever their lengths', async () => {
  const files = [0, 1, 511, 512, 513, 300_000].map((length) => ({
    name: `replica-0/${length}.txt`,
    text: 'x'.repeat(length),
  }));
  const umlauts = { name: `${'n'.repeat(96)}.txt`, text: 'Größe: 5 µs 🙂\n' };
  const at = '2026-11-28T12:00:00.000Z';
  const entries = await entriesOf(tarGz([...files, umlauts], new Date(at)));
  assert.deepEqual(
    entries,
    [...files, umlauts].map((file) => ({ ...file, mode: 0o644, at })),
  );
});

it('an archive without files is one', async () => {
  assert.deepEqual(await entriesOf(tarGz([], new Date())), []);
});
