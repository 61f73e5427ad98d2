import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { limitsOf } from '../../xds/node-identity.ts';
import { logNodeProblems, nodeProblems } from './node-limits.ts';

function reasons(maxConnections: number, descriptors: number | undefined): readonly string[] {
  return nodeProblems({ limits: { maxConnections, descriptors } }, 10_000).map(({ reason }) => reason);
}

test('an Envoy with room for its connections has no problem, nor one that does not say', () => {
  assert.deepEqual(reasons(100_000, 1_048_576), []);
  assert.deepEqual(reasons(100_000, undefined), []);
  assert.deepEqual(nodeProblems({}, 10_000), []);
});

test('fewer descriptors than connections, and a namespace that takes most of them, are told', () => {
  assert.deepEqual(reasons(100_000, 20_000), ['TooFewDescriptors']);
  assert.deepEqual(reasons(8_974, 20_000), ['NamespaceTakesMost']);
  assert.deepEqual(reasons(1_000, 1_024), ['TooFewDescriptors', 'NamespaceTakesMost']);
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  const limits = { maxConnections: 1_000, descriptors: 1_024 };
  logNodeProblems({ id: 'gw-1', version: '', peer: '', limits }, 100, logger);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /SLUICE_ENVOY_LIMITS.*gw-1.*1024 files.*room for 349 connections/);
});

test('what an Envoy says of itself is a number, or nothing', () => {
  const metadata = (connections: object, descriptors: object) => ({
    fields: { 'sluice.dev/max-connections': connections, 'sluice.dev/descriptors': descriptors },
  });
  assert.deepEqual(limitsOf(metadata({ numberValue: 7 }, { numberValue: 64 })), {
    maxConnections: 7,
    descriptors: 64,
  });
  for (const nonsense of [
    {},
    { numberValue: 0 },
    { numberValue: Number.NaN },
    { numberValue: 1.5 },
    { stringValue: '7' },
  ])
    assert.equal(limitsOf(metadata(nonsense, { numberValue: 64 })), undefined);
  assert.equal(limitsOf(undefined), undefined);
});
