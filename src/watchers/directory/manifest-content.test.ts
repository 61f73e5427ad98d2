import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { ObjectOfKind } from '../../model/objects.ts';
import { directoryOf, documents, following, serviceManifest, write } from './test-directory.ts';

const service = serviceManifest;

function endpoints(name: string, ip: string): string {
  return `apiVersion: v1\nkind: Endpoints\nmetadata: {name: ${name}}\nsubsets: [{addresses: [{ip: ${ip}}], ports: [{port: 1}]}]\n`;
}

test('a document that is invalid is a problem with its place, and the others apply', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': documents(service('a'), service('b', '"x"'), service('c')) });
  const { world } = await following(t, root);
  assert.deepEqual(world.problemList, [
    {
      code: 'SLUICE_OBJECT_INVALID',
      message: 'Service default/b: spec.ports[0].port must be a whole number, not the string "x".',
      file: join(root, 'a.yaml'),
      line: 9,
      object: { kind: 'Service', namespace: 'default', name: 'b' },
    },
  ]);
  assert.ok(world.has('Service/default/a') && world.has('Service/default/c'));
});

test('an object whose document becomes invalid keeps its last good content, the others change', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': documents(service('a', 1), service('b', 1)) });
  const { world } = await following(t, root);
  await write(root, { 'a.yaml': documents(service('a', '[]'), service('b', 2)) });
  const problem = await world.untilProblem('SLUICE_OBJECT_INVALID');
  assert.match(problem.message, /last good content stays/);
  assert.deepEqual([...world.portsOf('a'), ...world.portsOf('b')], [1, 2]);
  // It stays through any number of readings, and goes with its document.
  await write(root, { 'a.yaml': documents(service('a', '[]'), service('b', 3)) });
  await world.until(() => world.portsOf('b')[0] === 3);
  assert.deepEqual(world.portsOf('a'), [1]);
  await write(root, { 'a.yaml': service('b', 3) });
  await world.until(() => !world.has('Service/default/a'));
});

const ROUTE = `apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: x}
spec:
  hostnames: [a.example]
  rules:
  - backendRefs: [{name: a, port: 1}]
`;

test('a field that means nothing is a problem with its line, and the object applies', async (t) => {
  const root = await directoryOf(t, {
    'a.yaml': ROUTE.replace('  rules', '  parentRef: {name: gw}\n  rules'),
  });
  const { world } = await following(t, root);
  assert.deepEqual(world.problemList, [
    {
      code: 'SLUICE_FIELD_UNKNOWN',
      message:
        'TLSRoute default/x: spec.parentRef is no field of TLSRoute and is ignored; did you mean parentRefs?',
      file: join(root, 'a.yaml'),
      line: 6,
      object: { kind: 'TLSRoute', namespace: 'default', name: 'x' },
    },
  ]);
  assert.ok(world.has('TLSRoute/default/x'));
  await write(root, { 'a.yaml': ROUTE });
  await world.until(() => world.problemList.length === 0);
  assert.equal(world.eventsOf('TLSRoute/default/x'), 1);
});

test('a TLSRoute that loses its hostnames keeps them, and what was written instead is told', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': ROUTE });
  const { world } = await following(t, root);
  await write(root, { 'a.yaml': ROUTE.replace('hostnames', 'hostname') });
  await world.until(() => world.problemList.length > 0);
  assert.deepEqual(
    world.problemList.map(({ code, line }) => [code, line]),
    [
      ['SLUICE_OBJECT_INVALID', 4],
      ['SLUICE_FIELD_UNKNOWN', 5],
    ],
  );
  assert.match(
    world.problemList[0]?.message ?? '',
    /spec\.hostnames is required\. Its last good content stays/,
  );
  const route = world.objects.get('TLSRoute/default/x') as ObjectOfKind<'TLSRoute'>;
  assert.deepEqual(route.hostnames, ['a.example']);
});

test('a file that never was good says that nothing in it counts, and names itself once', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': 'a: [' });
  const { world } = await following(t, root, { watch: false });
  const [problem] = world.problemList;
  assert.equal(problem?.code, 'SLUICE_FILE_SYNTAX');
  assert.match(
    problem?.message ?? '',
    /^The file is no valid .*; nothing in it counts until it is corrected\.$/,
  );
  assert.equal(problem?.message.includes('a.yaml'), false);
});

test('Endpoints that become invalid keep the slices that were mirrored from them', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': endpoints('api', '10.0.0.1') });
  const { world } = await following(t, root);
  await write(root, { 'a.yaml': endpoints('api', '5') });
  await world.untilProblem('SLUICE_OBJECT_INVALID');
  assert.ok(world.has('EndpointSlice/default/api-mirrored-0-ipv4'));
  await write(root, { 'a.yaml': endpoints('api', '"fd00::1"') });
  await world.until(() => world.has('EndpointSlice/default/api-mirrored-0-ipv6'));
  assert.equal(world.has('EndpointSlice/default/api-mirrored-0-ipv4'), false);
});

test('a file that is no UTF-8 is a problem', async (t) => {
  const root = await directoryOf(t);
  await writeFile(join(root, 'a.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xff]));
  const { world } = await following(t, root);
  assert.equal(world.problemList[0]?.code, 'SLUICE_FILE_SYNTAX');
});

test('what is no Kubernetes object is a problem, what is another kind is none', async (t) => {
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n';
  const root = await directoryOf(t, { 'a.yaml': documents(secret, 'replicas: 3\n') });
  const { world } = await following(t, root);
  assert.deepEqual(
    world.problemList.map(({ code, line }) => [code, line]),
    [['SLUICE_OBJECT_MALFORMED', 5]],
  );
});

test('of an object in two files the first by path counts, and the other takes over when that goes', async (t) => {
  const root = await directoryOf(t, {
    'b.yaml': service('x', 2),
    'c.yaml': documents(service('y'), service('x', 3)),
  });
  const { world } = await following(t, root);
  assert.deepEqual(world.portsOf('x'), [2]);
  const [problem] = world.problemList;
  assert.equal(problem?.code, 'SLUICE_OBJECT_DUPLICATE');
  assert.equal(problem?.file, join(root, 'c.yaml'));
  assert.equal(problem?.line, 6);
  assert.ok(problem?.message.includes(`${join(root, 'b.yaml')} line 1, which counts`), problem?.message);
  await write(root, { 'a.yaml': service('x', 1) });
  await world.until(() => world.portsOf('x')[0] === 1 && world.problemList.length === 2);
  await write(root, { 'a.yaml': '# gone', 'b.yaml': '# gone' });
  await world.until(() => world.portsOf('x')[0] === 3 && world.problemList.length === 0);
  assert.equal(
    world.batches.flat().some(({ type }) => type === 'delete'),
    false,
  );
});

test('of an object twice in one file the first counts', async (t) => {
  const root = await directoryOf(t, { 'a.yaml': documents(service('x', 1), service('x', 2)) });
  const { world } = await following(t, root);
  assert.deepEqual(world.portsOf('x'), [1]);
  assert.deepEqual(
    world.problemList.map(({ code, line }) => [code, line]),
    [['SLUICE_OBJECT_DUPLICATE', 6]],
  );
});

test('an EndpointSlice that is written counts before one that is mirrored, without a problem', async (t) => {
  const slice = [
    'apiVersion: discovery.k8s.io/v1',
    'kind: EndpointSlice',
    'metadata: {name: api-mirrored-0-ipv4, labels: {kubernetes.io/service-name: other}}',
    'addressType: IPv4',
    '',
  ].join('\n');
  const root = await directoryOf(t, { 'a.yaml': endpoints('api', '10.0.0.1'), 'b.yaml': slice });
  const { world } = await following(t, root);
  const object = world.objects.get(
    'EndpointSlice/default/api-mirrored-0-ipv4',
  ) as ObjectOfKind<'EndpointSlice'>;
  assert.equal(object.serviceName, 'other');
  assert.deepEqual(world.problemList, []);
});

test('Endpoints in two files are one problem, whatever number of slices they make', async (t) => {
  const two =
    'apiVersion: v1\nkind: Endpoints\nmetadata: {name: api}\nsubsets:\n- {addresses: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}\n';
  const root = await directoryOf(t, { 'a.yaml': two, 'b.yaml': two });
  const { world } = await following(t, root);
  assert.deepEqual(
    world.problemList.map(({ object }) => object),
    [{ kind: 'Endpoints', namespace: 'default', name: 'api' }],
  );
});

test('a namespace that an object is in exists while one is in it', async (t) => {
  const inside = (name: string) =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: tenant}\nspec: {ports: [{port: 443}]}\n`;
  const root = await directoryOf(t, { 'a.yaml': inside('a'), 'b.yaml': inside('b') });
  const { world } = await following(t, root);
  const namespace = () => world.objects.get('Namespace//tenant');
  assert.deepEqual(namespace()?.meta.labels, { 'kubernetes.io/metadata.name': 'tenant' });
  await write(root, { 'a.yaml': '# gone' });
  await world.until(() => !world.has('Service/tenant/a'));
  assert.ok(namespace() !== undefined);
  await write(root, {
    'ns.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: tenant, labels: {tier: gold}}\n',
  });
  await world.until(() => namespace()?.meta.labels['tier'] === 'gold');
  assert.equal(namespace()?.meta.labels['kubernetes.io/metadata.name'], 'tenant');
  await write(root, { 'b.yaml': '# gone' });
  await world.until(() => !world.has('Service/tenant/b'));
  assert.ok(namespace() !== undefined, 'the document is still there');
  await write(root, { 'ns.yaml': '# gone' });
  await world.until(() => namespace() === undefined);
});

test('an object has a uid that never changes and a generation that counts changes of its spec', async (t) => {
  const created = (port: number, annotation: string) =>
    [
      'apiVersion: networking.k8s.io/v1',
      'kind: Ingress',
      `metadata: {name: x, creationTimestamp: "2026-01-01T00:00:00Z", generation: 99, uid: own, annotations: {sluice.dev/stats: "${annotation}"}}`,
      `spec: {defaultBackend: {service: {name: a, port: {number: ${port}}}}}`,
      '',
    ].join('\n');
  const root = await directoryOf(t, { 'a.yaml': created(1, 'true') });
  const { world } = await following(t, root);
  const meta = () => world.objects.get('Ingress/default/x')?.meta;
  const uid = meta()?.uid;
  assert.match(uid ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  assert.equal(meta()?.generation, 1);
  assert.equal(meta()?.creationTimestamp, '2026-01-01T00:00:00Z');
  await write(root, { 'a.yaml': created(1, 'false') });
  await world.until(() => meta()?.annotations['sluice.dev/stats'] === 'false');
  assert.equal(meta()?.generation, 1);
  await write(root, { 'a.yaml': created(2, 'false') });
  await world.until(() => meta()?.generation === 2);
  assert.equal(meta()?.uid, uid);
  const { world: again } = await following(t, root);
  assert.equal(again.objects.get('Ingress/default/x')?.meta.uid, uid);
});

test('several files that change together are one batch', async (t) => {
  const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
  const root = await directoryOf(t);
  const { world } = await following(t, root, { settleMs: 200 });
  const before = world.batches.length;
  await write(root, Object.fromEntries(names.map((name) => [`${name}.yaml`, service(name)])));
  await world.until(() => names.every((name) => world.has(`Service/default/${name}`)));
  assert.ok(world.batches.length - before < names.length);
});
