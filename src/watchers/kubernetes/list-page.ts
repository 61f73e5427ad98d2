import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import { protobufContinueToken, readProtobufList } from '../../kubernetes-api/protobuf-list.ts';
import type { Resource } from '../../kubernetes-api/watched-kind.ts';
import { continueTokenOf } from './list-envelope.ts';
import { isRawObject, type RawObject } from './raw-object.ts';

/** One page of a list, as the API server sent it. */
export interface PageBody {
  readonly bytes: Buffer;
  /** JSON otherwise. */
  readonly protobuf: boolean;
}

export interface PageContent {
  readonly items: readonly RawObject[];
  /** With which the next page is asked for; `''` on the last one. */
  readonly token: string;
  readonly resourceVersion: string;
}

/** The token of a page that has not been parsed; `undefined` where it must be parsed first. */
export function tokenOf({ bytes, protobuf }: PageBody, { kind }: Resource): string | undefined {
  return protobuf ? protobufContinueToken(kind, bytes) : continueTokenOf(bytes);
}

/** Throws an `ApiFailure` of the reason `malformed`, and nothing else. */
export function parsePage(what: string, body: PageBody, resource: Resource): PageContent {
  const { items, token = '', resourceVersion } = fieldsOf(what, body, resource);
  if (typeof resourceVersion !== 'string' || resourceVersion === '' || !Array.isArray(items))
    throw new ApiFailure('malformed', `${what}: not a list with a resourceVersion (${resource.apiVersion})`);
  for (const item of items) {
    if (!isRawObject(item)) throw new ApiFailure('malformed', `${what}: an item without name or version`);
  }
  return { items: items as RawObject[], token: typeof token === 'string' ? token : '', resourceVersion };
}

function fieldsOf(
  what: string,
  { bytes, protobuf }: PageBody,
  { kind }: Resource,
): { readonly items: unknown; readonly token?: unknown; readonly resourceVersion?: unknown } {
  let page: {
    readonly items?: unknown;
    readonly metadata?: { readonly continue?: unknown; readonly resourceVersion?: unknown } | null;
  };
  try {
    page = protobuf ? readProtobufList(kind, bytes) : (JSON.parse(bytes.toString('utf8')) as typeof page);
  } catch (cause) {
    throw new ApiFailure('malformed', `${what}: not ${protobuf ? 'protobuf' : 'JSON'}`, { cause });
  }
  const { continue: token, resourceVersion } = page?.metadata ?? {};
  // Go writes an empty slice that was never made as null, and none of it as protobuf.
  return { items: page?.items ?? [], token, resourceVersion };
}
