/** A scenario: manifests that go in, step by step, and what is expected to come out. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

export const SCENARIOS = import.meta.dirname;
const REPOSITORY = join(SCENARIOS, '..', '..');

/** What a file of a step ends with that removes the manifest before it: `wildcard.yaml.deleted`. */
const DELETED = '.deleted';

/** `scenario.yaml`. */
const Description = z.strictObject({
  /** What the scenario shows, in a sentence; goes to the head of its goldens. */
  about: z.string().min(1),
  /** As on the command line of `sluice translate`. */
  flags: z.array(z.string()).default([]),
  /** Manifests from elsewhere in the repository that belong to the first step. */
  files: z.array(z.string()).default([]),
});

export interface Step {
  /** Of the golden, in the directory of the scenario. */
  readonly golden: string;
  /** By file name: the content that is new, or `undefined` for a file that goes. */
  readonly files: ReadonlyMap<string, string | undefined>;
}

export interface Scenario {
  readonly name: string;
  readonly directory: string;
  readonly about: string;
  readonly flags: readonly string[];
  /** At least one. Each changes what the one before left. */
  readonly steps: readonly Step[];
}

/** Every directory in `root` with a `scenario.yaml`, by name. */
export async function readScenarios(root = SCENARIOS): Promise<readonly Scenario[]> {
  const scenarios: Scenario[] = [];
  for (const name of await directoriesIn(root)) {
    if ((await readdir(join(root, name))).includes('scenario.yaml')) {
      scenarios.push(await readScenario(root, name));
    }
  }
  return scenarios;
}

export async function readScenario(root: string, name: string): Promise<Scenario> {
  const directory = join(root, name);
  const description: unknown = parse(await readFile(join(directory, 'scenario.yaml'), 'utf8'));
  const { about, flags, files } = Description.parse(description);
  const manifests = join(directory, 'in');
  const hasOwn = (await readdir(directory)).includes('in');
  const numbered = hasOwn ? await directoriesIn(manifests) : [];
  const [first, ...later]: Step[] =
    numbered.length === 0
      ? [{ golden: 'out.yaml', files: hasOwn ? await readFiles(manifests) : new Map() }]
      : await Promise.all(
          numbered.map(async (step) => ({
            golden: `${step.slice(0, 2)}-out.yaml`,
            files: await readFiles(join(manifests, step)),
          })),
        );
  if (first === undefined) throw new Error(`${directory}: no step`);
  const others = await Promise.all(
    files.map(async (file) => [basename(file), await readFile(join(REPOSITORY, file), 'utf8')] as const),
  );
  const steps = [{ ...first, files: new Map([...others, ...first.files]) }, ...later];
  return { name, directory, about, flags, steps };
}

/** Goldens that no step of any scenario gives, as paths. */
export async function orphans(root: string, scenarios: readonly Scenario[]): Promise<readonly string[]> {
  const expected = new Set(
    scenarios.flatMap(({ directory, steps }) => steps.map(({ golden }) => join(directory, golden))),
  );
  const found: string[] = [];
  for (const name of await directoriesIn(root)) {
    for (const file of await readdir(join(root, name))) {
      const path = join(root, name, file);
      if (/^(?:\d\d-)?out\.yaml$/.test(file) && !expected.has(path)) found.push(path);
    }
  }
  return found;
}

async function readFiles(directory: string): Promise<Map<string, string | undefined>> {
  const files = new Map<string, string | undefined>();
  for (const name of (await readdir(directory)).sort()) {
    if (name.endsWith(DELETED)) files.set(name.slice(0, -DELETED.length), undefined);
    else files.set(name, await readFile(join(directory, name), 'utf8'));
  }
  return files;
}

async function directoriesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}
