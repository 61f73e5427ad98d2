import type { DeltaDiscoveryRequest__Output } from './gen/envoy/service/discovery/v3/DeltaDiscoveryRequest.ts';
import { messageType } from './message-type.ts';
import { NotPlain, PlainFields } from './plain-fields.ts';

/** Pairs of texts: an object, or what is decoded while it is looked at. Of two with one key the last one counts. */
export type TextPairs = Readonly<Record<string, string>> | Iterable<readonly [key: string, value: string]>;

export function eachPair(pairs: TextPairs): Iterable<readonly [key: string, value: string]> {
  return isIterable(pairs) ? pairs : Object.entries(pairs);
}

function isIterable(pairs: TextPairs): pairs is Exclude<TextPairs, Readonly<Record<string, string>>> {
  return Symbol.iterator in pairs;
}

/** A `DeltaDiscoveryRequest` whose versions may be texts that are not decoded yet. */
export type DeltaRequest = Omit<Partial<DeltaDiscoveryRequest__Output>, 'initial_resource_versions'> & {
  readonly initial_resource_versions?: TextPairs;
};

const general = messageType<object, Partial<DeltaDiscoveryRequest__Output>>(
  'envoy.service.discovery.v3.DeltaDiscoveryRequest',
);

/** Tags of `DeltaDiscoveryRequest`, and of an entry of a map of strings. */
const TAG = { subscribe: 0x1a, initialVersions: 0x2a, key: 0x0a, value: 0x12 } as const;

/** An Envoy's request has five or so. Each costs an object here, and a request has room for millions of empty ones. */
const MOST_OTHER_FIELDS = 64;

/**
 * Decodes a request as the general codec does. An Envoy that comes back begins with the names and versions of all that it
 * has; of 20,000 the general codec makes an object with as many keys, in 30 ms and 5 MB. Here they stay bytes, and
 * become texts while they are looked at. Throws on malformed bytes.
 */
export function decodeDeltaRequest(bytes: Buffer): DeltaRequest {
  try {
    return decodePlain(bytes);
  } catch (error) {
    if (error instanceof NotPlain) return general.decode(bytes);
    throw error;
  }
}

function decodePlain(bytes: Buffer): DeltaRequest {
  const fields = new PlainFields(bytes);
  const names: string[] = [];
  const rest: Buffer[] = [];
  let pairs: EncodedPairs | undefined;
  while (!fields.isAtEnd) {
    const start = fields.at;
    const tag = fields.tag();
    if (tag === TAG.subscribe) {
      const name = fields.ascii();
      names.push(bytes.toString('latin1', name, fields.at));
    } else if (tag === TAG.initialVersions) {
      const entry = fields.content();
      checkEntry(new PlainFields(bytes, entry, fields.at));
      pairs ??= new EncodedPairs(bytes);
    } else {
      fields.content();
      if (rest.length >= MOST_OTHER_FIELDS) throw new NotPlain();
      rest.push(bytes.subarray(start, fields.at));
    }
  }
  return {
    ...general.decode(Buffer.concat(rest)),
    ...(names.length > 0 && { resource_names_subscribe: names }),
    ...(pairs && { initial_resource_versions: pairs }),
  };
}

function checkEntry(entry: PlainFields): void {
  if (entry.tag() !== TAG.key) throw new NotPlain();
  entry.ascii();
  if (entry.tag() !== TAG.value) throw new NotPlain();
  entry.ascii();
  if (!entry.isAtEnd) throw new NotPlain();
}

/** The versions in a request that `decodePlain` has looked through. */
class EncodedPairs implements Iterable<readonly [string, string]> {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  *[Symbol.iterator](): Generator<readonly [string, string]> {
    const bytes = this.#bytes;
    const fields = new PlainFields(bytes);
    while (!fields.isAtEnd) {
      const tag = fields.tag();
      const start = fields.content();
      if (tag !== TAG.initialVersions) continue;
      const entry = new PlainFields(bytes, start, fields.at);
      entry.tag();
      const key = bytes.toString('latin1', entry.content(), entry.at);
      entry.tag();
      yield [key, bytes.toString('latin1', entry.content(), entry.at)];
    }
  }
}
