/**
 * Values in `cases/NAME.yaml`, and what the chart makes of them beside it: `defaults.out.yaml` all of it, the others the objects that
 * differ from those, with a line for each that is missing.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { renderChart } from '../harness/helm.ts';
import type { ApiObject } from '../harness/kubernetes/client.ts';

const DIRECTORY = join(import.meta.dirname, 'cases');

export interface ChartCase {
  readonly name: string;
  /** YAML. */
  readonly values: string;
  /** Path of the golden. */
  readonly golden: string;
}

/** All cases, "defaults" first. */
export async function chartCases(): Promise<readonly ChartCase[]> {
  const files = (await readdir(DIRECTORY)).filter((file) => /^[a-z0-9-]+\.yaml$/.test(file)).sort();
  const names = files.map((file) => file.replace(/\.yaml$/, ''));
  return await Promise.all(
    ['defaults', ...names.filter((name) => name !== 'defaults')].map(async (name) => ({
      name,
      values: await readFile(join(DIRECTORY, `${name}.yaml`), 'utf8'),
      golden: join(DIRECTORY, `${name}.out.yaml`),
    })),
  );
}

export async function orphanedGoldens(cases: readonly ChartCase[]): Promise<readonly string[]> {
  const wanted = new Set(cases.map(({ golden }) => golden));
  const goldens = (await readdir(DIRECTORY)).filter((file) => file.endsWith('.out.yaml'));
  return goldens.map((file) => join(DIRECTORY, file)).filter((path) => !wanted.has(path));
}

/** The golden's text. `defaults` is what the chart makes of no values. */
export async function goldenOf({ name, values }: ChartCase, defaults: readonly ApiObject[]): Promise<string> {
  const objects = await renderChart(values);
  const shown =
    name === 'defaults'
      ? objects
      : objects.filter((object) => !isDeepStrictEqual(object, same(object, defaults)));
  const missing = defaults
    .filter((object) => same(object, objects) === undefined)
    .map(({ kind, metadata }) => `# without ${kind} ${metadata.name}\n`);
  return `${missing.sort().join('')}${shown
    .sort(byName)
    .map((object) => stringify(object, { lineWidth: 0 }))
    .join('---\n')}`;
}

export function identity({ kind, metadata }: ApiObject): string {
  return `${kind} ${metadata.name}`;
}

function same(object: ApiObject, among: readonly ApiObject[]): ApiObject | undefined {
  return among.find((each) => identity(each) === identity(object));
}

function byName(a: ApiObject, b: ApiObject): number {
  return identity(a) < identity(b) ? -1 : 1;
}
