import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { EncodedResource } from './resource.ts';
import { ResourceTable } from './resource-table.ts';

const TYPE = 'type.googleapis.com/x';

let table: ResourceTable;

beforeEach(() => {
  table = new ResourceTable();
  put({ a: '1', b: '1' });
});

/** Upserts name → version, or removes (`undefined`), and publishes. */
function put(versions: Readonly<Record<string, string | undefined>>): void {
  for (const [name, version] of Object.entries(versions)) {
    table.stage(TYPE, name, version === undefined ? undefined : resource(name, version));
  }
  table.publish();
}

function resource(name: string, version: string): EncodedResource {
  return { typeUrl: TYPE, name, version, bytes: new Uint8Array() };
}

function slotOf(name: string): number {
  return table.slots(TYPE).slotOf(name);
}

describe('the slots of a resource table', () => {
  it('a name that is removed has its slot while that is told, and no longer', () => {
    const slot = slotOf('a');
    const seen: unknown[] = [];
    table.onChange(() => seen.push(slotOf('a'), table.slots(TYPE).at(slot), table.get(TYPE, 'a')));
    put({ a: undefined });
    assert.deepEqual(seen, [slot, undefined, undefined]);
    assert.equal(slotOf('a'), -1);
    assert.deepEqual([table.count(TYPE), [...table.all(TYPE)].map(({ name }) => name)], [1, ['b']]);
  });

  it('what comes in the same change as another goes has a slot of its own', () => {
    const slot = slotOf('a');
    put({ a: undefined, c: '1' });
    assert.notEqual(slotOf('c'), slot);
    put({ d: '1' });
    assert.equal(slotOf('d'), slot);
  });

  it('a change that a listener makes takes no slot that others have still to hear of', () => {
    const slot = slotOf('a');
    const seen: number[] = [];
    let isFirst = true;
    table.onChange(() => {
      if (!isFirst) return;
      isFirst = false;
      put({ c: '1' });
    });
    table.onChange(({ removals }) => seen.push(...removals.map(({ name }) => slotOf(name))));
    put({ a: undefined });
    assert.deepEqual(seen, [slot]);
    assert.notEqual(slotOf('c'), slot);
  });

  it('two contents that follow each other have different revisions, and the one before is known', () => {
    const slots = table.slots(TYPE);
    const slot = slotOf('a');
    const first = slots.revision(slot);
    put({ a: '2' });
    const second = slots.revision(slot);
    assert.notEqual(first, second);
    assert.deepEqual([slots.versionOf(slot, first), slots.versionOf(slot, second)], ['1', '2']);
    put({ a: '1' });
    assert.equal(slots.revision(slot), first);
    put({ a: '3' });
    assert.equal(slots.versionOf(slot, second), undefined);
  });

  it('a type that there is nothing of has none', () => {
    assert.deepEqual([...table.slots('nonsense').slots()], []);
    assert.equal(table.slots('nonsense').slotOf('a'), -1);
  });
});

describe('the latest of a resource', () => {
  it('is what is staged, a removal too, and else what is published', () => {
    const next = resource('a', '2');
    table.stage(TYPE, 'a', next);
    assert.equal(table.get(TYPE, 'a')?.version, '1');
    assert.equal(table.latest(TYPE, 'a'), next);
    table.publish();
    assert.equal(table.latest(TYPE, 'a'), next);
    table.stage(TYPE, 'a', undefined);
    assert.equal(table.latest(TYPE, 'a'), undefined);
    assert.equal(table.get(TYPE, 'a'), next);
  });
});
