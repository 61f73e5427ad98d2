/** What a change of a ListenerSet costs and reaches: no more than whom it concerns. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayObjects, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import { refOf } from '../../model/events.ts';
import { objectKey } from '../../model/key.ts';
import type { KubernetesObject, ListenerSet, TlsRoute } from '../../model/objects.ts';
import { DEFAULT_ENGINE_CONFIG } from '../config.ts';
import { CLUSTER_TYPE, LISTENER_TYPE } from '../resources/resource.ts';
import { Engine } from './engine.ts';

const TENANTS = 20;
const GATEWAY = { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'ingress', name: 'public' };

const gateways: readonly KubernetesObject[] = gatewayObjects().map((object) =>
  object.kind === 'Gateway' ? { ...object, allowedListeners: { from: 'All', selector: undefined } } : object,
);

function routeOf(tenant: number): TlsRoute {
  const route = tenantObjects(tenant).find((object) => object.kind === 'TLSRoute');
  assert.ok(route);
  return route;
}

function setFor(tenant: number, hostname: string | undefined, port = 443): ListenerSet {
  return {
    kind: 'ListenerSet',
    meta: { ...routeOf(tenant).meta, name: `set-${tenant}`, uid: '' },
    parentRef: GATEWAY,
    listeners: [
      {
        name: 'own',
        hostname,
        port,
        protocol: 'TLS',
        tls: { mode: 'Passthrough', certificateRefs: [] },
        allowedRoutes: { namespaces: { from: 'All', selector: undefined }, kinds: [] },
      },
    ],
  };
}

/** Tenants with a route each at the Gateway itself, all statuses told. */
function started(...more: readonly KubernetesObject[]): Engine {
  const engine = new Engine(DEFAULT_ENGINE_CONFIG);
  const tenants = Array.from({ length: TENANTS }, (_, tenant) => tenantObjects(tenant)).flat();
  engine.apply(upserts([...gateways, ...tenants, ...more]));
  engine.takeStatusChanges();
  return engine;
}

/** Object keys of the routes that are evaluated: each is read from the world for it. */
function evaluated(engine: Engine, change: () => void): string[] {
  const { world } = engine;
  const keys = new Set<string>();
  const get = world.get.bind(world);
  world.get = (kind, namespace, name) => {
    if (kind === 'TLSRoute') keys.add(objectKey({ kind, namespace, name }));
    return get(kind, namespace, name);
  };
  change();
  world.get = get;
  return [...keys];
}

test('a listener for one host touches the route of that host, and no other', () => {
  const engine = started();
  const [host] = routeOf(3).hostnames;
  const set = setFor(7, host);
  assert.deepEqual(
    evaluated(engine, () => engine.apply(upserts([set]))),
    [objectKey(refOf(routeOf(3)))],
  );
  const changed = engine.takeStatusChanges();
  assert.deepEqual(
    [...changed].sort(),
    [objectKey(GATEWAY as never), objectKey(refOf(set)), objectKey(refOf(routeOf(3)))].sort(),
  );
  assert.equal(engine.resources.get(CLUSTER_TYPE, `0.0.0.0:443/${host}`), undefined, 'it is isolated now');
  engine.apply([{ type: 'delete', ref: refOf(set) }]);
  assert.ok(engine.resources.get(CLUSTER_TYPE, `0.0.0.0:443/${host}`), 'and served again');
});

test('a listener that is nobody’s host touches no route', () => {
  const engine = started();
  assert.deepEqual(
    evaluated(engine, () => engine.apply(upserts([setFor(7, 'elsewhere.example.org')]))),
    [],
  );
});

test('one that loses touches nothing but its own status', () => {
  const engine = started(setFor(1, 'a.example.org'));
  const loser = setFor(9, 'a.example.org');
  const versions = [...engine.resources.all(LISTENER_TYPE)].map(({ version }) => version);
  assert.deepEqual(
    evaluated(engine, () => engine.apply(upserts([loser]))),
    [],
  );
  assert.deepEqual([...engine.takeStatusChanges()], [objectKey(refOf(loser))]);
  assert.deepEqual(
    [...engine.resources.all(LISTENER_TYPE)].map(({ version }) => version),
    versions,
  );
});

test('a port that a ListenerSet opens is a listener of its own, and one of the gateway nodes’ own ports', () => {
  const engine = started();
  const [before] = [...engine.resources.all(LISTENER_TYPE)];
  const tenant = tenantObjects(0, '100.65.0.9').map((object) =>
    object.kind === 'EndpointSlice'
      ? { ...object, ports: object.ports.map((port) => ({ ...port, port: 8443 })) }
      : object,
  );
  const node: KubernetesObject = {
    kind: 'Node',
    meta: {
      ...routeOf(0).meta,
      namespace: '',
      name: 'gw',
      labels: { 'node-role.kubernetes.io/gateway': 'true' },
    },
    addresses: [{ type: 'InternalIP', address: '100.65.0.9' }],
  };
  engine.apply(upserts([...tenant, node]));
  const key = objectKey(refOf(routeOf(0)));
  const hasRefusedEndpoint = () =>
    engine
      .routeStatus(key)
      .some(({ conditions }) => conditions.some(({ message }) => message.includes('100.65.0.9')));
  assert.equal(hasRefusedEndpoint(), false);
  const set = setFor(1, undefined, 8443);
  engine.apply(upserts([set]));
  assert.deepEqual(
    [...engine.resources.all(LISTENER_TYPE)].map(({ name }) => name),
    ['0.0.0.0:443', '0.0.0.0:8443'],
  );
  assert.equal(engine.resources.get(LISTENER_TYPE, '0.0.0.0:443')?.version, before?.version, 'untouched');
  assert.equal(hasRefusedEndpoint(), true, 'else connections would go round in circles');
  engine.apply([{ type: 'delete', ref: refOf(set) }]);
  assert.equal(hasRefusedEndpoint(), false);
  assert.equal(engine.resources.get(LISTENER_TYPE, '0.0.0.0:8443'), undefined);
});

test('a listener whose hostname has a dozen labels takes the hosts below it, and gives them back', () => {
  const deep = 'a.b.c.d.e.f.g.h.stage.example.com';
  const route = { ...routeOf(3), hostnames: [`x.y.${deep}`] };
  const engine = started(route);
  const cluster = `0.0.0.0:443/x.y.${deep}`;
  assert.ok(engine.resources.get(CLUSTER_TYPE, cluster));
  const set = setFor(7, `*.${deep}`);
  engine.apply(upserts([set]));
  assert.equal(engine.resources.get(CLUSTER_TYPE, cluster), undefined, 'it is isolated now');
  engine.apply([{ type: 'delete', ref: refOf(set) }]);
  assert.ok(engine.resources.get(CLUSTER_TYPE, cluster), 'and served again');
});
