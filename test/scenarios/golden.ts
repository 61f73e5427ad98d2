/** `npm run golden`: rewrites what the scenarios give, and removes goldens that nothing gives any more. */
import '../../scripts/require-node.mjs';

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { isIndexListenerGolden, rewriteIndexListener } from './index-listener/index-listener.ts';
import { play } from './play.ts';
import { orphans, readScenarios, SCENARIOS } from './scenario.ts';
import { rewriteTroubleshooting } from './troubleshooting/table.ts';

const { values } = parseArgs({
  options: { 'accept-draining-every-connection': { type: 'boolean', default: false } },
});

const say = (what: string, path: string) =>
  process.stdout.write(`${what} ${relative(process.cwd(), path)}\n`);

const scenarios = await readScenarios();
let goldens = 0;
for (const scenario of scenarios) {
  for await (const { step, text } of play(scenario)) {
    const path = join(scenario.directory, step.golden);
    const before = await readFile(path, 'utf8').catch(() => undefined);
    goldens += 1;
    if (before === text) continue;
    await writeFile(path, text);
    say(before === undefined ? 'new    ' : 'changed', path);
  }
}
for (const path of await orphans(SCENARIOS, scenarios)) {
  await rm(path);
  say('removed', path);
}
if (await rewriteTroubleshooting()) say('changed', 'docs/troubleshooting.md');
if (values['accept-draining-every-connection']) {
  for (const path of await rewriteIndexListener()) say('changed', path);
} else if (!(await isIndexListenerGolden())) {
  process.stderr.write(
    'test/scenarios/index-listener differs and was left alone: see test/scenarios/index-listener/README.md\n',
  );
  process.exitCode = 1;
}
process.stdout.write(`${scenarios.length} scenarios, ${goldens} goldens\n`);
