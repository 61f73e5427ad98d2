import protobuf from 'protobufjs';
import { Resource } from '../../src/proto/index.ts';
import type { Engine } from '../../src/snapshot/engine/engine.ts';
import { LISTENER_TYPE } from '../../src/snapshot/resources/resource.ts';

/** `envoy.config.listener.v3.Listener.filter_chains` */
const FILTER_CHAINS = 3;
/** `envoy.config.listener.v3.Listener.filter_chain_matcher` */
const FILTER_CHAIN_MATCHER = 32;
/** `envoy.config.listener.v3.FilterChain.name` */
const CHAIN_NAME = 7;

/** A listener as it is on the wire, taken apart by what Envoy drains for: hex, so that it compares and prints. */
export interface ListenerBytes {
  /** Each chain's message, by its name. */
  readonly chains: ReadonlyMap<string, string>;
  readonly matcher: string;
  /** Everything else: a change of it drains every connection of the listener. */
  readonly around: string;
}

/** By listener name. */
export function listenerBytes(engine: Engine): ReadonlyMap<string, ListenerBytes> {
  const listeners = [...engine.resources.all(LISTENER_TYPE)].map(({ name, bytes }) => {
    const content = Resource.decode(bytes).resource?.value ?? new Uint8Array();
    return [name, takenApart(content)] as const;
  });
  return new Map(listeners);
}

export function takenApart(listener: Uint8Array): ListenerBytes {
  const chains = new Map<string, string>();
  let matcher = '';
  let around = '';
  for (const { number, bytes } of fields(listener)) {
    const hex = Buffer.from(bytes).toString('hex');
    if (number === FILTER_CHAINS) chains.set(chainName(bytes), hex);
    else if (number === FILTER_CHAIN_MATCHER) matcher += hex;
    else around += hex;
  }
  return { chains, matcher, around };
}

/** Of a field that holds a chain, its tag and length included. */
function chainName(field: Uint8Array): string {
  const reader = protobuf.Reader.create(field);
  reader.uint32();
  const name = fields(reader.bytes()).find(({ number }) => number === CHAIN_NAME);
  if (name === undefined) return '';
  const inner = protobuf.Reader.create(name.bytes);
  inner.uint32();
  return inner.string();
}

/** The fields of a message in their order, each with its tag. */
function fields(message: Uint8Array): { readonly number: number; readonly bytes: Uint8Array }[] {
  const reader = protobuf.Reader.create(message);
  const found: { number: number; bytes: Uint8Array }[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    reader.skipType(tag & 7);
    found.push({ number: tag >>> 3, bytes: message.subarray(start, reader.pos) });
  }
  return found;
}
