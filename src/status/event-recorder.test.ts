import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ApiClient } from '../kubernetes-api/api-client.ts';
import { ManualClock } from '../kubernetes-api/test-clock.ts';
import { ANNOTATIONS_CONDITION, condition } from '../model/conditions.ts';
import { type EventNote, EventRecorder, type EventSubject, eventsOf } from './event-recorder.ts';
import type { PresentCondition } from './merge-conditions.ts';
import { type Answer, startTestApiServer } from './test-api-server.ts';

const SUBJECT: EventSubject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'TLSRoute',
  namespace: 'tenant',
  name: 'demo',
  uid: 'u1',
};
const NOTE: EventNote = { type: 'Warning', reason: 'HostnameConflict', action: 'Accepted', note: 'taken' };

async function setUp(t: TestContext, answer: Answer) {
  const server = await startTestApiServer(t, () => answer);
  const warnings: { readonly code?: string }[] = [];
  const told = Promise.withResolvers<void>();
  const clock = new ManualClock();
  const client = new ApiClient({ kubeconfig: server.kubeconfig });
  t.after(() => client.close());
  const recorder = new EventRecorder({
    client,
    identity: 'host_1',
    clock,
    wallClock: () => new Date(0),
    logger: {
      debug() {},
      info() {},
      warn(fields) {
        warnings.push(fields);
        told.resolve();
      },
    },
  });
  return { server, recorder, clock, warnings, told: told.promise };
}

test('an Event is about its object, and the same is told once', async (t) => {
  const { server, recorder } = await setUp(t, { status: 201, body: {} });
  recorder.record(SUBJECT, NOTE);
  recorder.record(SUBJECT, NOTE);
  recorder.record({ ...SUBJECT, kind: 'GatewayClass', namespace: '' }, { ...NOTE, note: 'other' });
  const first = await server.saw(({ path }) => path.endsWith('/namespaces/tenant/events'));
  await server.saw(({ path }) => path.endsWith('/namespaces/default/events'));
  const { metadata, ...event } = first.body as { metadata: { name: string } };
  assert.match(metadata.name, /^demo\.[0-9a-f]{16}$/);
  assert.deepEqual(event, {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    eventTime: '1970-01-01T00:00:00.000000Z',
    reportingController: 'sluice.dev/gateway-controller',
    reportingInstance: 'host_1',
    ...NOTE,
    regarding: SUBJECT,
  });
  assert.equal(server.asked.length, 2);
});

test('what a tenant writes leaves an Event that the API server takes: 1,024 bytes, and a name of whole labels', async (t) => {
  const { server, recorder } = await setUp(t, { status: 201, body: {} });
  recorder.record(
    { ...SUBJECT, name: `${'a'.repeat(199)}-${'b'.repeat(20)}` },
    { ...NOTE, note: '\u6f22'.repeat(900) },
  );
  const { body } = await server.saw(({ path }) => path.endsWith('/events'));
  const { metadata, note } = body as { metadata: { name: string }; note: string };
  assert.ok(Buffer.byteLength(note) <= 1_024);
  assert.match(note, /^\u6f22{300,}$/u);
  assert.match(metadata.name, /^a{199}\.[0-9a-f]{16}$/);
});

test('a storm is cut short, and goes on when it is over', async (t) => {
  const { server, recorder, clock } = await setUp(t, { status: 409, body: {} });
  for (let index = 0; index < 200; index += 1)
    recorder.record({ ...SUBJECT, namespace: `tenant-${index}` }, { ...NOTE, note: String(index) });
  assert.equal(recorder.dropped, 150);
  clock.advance(1_000);
  recorder.record(SUBJECT, { ...NOTE, note: 'x'.repeat(5_000) });
  const last = await server.saw(({ body }) => (body as EventNote).note.startsWith('x'));
  assert.equal((last.body as EventNote).note.length, 1_000);
});

test('a namespace has a share of the Events, and its storm does not silence the others', async (t) => {
  const { server, recorder, clock } = await setUp(t, { status: 409, body: {} });
  for (let index = 0; index < 200; index += 1) recorder.record(SUBJECT, { ...NOTE, note: String(index) });
  assert.equal(recorder.dropped, 190);
  recorder.record({ ...SUBJECT, namespace: 'other' }, { ...NOTE, note: 'of another' });
  await server.saw(({ body }) => (body as EventNote).note === 'of another');
  assert.equal(recorder.dropped, 190);
  clock.advance(2_000);
  recorder.record(SUBJECT, { ...NOTE, note: 'later' });
  await server.saw(({ body }) => (body as EventNote).note === 'later');
});

test('a permission that is missing is told once', async (t) => {
  const { server, recorder, warnings, told } = await setUp(t, { status: 403, body: { message: 'no' } });
  recorder.record(SUBJECT, NOTE);
  recorder.record(SUBJECT, { ...NOTE, note: 'more' });
  await told;
  await server.saw(({ body }) => (body as EventNote).note === 'more');
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['SLUICE_EVENTS_REFUSED'],
  );
});

function before(type: string, status: string, reason = 'Before'): PresentCondition {
  return { type, status, reason, message: '', lastTransitionTime: '' };
}

test('what is wrong is told, and that it is over; not what is well from the start or only waits', () => {
  const refused = condition('Accepted', false, 'HostnameConflict', 'taken', 1);
  const accepted = condition('Accepted', true, 'Accepted', 'fine', 1);
  const pending = condition('Programmed', false, 'Pending', 'soon', 1);
  const programmed = condition('Programmed', true, 'Programmed', 'now', 1);
  const partial = condition('PartiallyInvalid', true, 'HostnameConflict', 'some', 1);
  const ignored = condition(ANNOTATIONS_CONDITION, true, 'NotRead', 'dropped', 1);
  const events = eventsOf([
    { condition: refused, before: undefined },
    { condition: accepted, before: undefined },
    { condition: accepted, before: before('Accepted', 'Unknown') },
    { condition: accepted, before: before('Accepted', 'False') },
    { condition: pending, before: before('Programmed', 'True') },
    { condition: programmed, before: before('Programmed', 'False', 'Pending') },
    { condition: partial, before: undefined },
    { condition: ignored, before: undefined },
  ]);
  assert.deepEqual(
    events.map(({ type, reason, action }) => `${type} ${reason} ${action}`),
    [
      'Warning HostnameConflict Accepted',
      'Normal Accepted Accepted',
      'Warning HostnameConflict PartiallyInvalid',
      'Normal NotRead AnnotationsIgnored',
    ],
  );
});

test('what several conditions say in the same words is one Event, and a count that changes is none', () => {
  const serving = (reason: string, message: string, status = false) =>
    condition('sluice.dev/Serving', status, reason, message, 1);
  const refused = condition('Accepted', false, 'HostnameConflict', 'taken', 1);
  const told = eventsOf([
    { condition: refused, before: undefined },
    { condition: serving('NotAccepted', 'taken'), before: undefined },
  ]);
  assert.deepEqual(
    told.map(({ reason }) => reason),
    ['HostnameConflict'],
  );
  const present = {
    ...serving('EndpointsNotReady', 'none of 3'),
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  const after = (next: ReturnType<typeof serving>) =>
    eventsOf([{ condition: next, before: present }]).map(({ type, reason }) => `${type} ${reason}`);
  assert.deepEqual(after(serving('EndpointsNotReady', 'none of 4')), []);
  assert.deepEqual(after(serving('NoEndpoints', 'none')), ['Warning NoEndpoints']);
  assert.deepEqual(after(serving('Serving', 'sent', true)), ['Normal Serving']);
});
