import { processTurns } from '../../../event-loop/turns.ts';
import { coveringWildcards, normalizeHostname } from '../../../gateway/values/hostname.ts';
import { type ObjectEvent, refOf } from '../../../model/events.ts';
import { type ObjectKey, objectKey, parseObjectKey } from '../../../model/key.ts';
import type { Ingress, TlsRoute } from '../../../model/objects.ts';
import type { World } from '../../../snapshot/world/world.ts';
import { hostnamesOf } from '../../translate/host-owners.ts';

type Route = TlsRoute | Ingress;

/**
 * Which routes name a host, also where the name is written in a way that is not valid. Made when somebody first asks, and kept from
 * then on: 20,000 routes are not looked through for each question.
 */
export class RouteNames {
  readonly #world: World;
  readonly #routes = new Map<string, Set<ObjectKey>>();
  readonly #names = new Map<ObjectKey, readonly string[]>();
  #made: Promise<void> | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** To be called after the world took the events. */
  objectsChanged(events: readonly ObjectEvent[]): void {
    if (this.#made === undefined) return;
    for (const event of events) {
      const ref = event.type === 'upsert' ? refOf(event.object) : event.ref;
      if (ref.kind === 'TLSRoute' || ref.kind === 'Ingress') this.#read(objectKey(ref));
    }
  }

  /** Routes of which a hostname is the host, a wildcard above it, or has it in it, as `https://host/` does. */
  async naming(host: string): Promise<readonly Route[]> {
    this.#made ??= this.#make();
    await this.#made;
    const keys = new Set<ObjectKey>();
    for (const name of [host, ...coveringWildcards(host)])
      if (name !== '*') for (const key of this.#routes.get(name) ?? []) keys.add(key);
    return [...keys].flatMap((key) => this.#route(key) ?? []);
  }

  async #make(): Promise<void> {
    const keys = [...this.#world.all('TLSRoute'), ...this.#world.all('Ingress')].map((route) =>
      objectKey(refOf(route)),
    );
    const lane = processTurns.reports;
    for (const key of keys) {
      if (lane.isSpent) await lane.rest();
      this.#read(key);
    }
  }

  #route(key: ObjectKey): Route | undefined {
    const { kind, namespace, name } = parseObjectKey(key);
    return kind === 'Ingress' || kind === 'TLSRoute' ? this.#world.get(kind, namespace, name) : undefined;
  }

  #read(key: ObjectKey): void {
    for (const name of this.#names.get(key) ?? []) {
      const routes = this.#routes.get(name);
      routes?.delete(key);
      if (routes?.size === 0) this.#routes.delete(name);
    }
    const route = this.#route(key);
    if (route === undefined) {
      this.#names.delete(key);
      return;
    }
    const names = [...new Set(hostnamesOf(route).flatMap(namesIn))];
    this.#names.set(key, names);
    for (const name of names) {
      const routes = this.#routes.get(name) ?? new Set();
      this.#routes.set(name, routes.add(key));
    }
  }
}

/** The name itself, and what in it may be meant as one. */
function namesIn(written: string): readonly string[] {
  const name = normalizeHostname(written);
  if (/^[\w.*-]*$/.test(name)) return [name];
  return [name, ...name.split(/[^\w.-]+/).filter((part) => part.includes('.'))];
}
