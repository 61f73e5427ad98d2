/** Attacks on the connections of a gateway, and the promise that one host's can be ended, each with a real Envoy of its own. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts, GatewayNode, type GatewayNodeOptions, serviceOf } from '../e2e/gateway-node.ts';
import { encodeClientHello } from '../harness/client-hello.ts';
import { clientLimits, counted, nft } from '../harness/client-limits.ts';
import { gateway, gatewayClass, type Manifest, service, tlsRoute } from '../harness/manifests.ts';
import { attempt, type LongLived, openLongLived } from '../harness/tls-client.ts';
import { until } from '../harness/until.ts';
import { Flood } from './flood.ts';

/** One line of the report. */
export interface Outcome {
  readonly isOk: boolean;
  readonly figures: string;
}

const GOOD_HOST = 'good.stage.example.com';
const ATTEMPTS = 50;
/** How long a client may be silent in these attacks; the default is 10 s. */
const CLIENT_HELLO_MS = 3_000;
/** Where Envoy and its clients are: addresses of this network, the attacker's and the good tenant's. */
export interface Addresses {
  readonly gateway: string;
  readonly attacker: string;
  readonly good: string;
}

class Victim implements AsyncDisposable {
  readonly node: GatewayNode;
  readonly port: number;
  readonly addresses: Addresses;

  private constructor(node: GatewayNode, port: number, addresses: Addresses) {
    this.node = node;
    this.port = port;
    this.addresses = addresses;
  }

  static async start(addresses: Addresses, options: GatewayNodeOptions): Promise<Victim> {
    const [port = 0] = await freePorts(1);
    const listeners = [{ name: 'tls', port, hostname: '*.stage.example.com' }];
    const node = await GatewayNode.start(
      { 'gateway.yaml': [gatewayClass(), gateway('gw', listeners, [addresses.gateway])] },
      options,
    );
    const victim = new Victim(node, port, addresses);
    const backend = await node.backend('good');
    const route = tlsRoute({ name: 'good', hosts: [GOOD_HOST], backends: [{ name: 'good' }] });
    await node.write('good.yaml', [...serviceOf('good', backend), route]);
    await victim.untilServed();
    return victim;
  }

  get target() {
    return { address: this.addresses.gateway, port: this.port };
  }

  async isServed(timeoutMs = 2_000): Promise<boolean> {
    const { outcome } = await attempt({
      ...this.target,
      servername: GOOD_HOST,
      localAddress: this.addresses.good,
      timeoutMs,
    });
    return outcome === 'answered';
  }

  /** Milliseconds until the good tenant's host answers. */
  async untilServed(): Promise<number> {
    const began = performance.now();
    await until(() => this.isServed(), { what: 'the good tenant is served', timeoutMs: 30_000 });
    return performance.now() - began;
  }

  /** How many of `ATTEMPTS` connections of the good tenant are served. */
  async served(): Promise<number> {
    let served = 0;
    for (let index = 0; index < ATTEMPTS; index += 1) if (await this.isServed()) served += 1;
    return served;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]();
  }
}

function inNamespace(namespace: string, manifests: readonly Manifest[]): Manifest[] {
  return manifests.map((manifest) => ({
    ...manifest,
    metadata: { ...(manifest['metadata'] as object), namespace },
  }));
}

/** One namespace opens more connections over its 16 hosts than the Envoy takes. */
export async function manyHosts(addresses: Addresses): Promise<Outcome> {
  const [most, share] = [2_000, 200];
  await using victim = await Victim.start(addresses, {
    flags: { namespaceConnections: [String(share)] },
    bootstrap: { maxConnections: [String(most)] },
  });
  let atBackend = 0;
  const sink = createServer((socket) => {
    atBackend += 1;
    socket
      .on('error', () => {})
      .on('close', () => (atBackend -= 1))
      .resume();
  }).listen(0, '127.0.0.1');
  await once(sink, 'listening');
  const { port } = sink.address() as { port: number };
  const hosts = Array.from({ length: 16 }, (_, index) => `h${index}.stage.example.com`);
  await victim.node.write(
    'attacker.yaml',
    inNamespace('attacker', [
      ...service('sink', [{ address: '127.0.0.1', port }]),
      tlsRoute({ name: 'many', hosts, backends: [{ name: 'sink' }] }),
    ]),
  );
  const hellos = hosts.map((serverName) => encodeClientHello({ serverName }));
  const says = (index: number): Uint8Array => hellos[index % hellos.length] ?? Buffer.alloc(0);
  const one = { ...victim.target, localAddress: addresses.attacker, says };
  await until(
    async () => {
      using probe = await Flood.start({ ...one, count: hosts.length });
      await delay(50);
      return probe.open === hosts.length;
    },
    { what: 'the hosts of the attacker are served' },
  );
  await until(() => atBackend === 0, { what: 'the probes are gone' });
  using flood = await Flood.start({ ...one, count: 16 * 200 });
  await until(() => flood.open === atBackend, {
    what: 'Envoy has closed what is too much',
    timeoutMs: 30_000,
  });
  const [held, served] = [flood.open, await victim.served()];
  sink.close();
  return {
    isOk: held <= share && held > 0 && served === ATTEMPTS,
    figures: `3,200 connections to 16 hosts of one namespace at an Envoy of ${most}: it holds ${held}, its share is ${share}; another tenant served ${served} of ${ATTEMPTS}`,
  };
}

/** Somebody without a tenant opens 10,000 connections and says nothing. */
export async function silence(addresses: Addresses): Promise<Outcome> {
  const most = 2_000;
  await using victim = await Victim.start(addresses, {
    flags: { clientHelloTimeout: [`${CLIENT_HELLO_MS}ms`] },
    bootstrap: { maxConnections: [String(most)] },
  });
  using flood = await Flood.start({
    ...victim.target,
    localAddress: addresses.attacker,
    count: 10_000,
    insists: true,
  });
  const meanwhile = await victim.served();
  flood.relent();
  const waitedMs = await victim.untilServed();
  const served = await victim.served();
  return {
    isOk: waitedMs <= CLIENT_HELLO_MS + 1_000 && served === ATTEMPTS,
    figures: `10,000 silent connections at an Envoy of ${most}, opened again and again: another tenant served ${meanwhile} of ${ATTEMPTS}, of which nothing is promised; ${seconds(waitedMs)} after the last one (time-out ${seconds(CLIENT_HELLO_MS)}) ${served} of ${ATTEMPTS}`,
  };
}

/** The same before nftables with a limit for each client. */
export async function silenceBehindRules(addresses: Addresses): Promise<Outcome> {
  const [most, limit] = [2_000, 500];
  await using victim = await Victim.start(addresses, {
    flags: { clientHelloTimeout: [`${CLIENT_HELLO_MS}ms`] },
    bootstrap: { maxConnections: [String(most)] },
  });
  nft(
    ['-f', '-'],
    clientLimits({ port: victim.port, connections: limit, perSecond: 100_000, burst: 100_000 }),
  );
  try {
    const flood = Flood.start({
      ...victim.target,
      localAddress: addresses.attacker,
      count: 10_000,
      insists: true,
    });
    const during = await victim.served();
    using opened = await flood;
    const [held, after] = [opened.open, await victim.served()];
    return {
      isOk: during === ATTEMPTS && after === ATTEMPTS && held <= limit,
      figures: `10,000 silent connections of one address at an Envoy of ${most}, limited to ${limit} by nftables: it holds ${held}, ${counted('too-many')} refused; another tenant served ${during + after} of ${2 * ATTEMPTS}`,
    };
  } finally {
    nft(['delete', 'table', 'inet', 'sluice-clients']);
  }
}

/** An Envoy with few descriptors, and more connections than it has descriptors for. */
export async function fewDescriptors(addresses: Addresses): Promise<Outcome> {
  const hard = 1_024;
  await using victim = await Victim.start(addresses, {
    flags: { clientHelloTimeout: [`${CLIENT_HELLO_MS}ms`] },
    descriptors: { soft: 256, hard },
  });
  const { pid } = victim.node.envoy;
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8');
  const soft = Number(/^Max open files +(\d+)/m.exec(limits)?.[1]);
  const page = await fetch(`http://127.0.0.1:${victim.node.plane.adminPort}/debug/nodes`);
  const [node] = (await page.json()) as { limits: { maxConnections: number } }[];
  const most = node?.limits.maxConnections ?? 0;
  let share = 0;
  {
    using flood = await Flood.start({ ...victim.target, localAddress: addresses.attacker, count: 2_000 });
    const [before, began] = [await cpuMs(pid), performance.now()];
    await delay(2_000);
    share = (await cpuMs(pid)) - before;
    share /= performance.now() - began;
    void flood.open;
  }
  await victim.untilServed();
  const served = await victim.served();
  return {
    isOk: soft === hard && share < 0.5 && served === ATTEMPTS,
    figures: `2,000 connections at an Envoy that may open ${hard} files (soft limit 256, raised to ${soft}): takes ${most} connections, ${Math.round(share * 100)} % of a core when full; afterwards another tenant served ${served} of ${ATTEMPTS}`,
  };
}

/** Of a hundred hosts with `sluice.dev/close-on-delete` one is deleted and one moved. */
export async function cutting(addresses: Addresses): Promise<Outcome> {
  const drainTimeSeconds = 5;
  await using victim = await Victim.start(addresses, {
    drainTimeSeconds,
    flags: { namespaceChains: ['1000'] },
  });
  const { node } = victim;
  await node.write('other.yaml', serviceOf('other', await node.backend('other')));
  const annotations = { 'sluice.dev/close-on-delete': 'true' };
  const hostOf = (index: number): string => `c${index}.stage.example.com`;
  const route = (index: number, backend: string): Manifest[] => [
    tlsRoute({ name: `c${index}`, hosts: [hostOf(index)], backends: [{ name: backend }], annotations }),
  ];
  for (let index = 0; index < 100; index += 1) await node.write(`c${index}.yaml`, route(index, 'good'));
  const connections: LongLived[] = [];
  await node.envoy.waitFor(
    async () =>
      (await node.envoy.get('/config_dump')).split(' of TLSRoute/').length > 2 * 100 ? true : undefined,
    'the chains of a hundred hosts',
    30_000,
  );
  for (let index = 0; index < 10; index += 1)
    connections.push(await openLongLived({ ...victim.target, servername: hostOf(index) }));
  const [deleted, moved, ...others] = connections;
  if (deleted === undefined || moved === undefined) throw new Error('there are ten connections');
  await node.write('c0.yaml', []);
  await node.write('c1.yaml', route(1, 'other'));
  const began = performance.now();
  await Promise.race([
    Promise.all([deleted.closed, moved.closed]),
    delay((drainTimeSeconds + 5) * 1_000, undefined, { ref: false }),
  ]);
  const tookMs = performance.now() - began;
  const isCut = !deleted.isOpen && !moved.isOpen;
  await delay(500);
  const open = others.filter(({ isOpen }) => isOpen).length;
  for (const connection of connections) connection.end();
  return {
    isOk: isCut && open === others.length && tookMs < (drainTimeSeconds + 2) * 1_000,
    figures: `of 100 hosts with close-on-delete one deleted and one moved: their connections ended after ${seconds(tookMs)} (drain time ${drainTimeSeconds} s), ${open} of ${others.length} others open`,
  };
}

/** CPU time of a process. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [, , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(user) + Number(system)) * 10;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
