/** A directory of manifests for the tests of this folder, and a sink that can be waited on. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ObjectEvent, Source, SourceProblem, SourceSink } from '../../model/events.ts';
import { refOf } from '../../model/events.ts';
import { objectKey } from '../../model/key.ts';
import type { KubernetesObject, ObjectOfKind } from '../../model/objects.ts';
import type { DirectorySourceOptions } from './directory-source.ts';
import { createDirectorySource } from './directory-source.ts';

/** What a source has said so far. */
export class World implements SourceSink {
  readonly objects = new Map<string, KubernetesObject>();
  readonly batches: (readonly ObjectEvent[])[] = [];
  problemList: readonly SourceProblem[] = [];
  syncs = 0;
  readonly #waiting = new Set<() => void>();

  apply(events: readonly ObjectEvent[]): void {
    this.batches.push(events);
    for (const event of events) {
      if (event.type === 'upsert') this.objects.set(objectKey(refOf(event.object)), event.object);
      else this.objects.delete(objectKey(event.ref));
    }
    this.#wake();
  }

  problems(problems: readonly SourceProblem[]): void {
    this.problemList = problems;
    this.#wake();
  }

  synced(): void {
    this.syncs += 1;
    this.#wake();
  }

  /** Resolves once the condition holds; it is looked at whenever the source says something. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  async untilProblem(code: string): Promise<SourceProblem> {
    await this.until(() => this.problemList.some((problem) => problem.code === code));
    return this.problemList.find((problem) => problem.code === code) as SourceProblem;
  }

  has(key: string): boolean {
    return this.objects.has(key);
  }

  /** The ports of Service `default/<name>`; empty where there is none. */
  portsOf(name: string): readonly number[] {
    const service = this.objects.get(`Service/default/${name}`) as ObjectOfKind<'Service'> | undefined;
    return service?.ports.map(({ port }) => port) ?? [];
  }

  /** How many events have concerned this object. */
  eventsOf(key: string): number {
    return this.batches
      .flat()
      .filter((event) => objectKey(event.type === 'upsert' ? refOf(event.object) : event.ref) === key).length;
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

export type Files = Readonly<Record<string, string>>;

export async function write(root: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

/** A directory that is removed with the test. */
export async function directoryOf(context: TestContext, files: Files = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-manifests-'));
  context.after(() => rm(root, { recursive: true, force: true }));
  await write(root, files);
  return root;
}

/** A source that has read the directory, and is stopped with the test. */
export async function following(
  context: TestContext,
  path: string,
  options: Partial<DirectorySourceOptions> = {},
): Promise<{ readonly world: World; readonly source: Source }> {
  const world = new World();
  const source = createDirectorySource({ path, settleMs: 20, ...options });
  context.after(() => source.stop());
  await source.start(world);
  await world.until(() => world.syncs > 0);
  return { world, source };
}

export function serviceManifest(name: string, port: number | string = 443): string {
  return [
    'apiVersion: v1',
    'kind: Service',
    `metadata: {name: ${name}}`,
    `spec: {ports: [{port: ${port}}]}`,
    '',
  ].join('\n');
}

export function documents(...manifests: readonly string[]): string {
  return manifests.join('---\n');
}
