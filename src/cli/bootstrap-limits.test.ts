/** Envoy's limits follow those of its container. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { envoyLimits, fileDescriptors } from './bootstrap-limits.ts';

const GIB = 1024 ** 3;

describe("Envoy's limits", () => {
  it('are those that are given', () => {
    const limits = envoyLimits({ maxHeapBytes: GIB, maxConnections: 500, memoryLimitBytes: 8 * GIB }, 20_000);
    assert.deepEqual(limits, { maxHeapBytes: GIB, maxConnections: 500, descriptors: 20_000, warnings: [] });
  });

  it('are fixed where nothing is known', () => {
    assert.deepEqual(envoyLimits({}), {
      maxHeapBytes: 2 * GIB,
      maxConnections: 100_000,
      descriptors: undefined,
      warnings: [],
    });
  });

  it('leave a third of the memory to what is no heap', () => {
    assert.equal(envoyLimits({ memoryLimitBytes: 3 * GIB }).maxHeapBytes, 2 * GIB);
  });

  it('take some two descriptors for each connection, and say so where that is fewer than wanted', () => {
    for (const [descriptors, connections] of [
      [1_048_576, 100_000],
      [220_256, 100_000],
      [220_254, 99_999],
      [20_000, 8_974],
      [1_024, 349],
      [64, 21],
      [1, 1],
    ] as const) {
      const { maxConnections, warnings } = envoyLimits({}, descriptors);
      assert.equal(maxConnections, connections);
      assert.equal(warnings.length, connections < 100_000 ? 1 : 0);
    }
    assert.match(
      envoyLimits({}, 20_000).warnings[0] ?? '',
      /20000 files.*room for 8974 .*not 100000; .*LimitNOFILE/,
    );
  });

  it('never overrule what is given, for Envoy may run elsewhere', () => {
    const { maxConnections, warnings } = envoyLimits({ maxConnections: 600 }, 1_024);
    assert.equal(maxConnections, 600);
    assert.match(warnings[0] ?? '', /room for 349 connections: --max-connections 600 is more/);
  });
});

describe('the descriptors of a process', () => {
  it('are those of this one, where the kernel tells', { skip: process.platform !== 'linux' }, () => {
    const descriptors = fileDescriptors();
    assert.ok(descriptors === undefined || descriptors >= 64, String(descriptors));
  });

  it('count by the hard limit; where there is none, or nothing can be read, they are unknown', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-limits-'));
    try {
      const path = join(directory, 'limits');
      const line = (hard: string) =>
        `Max open files            1024                 ${hard.padEnd(21)}files     \n`;
      await writeFile(
        path,
        `Max cpu time              unlimited            unlimited            seconds   \n${line('4096')}`,
      );
      assert.equal(fileDescriptors(path), 4096);
      await writeFile(path, line('unlimited'));
      assert.equal(fileDescriptors(path), undefined);
      assert.equal(fileDescriptors(join(directory, 'none')), undefined);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
