const ITEMS = '"items":[';
/** The items of a list are objects. */
const END_OF_ITEMS = '}]';
/** What stands around the items has some hundred bytes, most of them the token. */
const MAX_ENVELOPE_BYTES = 64 * 1024;

/**
 * The token with which the page after this one is asked for, found without parsing the items: `''` on the last page,
 * `undefined` where that is not certain and the page must be parsed first. A list of custom resources has its metadata
 * after the items, the others before them.
 */
export function continueTokenOf(page: Buffer): string | undefined {
  const start = page.indexOf(ITEMS) + ITEMS.length;
  const end = page.lastIndexOf(END_OF_ITEMS) + 1;
  if (start < ITEMS.length || end <= start) return undefined;
  if (start + (page.byteLength - end) > MAX_ENVELOPE_BYTES) return undefined;
  // One item in the place of all: if that is JSON, and the item is where it belongs, both ends were found.
  const envelope = parse(`${page.toString('utf8', 0, start)}0${page.toString('utf8', end)}`);
  if (!Array.isArray(envelope?.items) || envelope.items.length !== 1 || envelope.items[0] !== 0)
    return undefined;
  const token = envelope.metadata?.continue ?? '';
  return typeof token === 'string' ? token : undefined;
}

function parse(
  text: string,
): { readonly items?: unknown; readonly metadata?: { readonly continue?: unknown } | null } | undefined {
  try {
    return JSON.parse(text) as ReturnType<typeof parse>;
  } catch {
    return undefined;
  }
}
