/** What a listener is for an Envoy in its demand window, and after it, in every scenario. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Listener, type Matcher, Resource, StringValue } from '../../src/proto/index.ts';
import type { Engine } from '../../src/snapshot/engine/engine.ts';
import { type EncodedResource, LISTENER_TYPE } from '../../src/snapshot/resources/resource.ts';
import { takenApart } from './listener-bytes.ts';
import { play } from './play.ts';
import { readScenarios } from './scenario.ts';

const ON_DEMAND = ['index on demand', 'index once on demand'];

function contentOf({ bytes }: EncodedResource): Uint8Array {
  return Resource.decode(bytes).resource?.value ?? new Uint8Array();
}

/** The chain that a connection with this server name gets; `undefined` is no name. */
function chainFor(resource: EncodedResource, sni: string | undefined): string | undefined {
  return selected(Listener.decode(contentOf(resource)).filter_chain_matcher as Matcher, sni);
}

function selected(matcher: Matcher | null | undefined, sni: string | undefined): string | undefined {
  const exact = sni === undefined ? undefined : matcher?.matcher_tree?.exact_match_map?.map?.[sni];
  const listed = matcher?.matcher_list?.matchers?.find(({ predicate }) => {
    const match = predicate?.single_predicate?.value_match;
    if (sni === undefined) return false;
    if (match?.suffix) return sni.endsWith(match.suffix);
    return new RegExp(`^(?:${match?.safe_regex?.regex})$`).test(sni);
  });
  const onMatch = exact ?? listed?.on_match ?? matcher?.on_no_match;
  if (onMatch?.matcher) return selected(onMatch.matcher, sni);
  const value = onMatch?.action?.typed_config as { value?: Uint8Array } | undefined;
  return value?.value && StringValue.decode(value.value).value;
}

type Parts = ReturnType<typeof takenApart>;

function check(engine: Engine, hosts: ReadonlyMap<string, readonly string[]>): void {
  for (const listener of engine.resources.all(LISTENER_TYPE)) {
    const { open, closed, clusters, ...demand } = listener.demand ?? assert.fail(listener.name);
    const named = demand.named(hosts.get(listener.name) ?? []);
    const parts = [listener, open, closed, named].map((form) => takenApart(contentOf(form)));
    const [plain, opened, after, naming] = parts as [Parts, Parts, Parts, Parts];
    for (const form of [opened, after, naming]) {
      assert.equal(form.around, plain.around, 'anything else drains the listener');
      for (const [name, bytes] of plain.chains) assert.equal(form.chains.get(name), bytes, name);
      assert.deepEqual([...form.chains.keys()].slice(plain.chains.size), ON_DEMAND);
    }
    assert.equal(after.matcher, plain.matcher);
    for (const name of clusters) assert.ok(plain.chains.size > 2, name);
    for (const host of hosts.get(listener.name) ?? []) {
      const chain = chainFor(listener, host);
      const isIndex = chain === 'index' || chain === 'index once';
      assert.equal(chainFor(open, host), isIndex ? `${chain} on demand` : chain, host);
      assert.equal(chainFor(named, host), chainFor(open, host), host);
      const madeUp = `made-up-${host}`;
      assert.equal(chainFor(named, madeUp), chainFor(listener, madeUp), madeUp);
      if (!isIndex) assert.ok(clusters.length > 0, host);
    }
    for (const form of [open, named])
      assert.equal(chainFor(form, undefined), chainFor(listener, undefined), 'without a name');
  }
}

describe('the forms of listeners for the demand window', async () => {
  for (const scenario of await readScenarios()) {
    it(`${scenario.name}: lead every host that may be missing to a chain that waits`, async () => {
      for await (const { engine } of play(scenario)) {
        if (scenario.flags.join(' ').includes('chain')) continue;
        const hosts = new Map(
          [...engine.bindings].map(({ name, hosts: known }) => [
            name,
            [...known.keys()].filter((host) => !host.startsWith('*')),
          ]),
        );
        check(engine, hosts);
      }
    });
  }
});
