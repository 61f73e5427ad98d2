import assert from 'node:assert/strict';
import test from 'node:test';
import { distance, nearest } from './spelling.ts';

test('a typing error, a plural or singular, and the beginning of a name lead to the name', () => {
  const names = ['hostnames', 'parentRefs', 'rules', 'backendRefs', 'gatewayClassName', 'port', 'name'];
  const cases = [
    ['hostname', 'hostnames'],
    ['hosts', 'hostnames'],
    ['HostNames', 'hostnames'],
    ['parentRef', 'parentRefs'],
    ['parents', 'parentRefs'],
    ['backends', 'backendRefs'],
    ['bakendRefs', 'backendRefs'],
    ['gatewayClass', 'gatewayClassName'],
    ['rule', 'rules'],
    ['prot', undefined],
    ['filters', undefined],
    ['', undefined],
  ] as const;
  for (const [written, meant] of cases) assert.equal(nearest(written, names), meant, written);
});

test('of several names the nearest counts', () => {
  assert.equal(nearest('ports', ['portRange', 'port', 'parts']), 'port');
});

test('the distance is that of Levenshtein, and texts of very different length are just far', () => {
  assert.equal(distance('kitten', 'sitting'), 3);
  assert.equal(distance('same', 'same'), 0);
  assert.equal(distance('a', 'abcdef'), Number.POSITIVE_INFINITY);
});
