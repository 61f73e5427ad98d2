/**
 * Sluice's engine and xDS server in a process of their own, as `sluice serve` joins them, with tenants that are played: a
 * thousand changes a second are more than an API server takes, so they go into the engine directly. Argument: the source tree, if
 * it is not the present one.
 */
import process from 'node:process';
import { type ObjectEvent, refOf } from '../../src/model/events.ts';
import type { KubernetesObject, TlsRoute } from '../../src/model/objects.ts';
import { DOMAIN, gatewayObjects, tenantObjects, upserts } from '../harness/tenants.ts';
import type { Answer, Noise, Request } from './messages.ts';
import { PRESENT_SLUICE, sluiceOf, takeEvents } from './sluice-tree.ts';

const NOISY_ROUTES = 200;
const HOSTS_OF_ROUTE = 16;
const SHARED_ROUTES = 1_000;
const SHARED_SERVICES = 16;
const SHARED_ENDPOINTS = 1_000;
const TICK_MS = 10;
/** Tenants of `churn`: how many there are at once, and the number of the first. */
const LIVE = 1_000;
const FIRST_CHURN = 1_000_000;

const { Engine, FlushLoop, AdsServer, config } = await sluiceOf(process.argv[2] ?? PRESENT_SLUICE);
const engine = new Engine({
  ...config,
  gateway: { ...config.gateway, listenAddresses: ['127.0.0.1'], allowLoopbackEndpoints: true },
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

/** The `count`-th change of tenants who come and go. */
function churn(count: number): ObjectEvent[] {
  const going = count < LIVE ? [] : tenant(FIRST_CHURN + count - LIVE);
  return [
    ...upserts(tenant(FIRST_CHURN + count)),
    ...going.map((object) => ({ type: 'delete' as const, ref: refOf(object) })),
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
function noisyChange(kind: Exclude<Noise['kind'], 'churn'>, count: number): KubernetesObject[] {
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
  if (kind === 'endpoint') {
    const routes = Array.from({ length: NOISY_ROUTES }, (_, index) => routeOf('noisy', index, 'a'));
    takeEvents(loop, upserts(routes));
  }
  const began = performance.now();
  timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) * perSecond) / 1_000);
    const events: ObjectEvent[] = [];
    // Here nobody writes statuses.
    engine.takeStatusChanges();
    for (; changes < due; changes += 1)
      events.push(...(kind === 'churn' ? churn(changes) : upserts(noisyChange(kind, changes))));
    takeEvents(loop, events);
  }, TICK_MS);
}

function take(request: Request): void {
  switch (request.type) {
    case 'quiet': {
      ({ backendPort } = request);
      const [gatewayClass, gateway] = gatewayObjects();
      if (gatewayClass === undefined || gateway?.kind !== 'Gateway') throw new Error('as tenants have them');
      const listeners = gateway.listeners.map((listener) => ({ ...listener, port: request.port }));
      takeEvents(loop, upserts([gatewayClass, { ...gateway, listeners }]));
      for (let index = 0; index < request.hosts; index += 1) takeEvents(loop, upserts(tenant(index)));
      takeEvents(
        loop,
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
      takeEvents(loop, upserts([...serviceOf('pairs', 'many', addresses), ...routes]));
      break;
    }
    case 'cover': {
      const { backendPort: port } = request;
      const route = routeOf('noisy', 0, 'cover', { hostnames: [`*.${DOMAIN}`] });
      const [service, slice] = serviceOf('noisy', 'cover', ['127.0.0.1']);
      if (service === undefined || slice?.kind !== 'EndpointSlice') throw new Error('as tenants have them');
      const to = { ...slice, ports: [{ name: 'api', port: port ?? 0, protocol: 'TCP' }] };
      const gone: ObjectEvent = {
        type: 'delete',
        ref: { kind: 'TLSRoute', namespace: 'noisy', name: route.meta.name },
      };
      takeEvents(loop, port === undefined ? [gone] : upserts([service, to, route]));
      break;
    }
    case 'memory':
      globalThis.gc?.();
      answer({ type: 'memory', changes, usage: process.memoryUsage() });
      return;
    case 'windows':
      changes = server.nodes().filter(({ stream }) => stream.window?.isOpen === true).length;
      break;
    case 'victim':
      takeEvents(loop, upserts(tenant(request.index)));
      break;
  }
  answer({ type: 'done', changes });
}

process.on('message', take);
process.on('disconnect', () => process.exit(0));
answer({ type: 'listening', xdsPort: await server.listen({ host: '127.0.0.1', port: 0 }) });
