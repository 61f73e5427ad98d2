import { createHash } from 'node:crypto';
import { frameResource, unpackBytes } from '../../src/proto/index.ts';
import { ResourceTable } from '../../src/snapshot/resources/resource-table.ts';

export interface GivenResource {
  readonly typeUrl: string;
  readonly name: string;
  /** The encoded message. */
  readonly content: Uint8Array;
}

/**
 * What the harness wants served: a real resource table, whose version is the one that the harness gave last. It looks
 * for that in `system_version_info`.
 */
export class AdapterState extends ResourceTable {
  readonly #contents = new Map<string, GivenResource>();
  #version = '';

  constructor() {
    super();
    this.setReady();
  }

  override get version(): string {
    return this.#version;
  }

  has(typeUrl: string, name: string): boolean {
    return this.get(typeUrl, name) !== undefined;
  }

  /** Replaces everything. */
  set(version: string, resources: readonly GivenResource[]): void {
    for (const known of this.#contents.values()) this.stage(known.typeUrl, known.name, undefined);
    this.#contents.clear();
    for (const resource of resources) this.#stage(version, resource);
    this.#publish(version);
  }

  put(version: string, resource: GivenResource): void {
    this.#stage(version, resource);
    this.#publish(version);
  }

  /** The same content under a new version: a server that sends what changed must send it. */
  touch(version: string, typeUrl: string, name: string): void {
    const known = this.#contents.get(key(typeUrl, name));
    if (known !== undefined) this.put(version, known);
  }

  remove(version: string, typeUrl: string, name: string): void {
    this.#contents.delete(key(typeUrl, name));
    this.stage(typeUrl, name, undefined);
    this.#publish(version);
  }

  #stage(version: string, resource: GivenResource): void {
    const { typeUrl, name, content } = resource;
    this.#contents.set(key(typeUrl, name), resource);
    const { version: framedVersion, packed } = frameResource({
      name,
      typeUrl,
      write: (writer) => writer.raw(content),
      versionOf: (bytes) => createHash('sha256').update(version).update('\0').update(bytes).digest('hex'),
    });
    this.stage(typeUrl, name, { typeUrl, name, version: framedVersion, bytes: unpackBytes(packed) });
  }

  #publish(version: string): void {
    this.#version = version;
    this.publish();
  }
}

function key(typeUrl: string, name: string): string {
  return `${typeUrl}\0${name}`;
}
