/**
 * "Never edit a filter chain that is in use; edit the matcher": Envoy closes the connections of a chain whose message
 * differs, and all of a listener of which anything but chains differs.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ListenerBytes, listenerBytes } from './listener-bytes.ts';
import { play } from './play.ts';
import { readScenario, readScenarios, SCENARIOS, type Scenario } from './scenario.ts';

async function bytesOfSteps(scenario: Scenario): Promise<ReadonlyMap<string, ListenerBytes>[]> {
  const steps: ReadonlyMap<string, ListenerBytes>[] = [];
  for await (const { engine } of play(scenario)) steps.push(listenerBytes(engine));
  return steps;
}

describe('a wildcard that comes over exact hosts and goes', async () => {
  const steps = await bytesOfSteps(await readScenario(SCENARIOS, 'wildcard-over-exact'));
  const listeners = steps.map((step) => {
    const listener = step.get('0.0.0.0:443');
    assert.ok(listener);
    return listener;
  });
  /** The bytes that the chain has in each step; where it is not there, undefined. */
  const chain = (name: string) => listeners.map(({ chains }) => chains.get(name));

  it('leaves the index chains as they are', () => {
    for (const name of ['index', 'index once']) {
      const [first, ...others] = chain(name);
      assert.ok(first);
      for (const other of others) assert.equal(other, first, name);
    }
  });

  it('leaves the listener around the chains as it is', () => {
    const [first, ...others] = listeners;
    for (const other of others) assert.equal(other.around, first?.around);
  });

  it('leaves the chains of other hosts as they are', () => {
    const [own, ownStill, ownGone] = chain('quick.apps.stage.example.com idle 90000ms');
    assert.ok(own);
    assert.equal(ownStill, own);
    assert.equal(ownGone, undefined);
    const [before, wildcard, wildcardStill, gone] = chain('*.apps.stage.example.com');
    assert.ok(wildcard);
    assert.equal(wildcardStill, wildcard);
    assert.deepEqual([before, gone], [undefined, undefined]);
  });

  it('changes the matcher in every step, and has none of it left at the end', () => {
    const matchers = listeners.map(({ matcher }) => matcher);
    assert.equal(new Set(matchers).size, matchers.length);
    // The first step has a host with a chain of its own; the last has nothing but the index.
    assert.ok(
      (matchers.at(-1)?.length ?? 0) < Math.min(...matchers.slice(0, -1).map(({ length }) => length)),
    );
  });
});

describe('in every scenario, from step to step', async () => {
  const scenarios = (await readScenarios()).filter(({ steps }) => steps.length > 1);
  for (const scenario of scenarios) {
    it(`${scenario.name}: a chain that stays keeps its bytes, and so does the listener around it`, async () => {
      const [first = new Map<string, ListenerBytes>(), ...later] = await bytesOfSteps(scenario);
      let before = first;
      for (const after of later) {
        for (const [name, { chains, around }] of before) {
          const listener = after.get(name);
          if (listener === undefined) continue;
          assert.equal(listener.around, around, name);
          for (const [chain, bytes] of chains) {
            assert.equal(listener.chains.get(chain) ?? bytes, bytes, `${name} ${chain}`);
          }
        }
        before = after;
      }
    });
  }
});
