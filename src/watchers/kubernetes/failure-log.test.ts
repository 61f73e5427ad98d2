import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import { ManualClock } from '../../kubernetes-api/test-clock.ts';
import { WATCHED_KINDS, type WatchedKind } from '../../kubernetes-api/watched-kind.ts';
import type { Kind } from '../../model/objects.ts';
import { FailureLog } from './failure-log.ts';
import { RecordingLogger } from './test-sink.ts';

function watched(kind: Kind): WatchedKind {
  const found = WATCHED_KINDS.find((entry) => entry.kind === kind);
  assert.ok(found);
  return found;
}

function setUp() {
  const clock = new ManualClock();
  const logger = new RecordingLogger();
  return { clock, logger, log: new FailureLog(logger, clock) };
}

const refused = new ApiFailure('unreachable', 'connection refused');
const forbidden = new ApiFailure('forbidden', 'not allowed');

test('an outage of all kinds is one line, one a minute, and one when the last of them is back', () => {
  const { clock, logger, log } = setUp();
  for (let passed = 0; passed < 130_000; passed += 10_000) {
    log.failed(watched('Service'), refused, 1000);
    log.failed(watched('TLSRoute'), refused, 1000);
    clock.advance(10_000);
  }
  assert.equal(logger.of('warn').length, 3);
  assert.equal(logger.of('debug').length, 23);
  log.recovered(watched('Service'));
  assert.deepEqual(logger.of('info'), []);
  log.recovered(watched('TLSRoute'));
  assert.equal(logger.of('info').length, 1);
  log.recovered(watched('TLSRoute'));
  assert.equal(logger.of('info').length, 1);
});

test('what only one kind can suffer from is told for each', () => {
  const { logger, log } = setUp();
  log.failed(watched('Service'), forbidden, 1000);
  log.failed(watched('TLSRoute'), forbidden, 1000);
  assert.deepEqual(
    logger.of('warn').map(({ fields }) => fields),
    [
      { code: 'SLUICE_KUBE_FORBIDDEN', kind: 'Service', retryInMs: 1000 },
      { code: 'SLUICE_KUBE_FORBIDDEN', kind: 'TLSRoute', retryInMs: 1000 },
    ],
  );
  assert.match(
    logger.of('warn')[0]?.message ?? '',
    /not allowed; allow list and watch on services of the core API/,
  );
  assert.match(
    logger.of('warn')[1]?.message ?? '',
    /on tlsroutes of the API group gateway.networking.k8s.io/,
  );
});

test('a kind that fails for another reason now is told at once, and is back only once', () => {
  const { logger, log } = setUp();
  log.failed(watched('Service'), refused, 1000);
  log.failed(watched('Service'), forbidden, 1000);
  assert.equal(logger.of('warn').length, 2);
  log.recovered(watched('Service'));
  assert.equal(logger.of('info').length, 1);
});
