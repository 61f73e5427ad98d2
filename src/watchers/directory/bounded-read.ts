import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, stat } from 'node:fs/promises';

/** What was read, and what the file was when the reading began. */
export interface FileBytes {
  readonly stats: BigIntStats;
  /** `undefined` where there are more than `limit`. */
  readonly bytes: Uint8Array | undefined;
}

/** Longest that one file may take, in milliseconds: others wait for it. */
const READ_MS = 5000;
/**
 * How many readings may hang. Each takes one of the few threads (four by default) that all access to files shares, and
 * nothing gives it back before the file system answers.
 */
const MAX_HANGING = 2;
const CHUNK_BYTES = 1024 * 1024;

/** Readings that took too long and have not ended, by path. */
const hanging = new Set<string>();

/**
 * Reads a regular file of at most `limit` bytes, however it changes meanwhile. Throws for all else that may have its
 * name, and for a file that does not answer in time: a FIFO or a device would keep the reader for as long as it likes.
 * `inspect` may throw for a file that is open and must not be read.
 */
export async function readBounded(
  path: string,
  limit: number,
  inspect: (handle: FileHandle) => Promise<void>,
  timeoutMs: number = READ_MS,
): Promise<FileBytes> {
  if (hanging.has(path)) throw new Error('it still does not answer');
  if (hanging.size >= MAX_HANGING) throw new Error(`${hanging.size} other files do not answer`);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), timeoutMs);
  });
  const reading = readRegular(path, limit, inspect);
  try {
    const result = await Promise.race([reading, late]);
    if (result !== 'late') return result;
  } finally {
    clearTimeout(timer);
  }
  hanging.add(path);
  const ended = () => hanging.delete(path);
  reading.then(ended, ended);
  throw new Error(`it does not answer within ${timeoutMs / 1000} s`);
}

async function readRegular(
  path: string,
  limit: number,
  inspect: (handle: FileHandle) => Promise<void>,
): Promise<FileBytes> {
  // Opening a device may do something to it already.
  refuseSpecial(await stat(path, { bigint: true }));
  // It may be a FIFO by now: opened without O_NONBLOCK, that waits for somebody who writes.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = await handle.stat({ bigint: true });
    refuseSpecial(stats);
    await inspect(handle);
    return { stats, bytes: stats.size > limit ? undefined : await readUpTo(handle, limit) };
  } finally {
    await handle.close();
  }
}

function refuseSpecial(stats: BigIntStats): void {
  if (!stats.isFile()) throw new Error('it is no regular file');
}

/** To the end, wherever that is by then; `undefined` where it is beyond the limit. */
async function readUpTo(handle: FileHandle, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size <= limit) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, limit + 1 - size));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) return Buffer.concat(chunks, size);
    chunks.push(bytesRead === chunk.length ? chunk : Buffer.from(chunk.subarray(0, bytesRead)));
    size += bytesRead;
  }
  return undefined;
}
