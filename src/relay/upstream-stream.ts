import { DeltaDiscoveryRequest } from '../proto/index.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  EXTENSION_TYPE,
  LISTENER_TYPE,
} from '../snapshot/resources/resource.ts';
import type { AdsStream } from '../xds/stream.ts';
import { encodeSubscription, nodeOf, readResponse } from './discovery-messages.ts';
import { RelayedResource } from './relayed-resource.ts';
import { RELAYED_TYPES, type RelayedResources, type ResourceUpdate } from './relayed-resources.ts';

/** What is asked of the stream of the Envoy that the control plane is told of. */
export interface EnvoyProgress {
  readonly stream: Pick<AdsStream, 'acknowledged' | 'hasAllResources' | 'hasAskedFor' | 'held' | 'isCurrent'>;
  /** It is sent nothing before the control plane has told everything. */
  readonly isHeldOff: boolean;
}

/**
 * A type without resources. The control plane answers who asks for all of them, with nothing, behind all that there is to tell
 * of other types (`AdsStream.next`): so this answer says that all has been told.
 */
const END_TYPE = 'type.googleapis.com/sluice.discovery.v1.End';
const INVALID_ARGUMENT = 3;

/** Asked for when Envoy has what this node has of listeners; the control plane makes lists of hosts by which of those Envoy has. */
const BEHIND: readonly string[] = [LISTENER_TYPE, EXTENSION_TYPE];

/** A response of the control plane that it has no answer to yet. */
interface Pending {
  readonly nonce: string;
  readonly typeUrl: string;
  readonly resources: readonly { readonly name: string; readonly version: string }[];
  readonly hasRemovals: boolean;
  /** Resources before this one are settled. */
  next: number;
  /** What Envoy, or this node, says against it. */
  readonly errors: Set<string>;
}

type Request = Parameters<typeof DeltaDiscoveryRequest.encode>[0];

/**
 * One stream to the control plane, on behalf of one Envoy: it has the Envoy's identity and lives as long as its stream, so that the
 * control plane knows which Envoys are there. A response is acknowledged once Envoy has acknowledged all of it, and rejected
 * if Envoy rejects any. Pure: requests go to `send`, encoded.
 */
export class UpstreamStream {
  readonly #resources: RelayedResources;
  readonly #envoy: EnvoyProgress;
  readonly #send: (request: Uint8Array) => void;
  readonly #pending: Pending[] = [];
  /** By type, names with versions that the control plane was asked for again to hear that Envoy rejects them. */
  readonly #reported = new Map<string, Map<string, string>>(RELAYED_TYPES.map((type) => [type, new Map()]));
  #hasAskedForListeners = false;
  #isComplete = false;

  constructor(resources: RelayedResources, envoy: EnvoyProgress, send: (request: Uint8Array) => void) {
    this.#resources = resources;
    this.#envoy = envoy;
    this.#send = send;
  }

  /** The control plane has told all that there is, at least once on this stream. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  /** Asks for clusters and endpoint sets. `firstRequest`: that of the Envoy, whose node is passed on. */
  start(firstRequest: Buffer): void {
    this.#send(encodeSubscription(CLUSTER_TYPE, this.#resources.all(CLUSTER_TYPE), nodeOf(firstRequest)));
    this.#send(encodeSubscription(ENDPOINT_TYPE, this.#resources.all(ENDPOINT_TYPE)));
    this.progress();
  }

  /** Connections through Envoy wait for these clusters, which this node does not have. */
  demand(clusters: readonly string[]): void {
    if (clusters.length > 0)
      this.#request({ type_url: CLUSTER_TYPE, resource_names_subscribe: [...clusters] });
  }

  /** A response arrived. Returns what it says, published already; `undefined` where that is nothing. Throws on malformed bytes. */
  response(bytes: Buffer): ResourceUpdate | undefined {
    const { nonce, typeUrl, resources: encoded, removed } = readResponse(bytes);
    if (typeUrl === END_TYPE) {
      this.#isComplete = true;
      this.#request({ type_url: typeUrl, response_nonce: nonce });
      return undefined;
    }
    const errors = new Set<string>();
    const resources: RelayedResource[] = [];
    if (!RELAYED_TYPES.includes(typeUrl)) errors.add(`nobody asked for ${typeUrl}`);
    else
      for (const each of encoded) {
        try {
          resources.push(new RelayedResource(typeUrl, each));
        } catch (error) {
          errors.add(error instanceof Error ? error.message : String(error));
        }
      }
    const versions = resources.map(({ name, version }) => ({ name, version }));
    const hasRemovals = removed.length > 0;
    this.#pending.push({ nonce, typeUrl, resources: versions, hasRemovals, next: 0, errors });
    const update = { typeUrl, resources, removed };
    if (resources.length > 0 || hasRemovals) this.#resources.apply(update);
    this.progress();
    return update;
  }

  /** Envoy answered, asked for something, or has nothing to answer: tells the control plane what there is to tell. */
  progress(): void {
    this.#askForListeners();
    this.#reportRejected();
    const waiting = new Set<string>();
    for (const pending of [...this.#pending]) {
      // In the order in which they came.
      if (waiting.has(pending.typeUrl)) continue;
      if (this.#settle(pending)) this.#answer(pending);
      else waiting.add(pending.typeUrl);
    }
  }

  /**
   * An Envoy that is not known to have asked for listeners serves nothing in the eyes of the control plane. So they are asked for
   * when Envoy has what this node has of them.
   */
  #askForListeners(): void {
    const { stream, isHeldOff } = this.#envoy;
    if (this.#hasAskedForListeners || !stream.hasAskedFor(LISTENER_TYPE)) return;
    const isSettled = this.#settled(LISTENER_TYPE);
    for (const { name, version } of isHeldOff ? [] : this.#resources.all(LISTENER_TYPE))
      if (!isSettled(name, version)) return;
    this.#hasAskedForListeners = true;
    for (const type of BEHIND) this.#send(encodeSubscription(type, this.#resources.all(type)));
    this.#send(encodeSubscription(END_TYPE, []));
  }

  /**
   * What Envoy rejects and the control plane takes for accepted, since an Envoy before this one had it: it is asked to send that
   * again, and then hears of it.
   */
  #reportRejected(): void {
    for (const [typeUrl, reported] of this.#reported) {
      const held = this.#envoy.stream.held(typeUrl);
      if (held.size === 0) {
        reported.clear();
        continue;
      }
      const names: string[] = [];
      for (const [name, { version }] of held) {
        if (reported.get(name) === version || this.#isPending(typeUrl, name, version)) continue;
        reported.set(name, version);
        names.push(name);
      }
      const isAskedFor = !BEHIND.includes(typeUrl) || this.#hasAskedForListeners;
      if (names.length > 0 && isAskedFor)
        this.#request({ type_url: typeUrl, resource_names_subscribe: names });
    }
  }

  #isPending(typeUrl: string, name: string, version: string): boolean {
    return this.#pending.some(
      (pending) =>
        pending.typeUrl === typeUrl &&
        pending.resources.some((each) => each.name === name && each.version === version),
    );
  }

  /** Whether Envoy has answered all of the response; notes what it rejects. */
  #settle(pending: Pending): boolean {
    const { stream, isHeldOff } = this.#envoy;
    if (isHeldOff) return false;
    const { typeUrl, resources, hasRemovals } = pending;
    const hasAll = stream.hasAllResources && this.#resources.waitingCount === 0;
    const held = stream.held(typeUrl);
    // Endpoint sets among them that no cluster of Envoy refers to.
    const isSettled = hasAll ? () => true : this.#settled(typeUrl);
    for (; pending.next < resources.length; pending.next += 1) {
      const resource = resources[pending.next];
      if (resource === undefined) continue;
      const { name, version } = resource;
      if (!isSettled(name, version)) return false;
      const rejected = held.get(name);
      if (rejected?.version !== version) continue;
      this.#reported.get(typeUrl)?.set(name, version);
      pending.errors.add(rejected.error.includes(name) ? rejected.error : `${name}: ${rejected.error}`);
    }
    // Of what is removed nothing is remembered.
    return !hasRemovals || (stream.isCurrent && hasAll);
  }

  /** Tells whether Envoy has answered a version of a resource, or there is another one by now. */
  #settled(typeUrl: string): (name: string, version: string) => boolean {
    const { stream } = this.#envoy;
    const isAcknowledged = stream.acknowledged(typeUrl);
    const held = stream.held(typeUrl);
    return (name, version) => {
      if (this.#resources.versionOf(typeUrl, name) !== version) return true;
      if (this.#resources.isWaiting(typeUrl, name)) return false;
      return isAcknowledged(name, version) || held.get(name)?.version === version;
    };
  }

  #answer(pending: Pending): void {
    this.#pending.splice(this.#pending.indexOf(pending), 1);
    const { nonce, typeUrl, errors } = pending;
    const message = [...errors].join('\n');
    this.#request({
      type_url: typeUrl,
      response_nonce: nonce,
      ...(errors.size > 0 && { error_detail: { code: INVALID_ARGUMENT, message } }),
    });
  }

  #request(request: Request): void {
    this.#send(DeltaDiscoveryRequest.encode(request));
  }
}
