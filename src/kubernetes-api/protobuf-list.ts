import { SERVICE_NAME_LABEL } from '../model/names.ts';
import {
  bytes,
  entry,
  flag,
  integer,
  long,
  type MessageShape,
  message,
  messages,
  readMessage,
  shapeOf,
  text,
  texts,
  time,
} from './protobuf-message.ts';

/**
 * The lists of kinds that Kubernetes serves as protobuf, half the bytes of their JSON and less work on both sides.
 * Field numbers: `generated.proto` of k8s.io/api and k8s.io/apimachinery; they never change their meaning.
 */

/** `k8s` and a zero stand before every message of the API. */
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

const TYPE = shapeOf({ 1: text('apiVersion'), 2: text('kind') });
const ENVELOPE = shapeOf({ 1: message('type', TYPE), 2: bytes('raw'), 3: text('encoding') });
const LIST_META = shapeOf({ 2: text('resourceVersion'), 3: text('continue') });
const LIST_HEAD = shapeOf({ 1: message('metadata', LIST_META) });

const META = {
  1: text('name'),
  3: text('namespace'),
  5: text('uid'),
  6: text('resourceVersion'),
  7: long('generation'),
  8: time('creationTimestamp'),
};

const SERVICE_PORT = shapeOf({ 1: text('name'), 2: text('protocol'), 3: integer('port') });
const SERVICE = shapeOf({
  1: message('metadata', shapeOf(META)),
  2: message(
    'spec',
    shapeOf({
      1: messages('ports', SERVICE_PORT),
      3: text('clusterIP'),
      4: text('type'),
      13: flag('publishNotReadyAddresses'),
      19: texts('ipFamilies'),
    }),
  ),
});

const CONDITIONS = shapeOf({ 1: flag('ready'), 2: flag('serving'), 3: flag('terminating') });
const ENDPOINT = shapeOf({ 1: texts('addresses'), 2: message('conditions', CONDITIONS) });
const ENDPOINT_SLICE = shapeOf({
  1: message('metadata', shapeOf({ ...META, 11: entry('labels', SERVICE_NAME_LABEL) })),
  2: messages('endpoints', ENDPOINT),
  3: messages('ports', SERVICE_PORT),
  4: text('addressType'),
});

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** The kinds whose lists are read as protobuf: which fields of an object, as `src/watchers/objects` wants them. */
const LISTS: ReadonlyMap<string, MessageShape> = new Map(
  Object.entries({ Service: SERVICE, EndpointSlice: ENDPOINT_SLICE }).map(([kind, object]) => [
    kind,
    shapeOf({ 1: message('metadata', LIST_META), 2: messages('items', object) }),
  ]),
);

const STATUS = shapeOf({
  3: text('message'),
  4: text('reason'),
  5: message('details', shapeOf({ 5: integer('retryAfterSeconds') })),
});

/** Whether lists of the kind are asked for as protobuf. */
export function isReadAsProtobuf(kind: string): boolean {
  return LISTS.has(kind);
}

/**
 * What `JSON.parse` would give of the same list, without the fields that are not read: of metadata the version and the
 * token, and the items. Throws where the bytes are no such list.
 */
export function readProtobufList(
  kind: string,
  body: Buffer,
): { readonly items?: unknown; readonly metadata?: { readonly continue?: unknown } } {
  const shape = LISTS.get(kind);
  if (shape === undefined) throw new Error(`${kind} is not read as protobuf`);
  return readMessage(contentOf(body, `${kind}List`), shape);
}

/** The token of such a list, without reading its items; `''` on the last page, `undefined` where it is no list. */
export function protobufContinueToken(kind: string, body: Buffer): string | undefined {
  try {
    const { metadata } = readMessage(contentOf(body, `${kind}List`), LIST_HEAD) as {
      readonly metadata?: { readonly continue?: string };
    };
    return metadata?.continue ?? '';
  } catch {
    return undefined;
  }
}

/** The `Status` with which a request for protobuf is refused. Throws where it is none. */
export function readProtobufStatus(body: Buffer): unknown {
  return readMessage(contentOf(body, 'Status'), STATUS);
}

/** The message of this kind in its envelope, `runtime.Unknown`. */
function contentOf(body: Buffer, kind: string): Uint8Array {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('not protobuf of Kubernetes');
  const { type, raw, encoding } = readMessage(body.subarray(MAGIC.length), ENVELOPE) as {
    readonly type?: { readonly kind?: string };
    readonly raw?: Uint8Array;
    readonly encoding?: string;
  };
  if (type?.kind !== kind) throw new Error(`not a ${kind}`);
  if (encoding !== undefined && encoding !== '') throw new Error(`encoded as ${encoding}`);
  return raw ?? new Uint8Array();
}
