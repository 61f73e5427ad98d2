import { Agent, request } from 'node:https';
import { parseAllDocuments } from 'yaml';

/** Any object of the API, as it is on the wire. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface ApiListing {
  readonly items: readonly ApiObject[];
  readonly resourceVersion: string;
}

export interface ObjectAddress {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

export interface RawRequest {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** The API server refused a request. */
export class ApiError extends Error {
  readonly status: number;
  /** The API's own word, `NotFound`, `Conflict`, `Forbidden` …; `''` where it gave none. */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
  }
}

interface Resource {
  readonly path: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface ClientOptions {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
}

/** A small client of the API for tests. Every method rejects with `ApiError` where the server says no. */
export class ApiClient {
  readonly #options: ClientOptions;
  readonly #agent: Agent;
  readonly #resources = new Map<string, Resource>();

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 32, ca: options.ca });
  }

  /** Closes idle and used connections. */
  close(): void {
    this.#agent.destroy();
  }

  /** One request; the answer's JSON, or its text where it is none. */
  async raw(method: string, path: string, options: RawRequest = {}): Promise<unknown> {
    const query = new URLSearchParams(options.query).toString();
    const url = new URL(`${path}${query === '' ? '' : `?${query}`}`, this.#options.url);
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const outgoing = request(url, {
        method,
        agent: this.#agent,
        headers: {
          authorization: `Bearer ${this.#options.token}`,
          accept: 'application/json',
          ...(body === undefined
            ? {}
            : {
                'content-type': options.contentType ?? 'application/json',
                'content-length': Buffer.byteLength(body),
              }),
        },
      });
      outgoing.once('error', reject);
      outgoing.once('response', (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('error', reject);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
        );
      });
      outgoing.end(body);
    });
    const answer = parsed(text);
    if (status >= 200 && status < 300) return answer;
    const { reason, message } = (answer ?? {}) as { reason?: string; message?: string };
    throw new ApiError(status, reason ?? '', `${method} ${url.pathname}: ${status} ${message ?? text}`);
  }

  /** Server-side apply of YAML documents or objects, in the order given; the objects as the server then has them. */
  async apply(manifests: string | readonly object[], fieldManager = 'sluice-test'): Promise<ApiObject[]> {
    const objects = typeof manifests === 'string' ? documents(manifests) : manifests;
    const applied: ApiObject[] = [];
    for (const object of objects as readonly ApiObject[]) {
      applied.push(
        (await this.raw('PATCH', await this.#path(object, object.metadata.namespace, object.metadata.name), {
          body: object,
          contentType: 'application/apply-patch+yaml',
          query: { fieldManager, force: 'true' },
        })) as ApiObject,
      );
    }
    return applied;
  }

  /** `query` e.g. `{ dryRun: 'All' }`. */
  async create(object: object, query: Readonly<Record<string, string>> = {}): Promise<ApiObject> {
    const given = object as ApiObject;
    const path = await this.#path(given, given.metadata.namespace);
    return (await this.raw('POST', path, { body: object, query })) as ApiObject;
  }

  /** Creates many objects, `concurrency` at a time; the first refusal ends it. */
  async createAll(objects: Iterable<object>, concurrency = 16): Promise<void> {
    const iterator = objects[Symbol.iterator]();
    const worker = async (): Promise<void> => {
      for (let next = iterator.next(); next.done !== true; next = iterator.next())
        await this.create(next.value);
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
  }

  async get(address: ObjectAddress): Promise<ApiObject> {
    return (await this.raw('GET', await this.#path(address, address.namespace, address.name))) as ApiObject;
  }

  /** All objects of a kind, read in pages; of all namespaces unless one is named. */
  async list(apiVersion: string, kind: string, namespace?: string): Promise<ApiListing> {
    const path = await this.#path({ apiVersion, kind }, namespace);
    const items: ApiObject[] = [];
    for (let token = ''; ; ) {
      const query = { limit: '1000', ...(token === '' ? {} : { continue: token }) };
      const page = (await this.raw('GET', path, { query })) as {
        items: ApiObject[];
        metadata: { continue?: string; resourceVersion: string };
      };
      for (const item of page.items) items.push(item);
      token = page.metadata.continue ?? '';
      if (token === '') return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  /** JSON merge patch; of the status where `subresource` says so. */
  async patch(address: ObjectAddress, body: object, subresource?: 'status' | 'scale'): Promise<ApiObject> {
    const path = await this.#path(address, address.namespace, address.name);
    return (await this.raw('PATCH', subresource === undefined ? path : `${path}/${subresource}`, {
      body,
      contentType: 'application/merge-patch+json',
    })) as ApiObject;
  }

  async remove(address: ObjectAddress): Promise<void> {
    await this.raw('DELETE', await this.#path(address, address.namespace, address.name));
  }

  /** Removes every object of a kind in one namespace, or of a cluster-scoped kind. */
  async removeAll(apiVersion: string, kind: string, namespace?: string): Promise<void> {
    await this.raw('DELETE', await this.#path({ apiVersion, kind }, namespace));
  }

  async #path(
    type: { readonly apiVersion: string; readonly kind: string },
    namespace?: string,
    name?: string,
  ): Promise<string> {
    const resource = await this.#resource(type.apiVersion, type.kind);
    const scope =
      resource.namespaced && (namespace !== undefined || name !== undefined)
        ? `/namespaces/${namespace ?? 'default'}`
        : '';
    return `${resource.path}${scope}/${resource.plural}${name === undefined ? '' : `/${name}`}`;
  }

  async #resource(apiVersion: string, kind: string): Promise<Resource> {
    const key = `${apiVersion}/${kind}`;
    const known = this.#resources.get(key);
    if (known !== undefined) return known;
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { resources } = (await this.raw('GET', path)) as {
      resources: readonly { name: string; kind: string; namespaced: boolean }[];
    };
    const found = resources.find((resource) => resource.kind === kind && !resource.name.includes('/'));
    if (found === undefined)
      throw new ApiError(404, 'NotFound', `the server has no ${kind} in ${apiVersion}`);
    const resource = { path, plural: found.name, namespaced: found.namespaced };
    this.#resources.set(key, resource);
    return resource;
  }
}

/** The objects of a YAML text of several documents; empty ones are left out. */
export function documents(yaml: string): ApiObject[] {
  return parseAllDocuments(yaml)
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0];
      return document.toJS() as ApiObject | null;
    })
    .filter((object) => object !== null);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
