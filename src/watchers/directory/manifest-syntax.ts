import type { Document, Node } from 'yaml';
import {
  Composer,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
} from 'yaml';
import type { Lane } from '../../event-loop/turns.ts';

/** One document of a file, or one item of a list in it. */
export interface ManifestDocument {
  readonly raw: unknown;
  /** 1-based; `undefined` for an item of a list in JSON. */
  readonly line: number | undefined;
  /** The line of a field, or of the nearest thing around it that is there. To be asked while the document is the latest. */
  lineOf(path: readonly (string | number)[]): number | undefined;
}

/** A file that cannot be read as YAML or JSON. */
export class ManifestSyntaxError extends Error {
  /** 1-based. */
  readonly line: number | undefined;

  constructor(message: string, line: number | undefined) {
    super(message);
    this.name = 'ManifestSyntaxError';
    this.line = line;
  }
}

/** Kubernetes' own types nest some twenty levels. The parser keeps up to two entries for each. */
const MAX_DEPTH = 100;
/** Of aliases in a document: looking each up costs as much as the document is long. */
const MAX_ALIASES = 1000;
/** How often one anchor's content may multiply: the guard against "billion laughs". */
const MAX_ALIAS_COUNT = 100;
/** Of documents and items in a file, together: what is beside the objects in them costs room and time too. */
const MAX_ITEMS = 100_000;
/** Lexemes between two looks at the clock. */
const LEXEMES = 256;
/** The lexeme before the text of a plain or block scalar, which may begin with any character. */
const SCALAR = '\x1f';

/**
 * Parses the documents of a file, with the items of a `List` in the place of the list. Throws `ManifestSyntaxError`
 * for the file as a whole, which the documents before it are part of. The syntax tree of a document takes ten times the
 * room of its text, so there is one at a time.
 */
export async function* parseManifests(
  text: string,
  lane: Lane,
): AsyncGenerator<ManifestDocument, void, undefined> {
  const json = parseJson(text);
  if (json !== undefined) {
    yield* expandLists(json, undefined, 1, undefined, new ItemCount(), 0);
    return;
  }
  const lines = new LineCounter();
  lines.addNewLine(0);
  const count = new ItemCount();
  for await (const document of composeDocuments(text, lines, lane)) {
    const { contents } = document;
    const line = lines.linePos(contents?.range?.[0] ?? document.range[0]).line;
    const [error] = document.errors;
    if (error !== undefined) throw new ManifestSyntaxError(error.message, lines.linePos(error.pos[0]).line);
    count.add(1, line);
    refuseDuplicateKeys(contents, lines);
    const raw = plain(document, line);
    if (raw !== null && raw !== undefined) yield* expandLists(raw, contents, line, lines, count, 0);
    if (lane.isSpent) await lane.rest();
  }
}

/** JSON is YAML, but JSON's own parser is some fifty times faster. What it does not take, YAML's may explain. */
function parseJson(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As `parseAllDocuments`, in slices, and with limits that are checked while it reads. */
async function* composeDocuments(
  text: string,
  lines: LineCounter,
  lane: Lane,
): AsyncGenerator<Document.Parsed> {
  const parser = new Parser(lines.addNewLine);
  // `uniqueKeys` compares each key with each other, which a map of 100,000 keys would make a denial of service.
  const composer = new Composer({ uniqueKeys: false, merge: true, logLevel: 'error' });
  let count = 0;
  let aliases = 0;
  let previous = '';
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme === '---') aliases = 0;
    else if (lexeme.startsWith('*') && previous !== SCALAR) aliases += 1;
    previous = lexeme;
    for (const token of parser.next(lexeme)) yield* composer.next(token) as Generator<Document.Parsed>;
    const line = () => lines.linePos(parser.offset).line;
    if (parser.stack.length > 2 * MAX_DEPTH) {
      throw new ManifestSyntaxError(`it nests deeper than ${MAX_DEPTH} levels`, line());
    }
    if (aliases > MAX_ALIASES) {
      throw new ManifestSyntaxError(`a document has more than ${MAX_ALIASES} aliases`, line());
    }
    count += 1;
    if (count % LEXEMES === 0 && lane.isSpent) await lane.rest();
  }
  for (const token of parser.end()) yield* composer.next(token) as Generator<Document.Parsed>;
  yield* composer.end(false, text.length) as Generator<Document.Parsed>;
}

function plain(document: Document.Parsed, line: number): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch (error) {
    throw new ManifestSyntaxError(error instanceof Error ? error.message : String(error), line);
  }
}

/** The API server refuses them too; which of two values was meant cannot be known. */
function refuseDuplicateKeys(node: unknown, lines: LineCounter): void {
  if (isAlias(node) || !isCollection(node)) return;
  const seen = new Set<unknown>();
  for (const item of node.items) {
    if (!isPair(item)) {
      refuseDuplicateKeys(item, lines);
      continue;
    }
    const { key, value } = item;
    refuseDuplicateKeys(value, lines);
    if (!isScalar(key) || key.value === '<<') continue;
    // As properties of an object, 1 and "1" are the same.
    const name = String(key.value);
    if (seen.has(name)) {
      const shown = JSON.stringify(name.slice(0, 80));
      throw new ManifestSyntaxError(`key ${shown} is there twice`, lines.linePos(key.range?.[0] ?? 0).line);
    }
    seen.add(name);
  }
}

const MAX_LISTS = 4;

/** Throws once there are too many in a file. */
class ItemCount {
  #count = 0;

  add(items: number, line: number | undefined): void {
    this.#count += items;
    if (this.#count > MAX_ITEMS) {
      throw new ManifestSyntaxError(`it holds more than ${MAX_ITEMS} documents and items of lists`, line);
    }
  }
}

/**
 * The object, or each item of a `List` or `TLSRouteList`. Items of a typed list, as the API answers with one, have
 * the type of the list.
 */
function* expandLists(
  raw: unknown,
  node: Node | null | undefined,
  line: number | undefined,
  lines: LineCounter | undefined,
  count: ItemCount,
  depth: number,
): Generator<ManifestDocument, void, undefined> {
  const list = depth < MAX_LISTS ? asList(raw) : undefined;
  if (list === undefined) {
    yield { raw, line, lineOf: (path) => lineOf(node, path, lines) ?? line };
    return;
  }
  count.add(list.items.length, line);
  const itemsNode = isMap(node) ? node.get('items', true) : undefined;
  for (const [index, item] of list.items.entries()) {
    const itemNode = isSeq(itemsNode) ? (itemsNode.items[index] as Node | undefined) : undefined;
    const offset = itemNode?.range?.[0];
    const itemLine = offset === undefined ? undefined : lines?.linePos(offset).line;
    const typed = isObject(item) && list.type !== undefined ? { ...list.type, ...item } : item;
    yield* expandLists(typed, itemNode, itemLine ?? (lines && line), lines, count, depth + 1);
  }
}

/** As far as the path leads through what is written here: an alias is not followed. */
function lineOf(
  node: Node | null | undefined,
  path: readonly (string | number)[],
  lines: LineCounter | undefined,
): number | undefined {
  let offset: number | undefined;
  let inner: unknown = node;
  for (const key of path) {
    if (isMap(inner)) {
      const pair = inner.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (!isScalar(pair?.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      inner = pair.value;
    } else if (isSeq(inner) && typeof key === 'number') {
      inner = inner.items[key];
      offset = (inner as Node | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return offset === undefined ? undefined : lines?.linePos(offset).line;
}

function asList(
  raw: unknown,
): { readonly items: readonly unknown[]; readonly type: object | undefined } | undefined {
  if (!isObject(raw)) return undefined;
  const { apiVersion, kind, items, metadata } = raw as Readonly<Record<string, unknown>>;
  if (typeof kind !== 'string' || !kind.endsWith('List')) return undefined;
  // Lists have no name; some other kind may end like that.
  if (isObject(metadata) && 'name' in metadata) return undefined;
  if (!Array.isArray(items)) return items === null ? { items: [], type: undefined } : undefined;
  return { items, type: kind === 'List' ? undefined : { apiVersion, kind: kind.slice(0, -'List'.length) } };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
