/** Tenants whose routes come, move and go, and what a gateway has to serve because of that. */
import { setTimeout as delay } from 'node:timers/promises';
import { type ApiClient, ApiError } from '../harness/kubernetes/client.ts';
import { GATEWAY_API, tlsRoute } from '../harness/manifests.ts';
import { BACKENDS, DOMAIN } from './installation.ts';
import type { Random } from './random.ts';

type Backend = (typeof BACKENDS)[number];

const MOST_ROUTES = 200;
const RETRY_MS = 50;
/** For a write to an API server that may be away for as long as a fault lasts. */
const WRITE_MS = 60_000;

export class Tenants {
  /** Route → its backend, as the API server has acknowledged it. */
  readonly served = new Map<string, Backend>();
  /** Routes that were deleted. */
  readonly gone = new Set<string>();
  /** Routes that changed since `forgetChanges`. */
  readonly changed = new Set<string>();
  readonly #client: ApiClient;
  readonly #random: Random;
  #made = 0;

  constructor(client: ApiClient, random: Random) {
    this.#client = client;
    this.#random = random;
  }

  async add(): Promise<void> {
    this.#made += 1;
    await this.#put(`route-${this.#made}`, this.#random.pick(BACKENDS));
  }

  /** A route that is there for as long as the tenants are. */
  async addLasting(name: string): Promise<void> {
    await this.#put(name, 'a');
  }

  /** One change: a route comes, leads elsewhere, or goes. Resolves once the API server has it, however long it is away. */
  async change(): Promise<void> {
    const names = [...this.served.keys()].filter((name) => name.startsWith('route-'));
    const what = this.#random.below(names.length < MOST_ROUTES ? 4 : 3);
    if (names.length < 2 || what >= 2) {
      await this.add();
      return;
    }
    const name = this.#random.pick(names);
    if (what === 1) {
      await this.#put(name, this.served.get(name) === 'a' ? 'b' : 'a');
      return;
    }
    await persistently(() =>
      this.#client.remove({ apiVersion: GATEWAY_API, kind: 'TLSRoute', namespace: 'tenants', name }),
    );
    this.served.delete(name);
    this.gone.add(name);
    this.changed.add(name);
  }

  forgetChanges(): void {
    this.changed.clear();
  }

  async #put(name: string, backend: Backend): Promise<void> {
    const route = tlsRoute({ name, hosts: [hostOf(name)], backends: [{ name: backend }] });
    await persistently(() => this.#client.apply([route]));
    this.served.set(name, backend);
    this.changed.add(name);
  }
}

export function hostOf(route: string): string {
  return `${route}.${DOMAIN}`;
}

/** Writes are the same however often they are made. */
async function persistently(write: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + WRITE_MS;
  for (;;) {
    try {
      await write();
      return;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return;
      if (performance.now() > deadline) throw error;
      await delay(RETRY_MS);
    }
  }
}
