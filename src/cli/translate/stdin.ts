import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { buffer } from 'node:stream/consumers';

/** Lends a folder with what comes on stdin as its one file, `stdin.yaml`: the same reader, and the same messages, as for files. */
export async function withStdin<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-stdin-'));
  try {
    await writeFile(join(folder, 'stdin.yaml'), await buffer(process.stdin), { mode: 0o600 });
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
