/** KdcClusters that come, change and go, and what there should be of them in the end. */
import { Random } from '../chaos/random.ts';
import type { ApiClient, ApiObject } from '../harness/kubernetes/client.ts';
import { addressesOf, DOMAIN, KDC, ROUTE, SERVICE, SLICE } from './installation.ts';

const LABEL = 'sluice.dev/tenants';
const CONCURRENCY = 12;

interface Wanted {
  readonly namespace: string;
  readonly name: string;
  readonly address: string;
}

export interface ChurnOptions {
  readonly client: ApiClient;
  readonly tenants: number;
  readonly namespaces: number;
  readonly seed: number;
}

/** What is not as it should be, one line each. */
export interface Difference {
  readonly left: readonly string[];
  readonly lost: readonly string[];
}

export class Churn {
  readonly #client: ApiClient;
  readonly #random: Random;
  readonly #options: ChurnOptions;
  readonly #wanted = new Map<string, Wanted>();
  #made = 0;
  operations = 0;

  constructor(options: ChurnOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#random = new Random(options.seed);
  }

  get size(): number {
    return this.#wanted.size;
  }

  async makeNamespaces(): Promise<void> {
    for (let index = 0; index < this.#options.namespaces; index += 1)
      await this.#client.apply([
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `project-${index}` } },
      ]);
  }

  async createAll(): Promise<void> {
    await this.#each(Array.from({ length: this.#options.tenants }, () => () => this.#create()));
  }

  /** Endpoints that move, tenants that come and go, objects that somebody edits or removes. */
  async change(count: number): Promise<void> {
    const work = Array.from({ length: count }, () => {
      const draw = this.#random.below(100);
      if (draw < 45) return () => this.#move();
      if (draw < 60) return () => this.#remove();
      if (draw < 75) return () => this.#create();
      return draw < 88 ? () => this.#edit() : () => this.#removeMade();
    });
    await this.#each(work);
  }

  /** Removes with the others what somebody else has made. */
  async adopt(namespace: string, names: RegExp): Promise<void> {
    const { items } = await this.#client.list(KDC.apiVersion, KDC.kind, namespace);
    for (const { metadata } of items)
      if (names.test(metadata.name))
        this.#wanted.set(metadata.name, { namespace, name: metadata.name, address: '' });
  }

  async removeAll(): Promise<void> {
    await this.#each(Array.from({ length: this.size }, () => () => this.#remove()));
  }

  /** Compares all that there is with all that there should be. */
  async difference(): Promise<Difference> {
    const [services, slices, routes] = await Promise.all([
      this.#labelled(SERVICE),
      this.#labelled(SLICE),
      this.#labelled(ROUTE),
    ]);
    const lost: string[] = [];
    const expect = (
      objects: Map<string, ApiObject>,
      key: string,
      isRight: (object: ApiObject) => boolean,
    ): void => {
      const object = objects.get(key);
      objects.delete(key);
      if (object === undefined) lost.push(`${key} is missing`);
      else if (!isRight(object)) lost.push(`${key} is wrong`);
    };
    for (const { namespace, name, address } of this.#wanted.values()) {
      expect(services, `${namespace}/${name}-api-proxy`, () => true);
      expect(slices, `${namespace}/${name}-api-proxy-ipv4`, (slice) => addressesOf(slice).join() === address);
      expect(routes, `${namespace}/${name}-api`, (route) => {
        const { hostnames } = route['spec'] as { hostnames: string[] };
        return hostnames.join() === `${name}-cp.${DOMAIN}`;
      });
    }
    const left = [services, slices, routes].flatMap((objects) => [...objects.keys()]);
    return { left, lost };
  }

  async #labelled(type: { readonly apiVersion: string; readonly kind: string }) {
    const { items } = await this.#client.list(type.apiVersion, type.kind);
    const ours = items.filter(({ metadata }) => metadata.labels?.[LABEL] !== undefined);
    return new Map(ours.map((each) => [`${each.metadata.namespace}/${each.metadata.name}`, each]));
  }

  #address(): string {
    return `100.65.${this.#random.below(200) + 10}.${this.#random.below(250) + 1}`;
  }

  async #create(): Promise<void> {
    this.#made += 1;
    const name = `c${this.#made}`;
    const namespace = `project-${this.#random.below(this.#options.namespaces)}`;
    const address = this.#address();
    await this.#client.create({ ...KDC, metadata: { name, namespace }, spec: { version: 'v1.36.0' } });
    await this.#point({ namespace, name, address });
  }

  async #point(wanted: Wanted): Promise<void> {
    const { namespace, name, address } = wanted;
    const status = { controlPlaneEndpoint: { host: address, port: 6443 } };
    await this.#client.patch({ ...KDC, namespace, name }, { status }, 'status');
    this.#wanted.set(name, wanted);
  }

  /** One that nobody else works on meanwhile. */
  #take(): Wanted | undefined {
    const all = [...this.#wanted.values()];
    if (all.length === 0) return undefined;
    const taken = this.#random.pick(all);
    this.#wanted.delete(taken.name);
    return taken;
  }

  async #move(): Promise<void> {
    const taken = this.#take();
    if (taken !== undefined) await this.#point({ ...taken, address: this.#address() });
  }

  async #remove(): Promise<void> {
    const taken = this.#take();
    if (taken !== undefined)
      await this.#client.remove({ ...KDC, namespace: taken.namespace, name: taken.name });
  }

  async #edit(): Promise<void> {
    const taken = this.#take();
    if (taken === undefined) return;
    const { namespace, name } = taken;
    const slice = { ...SLICE, namespace, name: `${name}-api-proxy-ipv4` };
    await ifThere(this.#client.patch(slice, { endpoints: [{ addresses: ['10.9.9.9'] }] }));
    const route = { ...ROUTE, namespace, name: `${name}-api` };
    await ifThere(this.#client.patch(route, { spec: { hostnames: ['elsewhere.example.net'] } }));
    this.#wanted.set(name, taken);
  }

  async #removeMade(): Promise<void> {
    const taken = this.#take();
    if (taken === undefined) return;
    const { namespace, name } = taken;
    await ifThere(this.#client.remove({ ...ROUTE, namespace, name: `${name}-api` }));
    await ifThere(this.#client.remove({ ...SERVICE, namespace, name: `${name}-api-proxy` }));
    this.#wanted.set(name, taken);
  }

  async #each(work: readonly (() => Promise<void>)[]): Promise<void> {
    const left = work.values();
    const worker = async (): Promise<void> => {
      for (const next of left) {
        await next();
        this.operations += 1;
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  }
}

/** The controller may not have made it yet, or be writing it just now. */
async function ifThere(write: Promise<unknown>): Promise<void> {
  await write.catch((error: unknown) => {
    const { status } = error as { readonly status?: number };
    if (status !== 404 && status !== 409) throw error;
  });
}
