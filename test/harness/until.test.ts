import assert from 'node:assert/strict';
import test from 'node:test';
import { until } from './until.ts';

test('asks until the condition holds, and not once more', async () => {
  let asked = 0;
  await until(() => ++asked === 3, { what: 'third time', intervalMs: 1 });
  assert.equal(asked, 3);
});

test('says what was awaited, and for how long, when it does not come', async () => {
  await assert.rejects(
    until(async () => false, { what: 'cluster of tenant 7', timeoutMs: 20 }),
    {
      message: 'cluster of tenant 7: not within 20 ms',
    },
  );
});

test('passes on what the condition throws', async () => {
  const failing = () => Promise.reject(new Error('admin interface is gone'));
  await assert.rejects(until(failing, { what: 'ready' }), { message: 'admin interface is gone' });
});
