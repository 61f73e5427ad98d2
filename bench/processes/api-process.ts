/**
 * Plays a Kubernetes API server that has N objects of each of three kinds, as large as they are on a real one. It
 * answers each message when it has done what it was told.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { PlayedApi } from '../../src/watchers/kubernetes/test-played-api.ts';
import { addressOf, type Manifest, route, service, slice } from '../world/manifests.ts';

export type ApiOrder =
  /** Changes every object of the kind at once. */
  | { readonly do: 'change'; readonly plural: string }
  /** Ends the watches and forgets the past, so that all must be listed again. */
  | { readonly do: 'forget' };

const [count = 0] = process.argv.slice(2).map(Number);
const GATEWAY_API = '/apis/gateway.networking.k8s.io/v1';

const KINDS: Readonly<
  Record<string, { readonly path: string; make(index: number, moved: boolean): Manifest }>
> = {
  tlsroutes: {
    path: `${GATEWAY_API}/tlsroutes`,
    make: (index, moved) => ({ ...route(index), status: routeStatus(moved) }),
  },
  services: {
    path: '/api/v1/services',
    make: (index, moved) => ({ ...service(index), status: { loadBalancer: {}, moved } }),
  },
  endpointslices: {
    path: '/apis/discovery.k8s.io/v1/endpointslices',
    make: (index, moved) => slice(index, addressOf(index, moved)),
  },
};

/** What the API server and the controllers add to what a tenant writes. */
function stored(index: number, { apiVersion: _, kind: __, metadata, ...rest }: Manifest) {
  const fields = {
    'f:metadata': { 'f:labels': { '.': {} } },
    'f:spec': { 'f:hostnames': {}, 'f:rules': {} },
  };
  const managed = (manager: string, operation: string) => ({
    manager,
    operation,
    apiVersion: 'v1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
  });
  const uid = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
  const managedFields = [managed('kube-controller-manager', 'Update'), managed('kubectl', 'Apply')];
  return {
    metadata: { ...metadata, uid, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z', managedFields },
    ...rest,
  };
}

function routeStatus(moved: boolean): object {
  const condition = (type: string) => ({
    type,
    status: 'True',
    reason: type,
    message: `The route is ${type.toLowerCase()}${moved ? ' again' : ''}`,
    observedGeneration: 1,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });
  const parentRef = {
    group: 'gateway.networking.k8s.io',
    kind: 'Gateway',
    namespace: 'ingress',
    name: 'public',
  };
  const conditions = [condition('Accepted'), condition('ResolvedRefs')];
  return { parents: [{ parentRef, controllerName: 'sluice.dev/gateway-controller', conditions }] };
}

const apis = new Map(Object.entries(KINDS).map(([plural, { path }]) => [plural, new PlayedApi(path)]));

function fill(plural: string, moved: boolean): void {
  const api = apis.get(plural);
  const kind = KINDS[plural];
  if (api === undefined || kind === undefined) throw new Error(`no kind ${plural}`);
  for (let index = 0; index < count; index += 1) api.put(stored(index, kind.make(index, moved)));
}

const server = createServer((request, response) => {
  const path = (request.url ?? '').split('?')[0];
  const api = [...apis.values()].find((each) => each.path === path);
  if (api !== undefined) api.answer(request, response);
  else response.end(JSON.stringify(path === GATEWAY_API ? { resources: [{ name: 'tlsroutes' }] } : {}));
});
server.requestTimeout = 0;

process.on('message', (order: ApiOrder) => {
  if (order.do === 'change') fill(order.plural, true);
  else {
    for (const [plural, api] of apis) {
      api.end('cut');
      // Something has changed since, or the watch could go on from where it was.
      const first = KINDS[plural]?.make(0, true);
      if (first !== undefined) api.put(stored(0, first));
      api.compact();
    }
  }
  process.send?.({});
});

for (const [plural, api] of apis) {
  fill(plural, false);
  // Nobody watches from there.
  api.compact();
}
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
