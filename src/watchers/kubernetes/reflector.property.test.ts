/** The law of the reflector: whatever happens on the way, in the end the sink has what the server has. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../../kubernetes-api/test-clock.ts';
import { createKubernetesSource } from './kubernetes-source.ts';
import { PlayedApi } from './test-played-api.ts';
import { RecordingLogger, RecordingSink } from './test-sink.ts';
import { kubeconfigOf, rawService, SERVICES, watchedKinds } from './test-source.ts';

type Step =
  | { readonly do: 'put' | 'delete'; readonly name: string }
  | { readonly do: 'break'; readonly name: string }
  /** The object goes while the source is cut off, and so does the server's memory of it. */
  | { readonly do: 'lapse'; readonly name: string }
  | { readonly do: 'bookmark' | 'compact' | 'end' | 'cut' | 'torn' }
  | { readonly do: 'refuse'; readonly code: number }
  /** Lets the sockets work for so many turns of the event loop, each of which takes some time. */
  | { readonly do: 'wait'; readonly turns: number };

const names = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('put', 'delete'), name: names }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('break', 'lapse'), name: names }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('bookmark', 'compact', 'end', 'cut', 'torn') }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('refuse'), code: fc.constantFrom(410, 429, 500, 404) }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('wait'), turns: fc.integer({ min: 1, max: 30 }) }) },
  ) as fc.Arbitrary<Step>,
  { maxLength: 60 },
);

const TURNS_TO_SETTLE = 4000;
const TURN_MS = 25;

async function turns(clock: ManualClock, count: number, until: () => boolean = () => false): Promise<void> {
  for (let turn = 0; turn < count && !until(); turn += 1) {
    clock.advance(TURN_MS);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** `name port` of every Service that the sink holds; each change gives another port. */
function held(sink: RecordingSink): string[] {
  return [...sink.objects.values()]
    .map((object) => `${object.meta.name} ${object.kind === 'Service' ? object.ports[0]?.port : ''}`)
    .sort();
}

async function run(script: readonly Step[]): Promise<void> {
  const api = new PlayedApi(SERVICES);
  const directory = mkdtempSync(join(tmpdir(), 'sluice-law-'));
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigOf(await api.start(), {}));
  const clock = new ManualClock();
  const sink = new RecordingSink();
  const limits = { pageObjects: 2, backoffMaxMs: 1000 };
  const kinds = watchedKinds('Service');
  const source = createKubernetesSource({ kubeconfig, logger: new RecordingLogger(), clock, kinds, limits });
  const good = new Map<string, number>();
  let port = 0;
  const put = (name: string): void => {
    port += 1;
    good.set(name, port);
    api.put(rawService(name, 0, port));
  };
  const step = async (next: Step): Promise<void> => {
    switch (next.do) {
      case 'put':
        return put(next.name);
      case 'break':
        good.delete(next.name);
        return api.put(rawService(next.name, 0, 'https'));
      case 'delete':
        good.delete(next.name);
        return api.delete(`shop/${next.name}`);
      case 'lapse':
        api.end('cut');
        good.delete(next.name);
        api.delete(`shop/${next.name}`);
        return api.compact();
      case 'bookmark':
        return api.bookmark();
      case 'compact':
        return api.compact();
      case 'refuse':
        return void api.refusals.push(next.code);
      case 'wait':
        return await turns(clock, next.turns);
      default:
        return api.end(next.do);
    }
  };
  try {
    await source.start(sink);
    for (const next of script) await step(next);
    api.refusals.length = 0;
    // What is broken has no last good version that all would agree on: mend it.
    for (const name of api.names) if (!good.has(name)) put(name);
    const expected = [...good].map(([name, last]) => `${name} ${last}`).sort();
    const settled = (): boolean =>
      held(sink).join() === expected.join() && sink.present.length + source.pending().length === 0;
    await turns(clock, TURNS_TO_SETTLE, settled);
    assert.deepEqual(held(sink), expected);
    assert.deepEqual(sink.present, []);
    assert.deepEqual(source.pending(), []);
  } finally {
    await source.stop();
    await api.stop();
    rmSync(directory, { recursive: true });
  }
}

test('in the end the sink has what the server has', { timeout: 120_000 }, async () => {
  await fc.assert(fc.asyncProperty(steps, run), { numRuns: 150 });
});
