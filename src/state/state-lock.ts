import { randomUUID } from 'node:crypto';
import { readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../kubernetes-api/clock.ts';

/** How often a holder shows that it lives, in milliseconds. */
export const BEAT_MS = 5_000;
/** Who has not shown for so long that it lives does not, in milliseconds. */
const STALE_MS = 4 * BEAT_MS;

export type Holding =
  | { readonly type: 'held' }
  /** Nobody can tell yet whether who holds it lives. */
  | { readonly type: 'waiting' }
  | { readonly type: 'taken'; readonly by: string };

/**
 * Who may write in a folder: one Sluice at a time. A file that its holder touches every 5 s; one that has not changed for 20 s, by the
 * clock of who looks, was left behind. Should two hold it for a moment, each sees it within 5 s; both have written whole states meanwhile.
 */
export class StateLock {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #content: string;
  #isHeld = false;
  /** What was seen of another's, and since when. */
  #seen: { readonly text: string; readonly since: number; readonly beats: number } | undefined;

  constructor(folder: string, clock: Clock) {
    this.#path = join(folder, 'lock');
    this.#clock = clock;
    this.#content = `${JSON.stringify({ host: hostname(), pid: process.pid, id: randomUUID() })}\n`;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Takes the lock, or shows that its holder lives; to be called every `BEAT_MS`. Rejects where the folder cannot be written to. */
  async beat(): Promise<Holding> {
    const found = await this.#find();
    if (typeof found === 'object') {
      this.#isHeld = false;
      const now = this.#clock.now();
      const text = `${found.content}${found.mtimeMs}`;
      if (this.#seen?.text !== text) this.#seen = { text, since: now, beats: (this.#seen?.beats ?? -1) + 1 };
      if (now - this.#seen.since < STALE_MS)
        return this.#seen.beats > 0 ? { type: 'taken', by: found.content.trim() } : { type: 'waiting' };
    }
    this.#seen = undefined;
    if (found === 'ours') await utimes(this.#path, new Date(), new Date());
    else await this.#take();
    this.#isHeld = true;
    return { type: 'held' };
  }

  /** Another may take it at once. Never rejects. */
  async release(): Promise<void> {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if ((await this.#find().catch(() => 'nobody')) === 'ours') await unlink(this.#path).catch(() => {});
  }

  async #take(): Promise<void> {
    const temporary = `${this.#path}.${process.pid}.state.tmp`;
    await writeFile(temporary, this.#content, { mode: 0o600 });
    await rename(temporary, this.#path);
  }

  /** Whose the file is; what it says where it is another's. */
  async #find(): Promise<'nobody' | 'ours' | { readonly content: string; readonly mtimeMs: number }> {
    try {
      const content = await readFile(this.#path, 'utf8');
      return content === this.#content ? 'ours' : { content, mtimeMs: (await stat(this.#path)).mtimeMs };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'nobody';
      throw error;
    }
  }
}
