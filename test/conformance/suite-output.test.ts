import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SuiteOutput, type SuiteResult } from './suite-output.ts';

function read(text: string): { results: SuiteResult[]; output: SuiteOutput } {
  const output = new SuiteOutput();
  const results = text.split('\n').flatMap((line) => output.line(line) ?? []);
  return { results, output };
}

test('a conformance test is told once, its subtests are part of it', () => {
  const { results } = read(`=== RUN   TestConformance
=== RUN   TestConformance/TLSRouteSimple
=== RUN   TestConformance/TLSRouteSimple/Some_request
    --- PASS: TestConformance/TLSRouteSimple (1.50s)
        --- PASS: TestConformance/TLSRouteSimple/Some_request (0.50s)
--- PASS: TestConformance (2.00s)
PASS`);
  assert.deepEqual(
    results.map(({ name, outcome, seconds }) => [name, outcome, seconds]),
    [['TLSRouteSimple', 'PASS', 1.5]],
  );
});

test('what tests say that run at the same time is told apart', () => {
  const { results, output } = read(`=== RUN   TestConformance
    suite.go:1: setting up
=== RUN   TestConformance/A
=== PAUSE TestConformance/A
=== RUN   TestConformance/B
=== PAUSE TestConformance/B
=== CONT  TestConformance/A
    a.go:1: from A
=== NAME  TestConformance/B
    b.go:1: from B
=== NAME  TestConformance/A/sub
    a.go:2: from A again
    --- FAIL: TestConformance/A (1.00s)
        --- FAIL: TestConformance/A/sub (1.00s)
    --- SKIP: TestConformance/B (0.00s)`);
  assert.deepEqual(
    results.map(({ name, outcome, log }) => [name, outcome, log]),
    [
      [
        'A',
        'FAIL',
        ['    a.go:1: from A', '    a.go:2: from A again', '        --- FAIL: TestConformance/A/sub (1.00s)'],
      ],
      ['B', 'SKIP', ['    b.go:1: from B']],
    ],
  );
  assert.deepEqual(output.setup, ['    suite.go:1: setting up']);
});
