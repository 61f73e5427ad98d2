/**
 * Sluice judges manifests as a real kube-apiserver does, with the CRDs of both channels. A small sample; more of them:
 * `npm run test:admission -- --runs 5000`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { documents } from '../harness/kubernetes/client.ts';
import { SCENARIOS } from '../scenarios/scenario.ts';
import { arbitraryManifest } from './arbitrary-manifest.ts';
import { BASES } from './bases.ts';
import { compareAll, isDisagreement, startJudge } from './compare.ts';

const RUNS = 300;
const SEED = 20_261;

describe('verdicts on manifests near the edges of the CRDs', () => {
  const bases = Object.values(BASES).flat();
  const scenario = join(SCENARIOS, 'refused-by-api-server/in/refused.yaml');
  const refused = documents(readFileSync(scenario, 'utf8'));
  const manifests = [...bases, ...refused, ...fc.sample(arbitraryManifest(), { numRuns: RUNS, seed: SEED })];
  for (const channel of ['standard', 'experimental'] as const) {
    it(`are those of a kube-apiserver with the ${channel} channel`, { timeout: 180_000 }, async (t) => {
      const cluster = await startJudge(channel);
      t.after(() => cluster.stop());
      const compared = await compareAll(cluster, channel, manifests);
      assert.deepEqual(compared.filter(isDisagreement), []);
      for (const { manifest, server } of compared.slice(bases.length, bases.length + refused.length))
        assert.notEqual(server, undefined, JSON.stringify(manifest));
      const taken = compared.filter(({ server }) => server === undefined).length;
      assert.ok(taken > manifests.length / 5, 'enough of them are taken');
      assert.ok(taken < (manifests.length * 4) / 5, 'enough of them are refused');
    });
  }
});
