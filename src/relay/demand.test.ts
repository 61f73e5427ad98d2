/** A node that starts with nothing: what its Envoy asks for is asked of the control plane. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import { cleanUp, NODE, open } from '../xds/test-client.ts';
import { TestView } from '../xds/test-view.ts';
import { putHosts, startControlPlane, startRelay } from './test-relay.ts';

afterEach(cleanUp);

const HOSTS = Array.from({ length: 100 }, (_, index) => `host-${index}`);
const LAST = 'host-99';
const WINDOW = { fewClusters: 2, clustersPerResponse: 2, unknownNames: 100 };

/** An Envoy that asks for clusters and listeners, and acknowledges clusters only while it `takes` them. */
function startEnvoy(port: number) {
  const { stream } = open(port);
  const told = new Set<string>();
  let takes = true;
  stream.send({ type_url: CLUSTER_TYPE, node: NODE });
  const next = async (): Promise<void> => {
    const {
      type_url = '',
      nonce = '',
      resources = [],
      removed_resources: removed = [],
    } = await stream.next();
    if (told.size === 0) stream.send({ type_url: LISTENER_TYPE });
    for (const { name = '' } of resources) told.add(name);
    for (const name of removed) told.add(`-${name}`);
    told.add('something');
    const sets = resources.map(({ name = '' }) => `set-${name}`);
    if (type_url === CLUSTER_TYPE && sets.length > 0) {
      stream.send({ type_url: ENDPOINT_TYPE, resource_names_subscribe: sets });
      if (!takes) return;
    }
    stream.send({ type_url, response_nonce: nonce });
  };
  return {
    hosts: () => HOSTS.filter((host) => told.has(host)).length,
    hold: () => {
      takes = false;
    },
    demand: (...names: string[]) => stream.send({ type_url: CLUSTER_TYPE, resource_names_subscribe: names }),
    async until(...names: string[]): Promise<void> {
      while (!names.every((name) => told.has(name))) await next();
    },
  };
}

test('what Envoy asks for comes ahead of all that nobody asked for', { timeout: 20_000 }, async () => {
  const plane = await startControlPlane(new TestView(), 0, { demandWindow: WINDOW });
  putHosts(plane.view, HOSTS);
  plane.view.putListener('waiting', '1');
  plane.view.setReady();
  const { port } = await startRelay([plane.port]);
  const envoy = startEnvoy(port);
  await envoy.until('waiting');
  envoy.hold();
  envoy.demand(LAST, 'nobody');
  await envoy.until(LAST, `set-${LAST}`);
  assert.ok(envoy.hosts() < 50, `${envoy.hosts()} of ${HOSTS.length}`);
});

test('what it asked for while there was no control plane is asked for when there is', {
  timeout: 20_000,
}, async () => {
  const view = new TestView();
  const plane = await startControlPlane(view, 0, { demandWindow: WINDOW });
  view.putListener('waiting', '1');
  // More is to come.
  view.setSynced();
  const { port } = await startRelay([plane.port]);
  const envoy = startEnvoy(port);
  await envoy.until('waiting');
  await plane.server.close(0);
  envoy.hold();
  envoy.demand(LAST);
  const again = await startControlPlane(view, plane.port, { demandWindow: WINDOW });
  putHosts(view, HOSTS);
  await envoy.until(LAST, `set-${LAST}`);
  assert.ok(envoy.hosts() < 50, `${envoy.hosts()} of ${HOSTS.length}`);
  assert.ok(again.seen.some((what) => what.startsWith('connect')));
});
