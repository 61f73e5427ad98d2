/** `npm run golden` for the chart: rewrites what its values give, and removes goldens that nothing gives any more. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import process from 'node:process';
import { renderChart } from '../harness/helm.ts';
import { chartCases, goldenOf, orphanedGoldens } from './cases.ts';

const say = (what: string, path: string) =>
  process.stdout.write(`${what} ${relative(process.cwd(), path)}\n`);

const cases = await chartCases();
const defaults = await renderChart();
for (const each of cases) {
  const text = await goldenOf(each, defaults);
  const before = await readFile(each.golden, 'utf8').catch(() => undefined);
  if (before === text) continue;
  await writeFile(each.golden, text);
  say(before === undefined ? 'new    ' : 'changed', each.golden);
}
for (const path of await orphanedGoldens(cases)) {
  await rm(path);
  say('removed', path);
}
process.stdout.write(`${cases.length} values of the chart\n`);
