import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeClientHello } from '../../test/harness/client-hello.ts';
import { sampleHosts } from './probe.ts';
import { PROBE_MARK, PROBE_MARK_OFFSET } from './probe-mark.ts';

test('sampled hosts begin with those that come last in any order, and are few', () => {
  const hosts = sampleHosts(20_000);
  // By number; by namespace and name as an API server lists them; and the first.
  assert.deepEqual(hosts.slice(0, 3), [
    'cluster-19999.stage.example.com',
    'cluster-9999.stage.example.com',
    'cluster-0.stage.example.com',
  ]);
  assert.equal(new Set(hosts).size, hosts.length);
  assert.ok(hosts.length <= 70);
  assert.deepEqual(sampleHosts(1), ['cluster-0.stage.example.com']);
});

test('the mark of a probe stands in the random bytes of its ClientHello', () => {
  const hellos = [encodeClientHello({ serverName: 'a' }), encodeClientHello({ serverName: 'a' })];
  const [first, second] = hellos.map((hello) =>
    hello.subarray(PROBE_MARK_OFFSET, PROBE_MARK_OFFSET + PROBE_MARK.length),
  );
  assert.notDeepEqual(first, second);
  // Everything before it is the same in all: headers and version.
  const heads = hellos.map((hello) => hello.subarray(0, PROBE_MARK_OFFSET));
  assert.deepEqual(heads[0], heads[1]);
});
