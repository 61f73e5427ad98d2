import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EndpointSubsets } from './endpoint-subset.ts';
import { compareEndpoints, type Endpoint } from './endpoints.ts';

const endpointSubset = (all: readonly Endpoint[], limit: number, seed: string): readonly Endpoint[] =>
  new EndpointSubsets(all).choose(limit, seed);

const endpoint = (index: number): Endpoint => ({
  address: `100.65.${Math.floor(index / 250)}.${index % 250}`,
  port: 6443,
});
const endpointsOf = (indexes: Iterable<number>): Endpoint[] =>
  [...indexes].map(endpoint).sort(compareEndpoints);
const names = (endpoints: readonly Endpoint[]): Set<string> =>
  new Set(endpoints.map(({ address, port }) => `${address}:${port}`));

const indexes = fc.uniqueArray(fc.nat(400), { minLength: 1, maxLength: 60 });
const seed = fc.constantFrom('red/s1/443', 'red/s2/443', 'blue/s1/443');

test('as many as there may be, in order, and all of few', () => {
  fc.assert(
    fc.property(indexes, fc.integer({ min: 1, max: 80 }), seed, (chosen, limit, seed) => {
      const all = endpointsOf(chosen);
      const subset = endpointSubset(all, limit, seed);
      assert.equal(subset.length, Math.min(limit, all.length));
      assert.deepEqual(subset, [...subset].sort(compareEndpoints));
      assert.ok(subset.every((each) => all.includes(each)));
      if (all.length <= limit) assert.equal(subset, all);
    }),
  );
});

test('an endpoint that comes or goes exchanges itself for one other at most', () => {
  fc.assert(
    fc.property(indexes, fc.nat(400), fc.integer({ min: 1, max: 80 }), seed, (chosen, extra, limit, seed) => {
      const without = names(
        endpointSubset(endpointsOf(chosen.filter((index) => index !== extra)), limit, seed),
      );
      const withIt = names(endpointSubset(endpointsOf(new Set([...chosen, extra])), limit, seed));
      const [own] = names([endpoint(extra)]);
      const came = [...withIt].filter((each) => !without.has(each));
      const went = [...without].filter((each) => !withIt.has(each));
      assert.ok(came.length === 0 || (came.length === 1 && came[0] === own), String(came));
      assert.ok(went.length <= came.length, String(went));
    }),
  );
});

test('a larger limit keeps what a smaller one had', () => {
  fc.assert(
    fc.property(indexes, fc.integer({ min: 1, max: 40 }), seed, (chosen, limit, seed) => {
      const all = endpointsOf(chosen);
      const larger = names(endpointSubset(all, limit * 2, seed));
      for (const each of names(endpointSubset(all, limit, seed))) assert.ok(larger.has(each));
    }),
  );
});

test('many sets use all endpoints alike', () => {
  const all = endpointsOf(Array.from({ length: 100 }, (_, index) => index));
  const uses = new Map<string, number>();
  for (let set = 0; set < 1000; set += 1)
    for (const name of names(endpointSubset(all, 10, `tenant/service-${set}/443`)))
      uses.set(name, (uses.get(name) ?? 0) + 1);
  const counts = [...uses.values()];
  assert.equal(counts.length, 100);
  // 100 each on average, with a standard deviation of 9.5.
  assert.ok(Math.min(...counts) > 55 && Math.max(...counts) < 145, counts.join());
});

test('many sets that use two endpoints each use nearly all', () => {
  const all = endpointsOf(Array.from({ length: 250 }, (_, index) => index));
  const subsets = new EndpointSubsets(all);
  const used = new Set<string>();
  for (let set = 0; set < 1000; set += 1)
    for (const name of names(subsets.choose(2, `TLSRoute/red/r${set}`))) used.add(name);
  // Each is used eight times on average.
  assert.ok(used.size > 240, String(used.size));
});
