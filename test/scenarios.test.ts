/** Manifests in, Envoy resources and conditions out: `test/scenarios`, one directory each. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { play } from './scenarios/play.ts';
import { orphans, readScenarios, SCENARIOS } from './scenarios/scenario.ts';
import { envoyRefuses, readResources } from './scenarios/validate.ts';

const scenarios = await readScenarios();

// A difference that is meant: "npm run golden", and look at what it has written.
describe('golden scenarios', () => {
  for (const scenario of scenarios) {
    it(scenario.name, async (context) => {
      for await (const { step, text } of play(scenario)) {
        const golden = await readFile(join(scenario.directory, step.golden), 'utf8').catch(() => '');
        await context.test(step.golden, () => assert.equal(text, golden));
      }
    });
  }

  it('are all of a scenario that is there', async () => {
    assert.deepEqual(await orphans(SCENARIOS, scenarios), [], 'npm run golden removes them');
  });

  it('are taken by a real Envoy', async () => {
    const paths = scenarios.flatMap(({ directory, steps }) =>
      steps.map(({ golden }) => join(directory, golden)),
    );
    const goldens = await Promise.all(paths.map(readResources));
    if ((await envoyRefuses(goldens)) === undefined) return;
    for (const [index, golden] of goldens.entries()) {
      assert.equal(await envoyRefuses([golden]), undefined, paths[index]);
    }
  });
});
