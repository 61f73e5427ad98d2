/** Which of the Secrets that listeners refer to are watched. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateway, gatewayClass, listenerSet, lookupOf } from '../../gateway/test-objects.ts';
import type { SecretName } from '../../model/events.ts';
import type { ListenerSetModel } from '../../model/gateway.ts';
import { MOST_SECRETS_OF_SETS, secretsToRead } from './secrets-to-read.ts';

const GATEWAY = gateway({ allowedListeners: { from: 'All', selector: undefined } });

function modelOf(path: string, created: string, ...secrets: string[]): ListenerSetModel {
  const set = listenerSet({ path, meta: { creationTimestamp: created } });
  const model = lookupOf([gatewayClass(), GATEWAY, set]).listenerSet(set.meta.namespace, set.meta.name);
  assert.ok(model !== undefined);
  return { ...model, secrets: secrets.map(secret) };
}

function secret(path: string): SecretName {
  const [namespace = '', name = ''] = path.split('/');
  return { namespace, name };
}

function read(sets: readonly ListenerSetModel[], ofGateway: readonly string[] = []): string[] {
  const model = lookupOf([gatewayClass(), GATEWAY]).gateway('infra', 'gw');
  assert.ok(model !== undefined);
  const secrets = secretsToRead([{ ...model, secrets: ofGateway.map(secret) }], sets);
  return secrets.map(({ namespace, name }) => `${namespace}/${name}`);
}

const many = (namespace: string): string[] =>
  Array.from({ length: MOST_SECRETS_OF_SETS }, (_, index) => `${namespace}/s${index}`);

test('what many refer to counts once, and not where a Gateway refers to it', () => {
  const sets = [
    ...Array.from({ length: MOST_SECRETS_OF_SETS }, (_, index) =>
      modelOf(`red/${index}`, '2026-01-01T00:00:00Z', 'infra/own', 'red/shared', 'red/shared'),
    ),
    modelOf('blue/set', '2026-02-01T00:00:00Z', 'blue/cert'),
  ];
  assert.deepEqual(read(sets, ['infra/own']), ['infra/own', 'red/shared', 'blue/cert']);
});

test('one set cannot use up all: each gives one in turn, the oldest first', () => {
  const greedy = modelOf('red/set', '2026-01-01T00:00:00Z', ...many('red'));
  const modest = modelOf('blue/set', '2026-02-01T00:00:00Z', 'blue/a', 'blue/b');
  const chosen = read([greedy, modest], ['infra/own']);
  assert.equal(chosen.length, 1 + MOST_SECRETS_OF_SETS);
  assert.deepEqual(chosen.slice(0, 6), ['infra/own', 'red/s0', 'blue/a', 'red/s1', 'blue/b', 'red/s2']);
});

test('replicas choose the same, in whatever order they heard of the sets', () => {
  const sets = ['c', 'a', 'b'].map((name) => modelOf(`${name}/set`, '2026-01-01T00:00:00Z', ...many(name)));
  assert.deepEqual(read(sets), read(sets.toReversed()));
});
