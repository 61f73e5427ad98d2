/** `npm run test:admission -- --runs N [--seed S] [--kind K]`: how often Sluice judges manifests as a real kube-apiserver does. */
import process from 'node:process';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { arbitraryManifest } from './arbitrary-manifest.ts';
import { type Comparison, compareAll, isDisagreement, startJudge } from './compare.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    kind: { type: 'string', multiple: true },
  },
});
const runs = Number(values.runs);
const seed = Number(values.seed);
/** Disagreements that are printed; the count is of all. */
const MAX_SHOWN = 40;

const manifests = fc.sample(arbitraryManifest(values.kind), { numRuns: runs, seed });
process.stdout.write(`${runs} manifests, --seed ${seed}\n`);
let disagreements = 0;
for (const channel of ['standard', 'experimental'] as const) {
  const cluster = await startJudge(channel);
  try {
    const compared = await compareAll(cluster, channel, manifests);
    const bad = compared.filter(isDisagreement);
    disagreements += bad.length;
    process.stdout.write(summary(channel, compared));
    for (const { manifest, server, own } of bad.slice(0, MAX_SHOWN)) {
      process.stdout.write(
        `${JSON.stringify(manifest)}\n  server: ${server?.slice(0, 400) ?? 'taken'}\n  Sluice: ${own ?? 'taken'}\n`,
      );
    }
  } finally {
    await cluster.stop();
  }
}
process.exitCode = disagreements === 0 ? 0 : 1;

function summary(channel: string, compared: readonly Comparison[]): string {
  const refused = compared.filter(({ server }) => server !== undefined).length;
  const known = Map.groupBy(
    compared.filter(({ known }) => known !== undefined),
    ({ known }) => known?.name ?? '',
  );
  const bad = compared.filter(isDisagreement).length;
  const agreed = compared.length - bad - [...known.values()].flat().length;
  const share = ((agreed / compared.length) * 100).toFixed(2);
  const lines = [
    `${channel} channel: ${agreed} of ${compared.length} verdicts agree (${share} %), ${refused} of them refusals`,
    ...[...known].map(([name, all]) => `  ${all.length} differ as documented: ${name}`),
    `  ${bad} disagree`,
  ];
  return `${lines.join('\n')}\n`;
}
