/** Requests and responses of delta xDS, as the client of a control plane writes and reads them: names, versions and bytes. */
import { BackwardWriter, WireFields } from '../proto/index.ts';
import type { EncodedResource } from '../snapshot/resources/resource.ts';

/** Numbers of fields of `DeltaDiscoveryRequest`, and of an entry of a map. */
const REQUEST = { node: 1, typeUrl: 2, subscribe: 3, initialVersions: 5 } as const;
const ENTRY = { key: 1, value: 2 } as const;
/** Of `DeltaDiscoveryResponse`. */
const RESPONSE = { resource: 2, typeUrl: 4, nonce: 5, removed: 6 } as const;

const writer = new BackwardWriter();

/** Asks for all resources of a type, and says which are there already. `node`: of the first request on a stream, encoded. */
export function encodeSubscription(
  typeUrl: string,
  present: Iterable<Pick<EncodedResource, 'name' | 'version'>>,
  node?: Uint8Array,
): Uint8Array {
  writer.reset();
  for (const { name, version } of present) {
    const start = writer.length;
    writer.text(ENTRY.value, version);
    writer.text(ENTRY.key, name);
    writer.close(REQUEST.initialVersions, start);
  }
  writer.text(REQUEST.subscribe, '*');
  writer.text(REQUEST.typeUrl, typeUrl);
  if (node !== undefined) writer.bytes(REQUEST.node, node);
  return writer.finish();
}

/** The node of a request, encoded; `undefined` where it has none. Throws on malformed bytes. */
export function nodeOf(request: Buffer): Uint8Array | undefined {
  const fields = new WireFields(request);
  while (fields.next()) if (fields.field === REQUEST.node) return request.subarray(fields.start, fields.end);
  return undefined;
}

export interface Response {
  readonly typeUrl: string;
  readonly nonce: string;
  /** Encoded; views of the response. */
  readonly resources: readonly Buffer[];
  readonly removed: readonly string[];
}

/** Throws on malformed bytes. */
export function readResponse(bytes: Buffer): Response {
  let typeUrl = '';
  let nonce = '';
  const resources: Buffer[] = [];
  const removed: string[] = [];
  for (const fields = new WireFields(bytes); fields.next(); ) {
    const { field, start, end } = fields;
    if (field === RESPONSE.resource) resources.push(bytes.subarray(start, end));
    else if (field === RESPONSE.removed) removed.push(bytes.toString('utf8', start, end));
    else if (field === RESPONSE.typeUrl) typeUrl = bytes.toString('utf8', start, end);
    else if (field === RESPONSE.nonce) nonce = bytes.toString('utf8', start, end);
  }
  return { typeUrl, nonce, resources, removed };
}
