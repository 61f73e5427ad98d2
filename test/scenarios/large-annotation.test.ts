/** Manifests come with annotations of any size. Made here, so that no such file is stored. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import type { SourceProblem } from '../../src/model/events.ts';
import { refOf } from '../../src/model/events.ts';
import { objectKey } from '../../src/model/key.ts';
import { KINDS } from '../../src/model/kinds.ts';
import type { Engine } from '../../src/snapshot/engine/engine.ts';
import { play } from './play.ts';
import { readScenario, SCENARIOS, type Scenario } from './scenario.ts';

/** An API server takes 256 KiB of annotations, with their names. */
const LARGE = 'x'.repeat(250 * 1024);
const MEGABYTE = 'x'.repeat(1024 * 1024);
const UNREAD = 'kubectl.kubernetes.io/last-applied-configuration';

type Metadata = { annotations?: Record<string, string> };

/** The scenario with annotations added to every object. */
function annotated(scenario: Scenario, annotations: Readonly<Record<string, string>>): Scenario {
  const add = (text: string) =>
    parseAllDocuments(text)
      .map((document) => document.toJS() as { metadata: Metadata })
      .map((object) => {
        const metadata = {
          ...object.metadata,
          annotations: { ...object.metadata.annotations, ...annotations },
        };
        return stringify({ ...object, metadata });
      })
      .join('---\n');
  const steps = scenario.steps.map(({ golden, files }) => ({
    golden,
    files: new Map([...files].map(([name, text]) => [name, text && add(text)])),
  }));
  return { ...scenario, steps };
}

async function played(
  scenario: Scenario,
): Promise<{ text: string; engine: Engine; problems: readonly SourceProblem[] }> {
  for await (const result of play(scenario)) return result;
  throw new Error('no step');
}

describe('a large annotation on every object', async () => {
  const scenario = await readScenario(SCENARIOS, 'vcluster');
  const golden = await readFile(join(scenario.directory, 'out.yaml'), 'utf8');

  it('is dropped at the door where it means nothing to Sluice', async () => {
    const { text, engine } = await played(annotated(scenario, { [UNREAD]: LARGE }));
    assert.equal(text, golden);
    for (const object of KINDS.flatMap((kind) => [...engine.world.all(kind)])) {
      assert.ok(JSON.stringify(object).length < 4_096, objectKey(refOf(object)));
    }
  });

  it('is refused with a short message where Sluice reads it', async () => {
    const { engine, problems } = await played(annotated(scenario, { 'sluice.dev/max-connections': LARGE }));
    const routes = ['Ingress vcluster-dev/dev', 'TLSRoute vcluster-prod/prod'];
    const refused = problems.filter(({ code }) => code !== 'SLUICE_ANNOTATION_UNKNOWN');
    assert.deepEqual(
      refused.map(({ code, object }) => `${code} ${object?.kind} ${object?.namespace}/${object?.name}`),
      routes.map((route) => `SLUICE_OBJECT_INVALID ${route}`),
    );
    for (const { message } of problems) assert.ok(message.length < 300);
    for (const { message } of refused) {
      assert.match(
        message,
        /metadata\.annotations\["sluice\.dev\/max-connections"\] must have at most 1024 characters/,
      );
    }
    assert.equal([...engine.routes()].length, 0);
  });

  it('is refused with a short message where no API server takes it', async () => {
    const { engine, problems } = await played(annotated(scenario, { [UNREAD]: MEGABYTE }));
    assert.ok(problems.length > 3);
    for (const { code, message } of problems) {
      assert.equal(code, 'SLUICE_OBJECT_INVALID');
      assert.match(message, /: metadata\.annotations must have at most 262144 bytes, not \d+\.$/);
    }
    assert.equal([...engine.routes()].length, 0);
  });
});
