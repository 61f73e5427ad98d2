import assert from 'node:assert/strict';
import { test } from 'node:test';
import { condition } from '../../model/conditions.ts';
import type { Acknowledgement } from '../../model/fleet.ts';
import { type ExpectedListener, type ProgrammedListeners, programmedStatus } from './programmed.ts';

const PENDING: Acknowledgement = { acknowledged: false, rejection: undefined };
const LIVE: Acknowledgement = { acknowledged: true, rejection: undefined };
const REJECTED: Acknowledgement = { acknowledged: false, rejection: 'address in use' };

function programmed(generation = 1) {
  return condition('Programmed', true, 'Programmed', '', generation);
}

function gateway(...listeners: readonly ExpectedListener[]) {
  return { conditions: [programmed()], listeners };
}

function listener(name: string, bindings: readonly string[], generation = 1): ExpectedListener {
  return { name, supportedKinds: [], attachedRoutes: 0, conditions: [programmed(generation)], bindings };
}

function fleetOf(isServed: boolean) {
  const nodes = new Set(isServed ? ['n'] : []);
  return { serving: nodes, connected: nodes };
}

/** What was programmed, as whoever asks for statuses remembers it. */
class Known {
  listeners: ProgrammedListeners = new Map();
}

function words(
  known: Known,
  given: ReturnType<typeof gateway>,
  states: Readonly<Record<string, Acknowledgement>>,
  isServed = true,
): string[] {
  const { conditions, listeners, programmed } = programmedStatus(
    given,
    (name) => states[name] ?? PENDING,
    fleetOf(isServed),
    known.listeners,
  );
  known.listeners = programmed;
  return [conditions, ...listeners.map((each) => each.conditions)].map(
    ([each]) => `${each?.status} ${each?.reason}`,
  );
}

test('programmed is what an Envoy has acknowledged on every binding', () => {
  const two = gateway(listener('l', ['a:1', 'b:1']));
  assert.deepEqual(words(new Known(), two, { 'a:1': LIVE }), ['False Pending', 'False Pending']);
  assert.deepEqual(words(new Known(), two, { 'a:1': LIVE, 'b:1': LIVE }), [
    'True Programmed',
    'True Programmed',
  ]);
});

test('an Envoy’s own words say why it is not; where another took it, it is', () => {
  const one = gateway(listener('l', ['a:1']));
  const { conditions, listeners } = programmedStatus(one, () => REJECTED, fleetOf(true), new Map());
  for (const [each] of [conditions, listeners[0]?.conditions ?? []]) {
    assert.equal(`${each?.status} ${each?.reason}`, 'False Invalid');
    assert.match(each?.message ?? '', /address in use/);
  }
  const taken = { acknowledged: true, rejection: 'address in use' };
  assert.deepEqual(words(new Known(), one, { 'a:1': taken }), ['True Programmed', 'True Programmed']);
});

test('a Gateway is programmed while one of its listeners is; one that opens no port has nothing to wait for', () => {
  const mixed = gateway(listener('l', ['a:1']), listener('m', ['b:1']), listener('http', []));
  assert.deepEqual(words(new Known(), mixed, { 'a:1': LIVE }), [
    'True Programmed',
    'True Programmed',
    'False Pending',
    'True Programmed',
  ]);
});

test('what was programmed stays so while its next version is on its way, not for a new generation', () => {
  const known = new Known();
  words(known, gateway(listener('l', ['a:1'])), { 'a:1': LIVE });
  assert.deepEqual(words(known, gateway(listener('l', ['a:1'])), {}), ['True Programmed', 'True Programmed']);
  assert.equal(words(known, gateway(listener('l', ['a:1'])), {}, false)[0], 'False Pending');
  assert.equal(words(known, gateway(listener('l', ['a:1'])), {})[0], 'False Pending', 'not without an Envoy');
  words(known, gateway(listener('l', ['a:1'])), { 'a:1': LIVE });
  assert.deepEqual(words(known, gateway(listener('l', ['a:1'])), { 'a:1': REJECTED })[1], 'False Invalid');
  words(known, gateway(listener('l', ['a:1'])), { 'a:1': LIVE });
  assert.equal(words(known, gateway(listener('l', ['a:1'], 2)), {})[1], 'False Pending');
  words(known, gateway(listener('l', ['a:1'])), { 'a:1': LIVE });
  assert.equal(words(known, gateway(listener('l', ['a:2'])), {})[1], 'False Pending');
});

test('what waits for Envoy says for which: none connected, none ready, or one that has not answered', () => {
  const message = (connected: readonly string[], serving: readonly string[]) => {
    const fleet = { connected: new Set(connected), serving: new Set(serving) };
    const { conditions } = programmedStatus(gateway(listener('l', ['a:1'])), () => PENDING, fleet, new Map());
    return conditions[0]?.message ?? '';
  };
  assert.match(message([], []), /^No Envoy is connected to Sluice;/);
  assert.match(message([], ['a']), /^No Envoy is connected to Sluice any more;/);
  assert.match(message(['a', 'b'], []), /^Envoys are connected \(2\), and none of them has all/);
  assert.equal(message(['a'], ['a']), 'No Envoy has acknowledged it yet.');
});
