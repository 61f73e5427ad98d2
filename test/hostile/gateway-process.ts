/**
 * Sluice's engine and xDS server in a process of their own, as `sluice serve` joins them, with tenants that are played: a
 * thousand changes a second are more than an API server takes, so they go into the engine directly.
 */
import process from 'node:process';
import { DEFAULT_GATEWAY_CONFIG } from '../../src/gateway/config.ts';
import type { KubernetesObject, TlsRoute } from '../../src/model/objects.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../src/snapshot/config.ts';
import { Engine } from '../../src/snapshot/engine/engine.ts';
import { FlushLoop } from '../../src/snapshot/engine/flush-loop.ts';
import { AdsServer } from '../../src/xds/server.ts';
import { DOMAIN, gatewayObjects, tenantObjects, upserts } from '../harness/tenants.ts';
import type { Answer, Noise, Request } from './messages.ts';

const NOISY_ROUTES = 200;
const HOSTS_OF_ROUTE = 16;
const SHARED_ROUTES = 1_000;
const SHARED_SERVICES = 16;
const SHARED_ENDPOINTS = 1_000;
const TICK_MS = 10;

const engine = new Engine({
  ...DEFAULT_ENGINE_CONFIG,
  gateway: { ...DEFAULT_GATEWAY_CONFIG, listenAddresses: ['127.0.0.1'], allowLoopbackEndpoints: true },
});
const loop = new FlushLoop(engine);
const server = new AdsServer({ view: engine.resources, events: {} });
let backendPort = 0;
let timer: NodeJS.Timeout | undefined;
let changes = 0;

function answer(message: Answer): void {
  process.send?.(message);
}

/** A tenant whose endpoint is the test's TLS server. */
function tenant(index: number): KubernetesObject[] {
  return tenantObjects(index, '127.0.0.1').map((object) =>
    object.kind === 'EndpointSlice'
      ? { ...object, ports: [{ name: 'api', port: backendPort, protocol: 'TCP' }] }
      : object,
  );
}

function routeOf(namespace: string, index: number, service: string, over: Partial<TlsRoute> = {}): TlsRoute {
  const [route] = tenantObjects(index).filter((object) => object.kind === 'TLSRoute');
  if (route === undefined) throw new Error('a tenant has a route');
  return {
    ...route,
    meta: { ...route.meta, namespace, name: `noisy-${index}` },
    hostnames: Array.from(
      { length: HOSTS_OF_ROUTE },
      (_, host) => `h${host}-${index}.${namespace}.${DOMAIN}`,
    ),
    rules: [
      {
        name: undefined,
        backendRefs: [
          { group: '', kind: 'Service', namespace: undefined, name: service, port: 6443, weight: 1 },
        ],
      },
    ],
    ...over,
  };
}

function serviceOf(namespace: string, name: string, addresses: readonly string[]): KubernetesObject[] {
  const [, service, slice] = tenantObjects(0);
  if (service?.kind !== 'Service' || slice?.kind !== 'EndpointSlice') throw new Error('as tenants have them');
  return [
    { ...service, meta: { ...service.meta, namespace, name } },
    {
      ...slice,
      meta: { ...slice.meta, namespace, name: `${name}-1` },
      serviceName: name,
      endpoints: addresses.map((address) => ({
        addresses: [address],
        ready: true,
        serving: true,
        terminating: false,
      })),
    },
  ];
}

/** One of the Services that all routes of a namespace share; `without`: an endpoint that is not there. */
function sharedService(index: number, without?: number): KubernetesObject[] {
  const all = Array.from(
    { length: SHARED_ENDPOINTS },
    (_, each) => `100.${68 + index}.${Math.floor(each / 250)}.${(each % 250) + 1}`,
  );
  return serviceOf(
    'sharing',
    `s${index}`,
    all.filter((_, each) => each !== without),
  );
}

/** Routes with a host each that has all of the Services, in other parts than every other. */
function sharingRoutes(): TlsRoute[] {
  const services = Array.from({ length: SHARED_SERVICES }, (_, index) => index);
  return Array.from({ length: SHARED_ROUTES }, (_, index) => {
    const backendRefs = services.map((service) => ({
      ...{ group: '', kind: 'Service', namespace: undefined, name: `s${service}`, port: 6443 },
      weight: 1 + index + service * SHARED_ROUTES,
    }));
    const hostnames = [`h${index}.sharing.${DOMAIN}`];
    return routeOf('sharing', index, '', { hostnames, rules: [{ name: undefined, backendRefs }] });
  });
}

/** The `count`-th change of a noisy namespace. */
function noisyChange(kind: Noise['kind'], count: number): KubernetesObject[] {
  const index = count % NOISY_ROUTES;
  const turn = Math.floor(count / NOISY_ROUTES) % 2;
  switch (kind) {
    case 'backend':
      return [routeOf('noisy', index, turn === 0 ? 'a' : 'b')];
    case 'timeout': {
      const route = routeOf('noisy', index, 'a');
      const annotations = { 'sluice.dev/connect-timeout': `${1_000 + (count % 1_000)}ms` };
      return [{ ...route, meta: { ...route.meta, annotations } }];
    }
    case 'endpoint':
      return serviceOf('noisy', 'a', [`100.66.${turn}.${(count % 250) + 1}`]);
    case 'shares':
      if (count > 0) return sharedService(0, count % SHARED_ENDPOINTS);
      return [
        ...Array.from({ length: SHARED_SERVICES }, (_, each) => sharedService(each)).flat(),
        ...sharingRoutes(),
      ];
    case 'wildcard':
      return [
        routeOf('noisy', index, 'a', {
          hostnames: [`${turn === 0 ? '*' : 'a'}.w${index}.noisy.${DOMAIN}`],
        }),
      ];
  }
}

function makeNoise({ kind, perSecond }: Noise): void {
  changes = 0;
  const began = performance.now();
  timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) * perSecond) / 1_000);
    const objects: KubernetesObject[] = [];
    for (; changes < due; changes += 1) objects.push(...noisyChange(kind, changes));
    loop.takeEvents(upserts(objects));
  }, TICK_MS);
}

function take(request: Request): void {
  switch (request.type) {
    case 'quiet': {
      ({ backendPort } = request);
      const [gatewayClass, gateway] = gatewayObjects();
      if (gatewayClass === undefined || gateway?.kind !== 'Gateway') throw new Error('as tenants have them');
      const listeners = gateway.listeners.map((listener) => ({ ...listener, port: request.port }));
      loop.takeEvents(upserts([gatewayClass, { ...gateway, listeners }]));
      for (let index = 0; index < request.hosts; index += 1) loop.takeEvents(upserts(tenant(index)));
      loop.takeEvents(
        upserts([...serviceOf('noisy', 'a', ['100.66.0.1']), ...serviceOf('noisy', 'b', ['100.66.0.2'])]),
      );
      loop.synced();
      break;
    }
    case 'noise':
      clearInterval(timer);
      if (request.noise !== undefined) makeNoise(request.noise);
      break;
    case 'pairs': {
      const addresses = Array.from(
        { length: request.endpoints },
        (_, index) => `100.67.${Math.floor(index / 250)}.${(index % 250) + 1}`,
      );
      const routes = Array.from({ length: request.routes }, (_, index) => routeOf('pairs', index, 'many'));
      loop.takeEvents(upserts([...serviceOf('pairs', 'many', addresses), ...routes]));
      break;
    }
    case 'windows':
      changes = server.nodes().filter(({ stream }) => stream.window.isOpen).length;
      break;
    case 'victim':
      loop.takeEvents(upserts(tenant(request.index)));
      break;
  }
  answer({ type: 'done', changes });
}

process.on('message', take);
process.on('disconnect', () => process.exit(0));
answer({ type: 'listening', xdsPort: await server.listen({ host: '127.0.0.1', port: 0 }) });
