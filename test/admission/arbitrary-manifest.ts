/**
 * Manifests near the edges of what an API server takes: a right one of each kind, in which a few values are changed, left
 * out, repeated or added, as the schema of the kind suggests it.
 */
import fc from 'fast-check';
import { builtInSchema, crdSchema, nodeAt, type SchemaNode } from '../../src/admission/schema.ts';
import { BASES } from './bases.ts';

export type Manifest = Readonly<Record<string, unknown>>;

type Path = readonly (string | number)[];
type Mutable = Record<string | number, unknown>;

const LONG = 'a'.repeat(64);
const LONGER = 'a'.repeat(254);

/** Texts that many patterns are on either side of. */
const TEXTS: readonly string[] = [
  ...[
    '',
    'a',
    'a-b',
    'a.b',
    'UP.example.com',
    'example.com.',
    '.example.com',
    'a..b',
    '-a',
    'a-',
    'under_score',
  ],
  ...[
    '*',
    '*.example.com',
    '*.com',
    '*.*.example.com',
    'a.*.example.com',
    '*example.com',
    'a*.example.com',
    '*.',
  ],
  ...['127.0.0.1', '169.254.1.1', '0.0.0.0', '224.0.0.1', '::', '10.0.0.0/8', '10.0.0.1/8', '2001:db8::/64'],
  ...['10.0.0.1', '010.0.0.1', '1.2.3', '300.1.1.1', '::1', '2001:db8::1', '2001:DB8::1', '2001:db8:0::1'],
  ...[
    '::ffff:10.0.0.1',
    'fe80::1%eth0',
    LONG,
    LONGER,
    `${LONG}.example.com`,
    '1',
    '0',
    '1a',
    'a b',
    'ä',
    '\u{1f600}',
  ],
  ...['/', '/a', '/a//b', '/a/../b', '/a/..', 'a/b', 'example.com/a', 'example.com/a/b', '/%2f', '/#', 'a/'],
  ...[
    'Gateway',
    'Service',
    'TLS',
    'HTTPS',
    'HTTP',
    'TCP',
    'UDP',
    'SCTP',
    'Terminate',
    'Passthrough',
    'All',
    'Same',
  ],
  ...[
    'Selector',
    'None',
    'Exact',
    'Prefix',
    'PathPrefix',
    'gateway.networking.k8s.io',
    'true',
    '5s',
    '1h',
    '0s',
    '99h',
  ],
  ...[
    'IPAddress',
    'Hostname',
    'NamedAddress',
    'RequestRedirect',
    'URLRewrite',
    'ExternalName',
    'ClusterIP',
    'IPv4',
    'IPv6',
  ],
];

const NUMBERS: readonly number[] = [
  ...[-1, 0, 1, 2, 80, 443, 65_535, 65_536, 1_000_000, 1_000_001, 86_401, 2 ** 31 - 1, 2 ** 31, 1.5],
];

const OTHER_TYPES: readonly unknown[] = [null, true, 'text', '1', 7, 0.5, [], {}, ['a'], { a: 'b' }, [null]];

/** One change of an object, in place. */
type Change = (object: Mutable) => void;

/** A manifest of one of the kinds (all that there are bases of), in the channel whose schema leads the changes. */
export function arbitraryManifest(kinds: readonly string[] = Object.keys(BASES)): fc.Arbitrary<Manifest> {
  return fc
    .constantFrom(...kinds)
    .chain((kind) => fc.constantFrom(...(BASES[kind] ?? [])))
    .chain((base) =>
      fc
        .tuple(fc.constantFrom(0, 1, 1, 1, 2, 3), fc.array(fc.nat(), { minLength: 60, maxLength: 60 }))
        .map(([changes, choices]) => changed(base, changes, new Choices(choices))),
    );
}

/** What is chosen, from numbers that fast-check can make smaller. */
class Choices {
  readonly #numbers: readonly number[];
  #used = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  of<T>(values: readonly T[]): T {
    const number = this.#numbers[this.#used % this.#numbers.length] ?? 0;
    this.#used += 1;
    return values[number % values.length] as T;
  }

  oneIn(count: number): boolean {
    return this.of(Array.from({ length: count }, (_, index) => index)) === 0;
  }
}

function changed(base: Manifest, changes: number, choices: Choices): Manifest {
  const manifest = structuredClone(base) as Mutable;
  const apiVersion = String(base['apiVersion']);
  const kind = String(base['kind']);
  const schema =
    crdSchema('experimental', apiVersion, kind) ??
    crdSchema('standard', apiVersion, kind) ??
    builtInSchema(apiVersion, kind);
  if (schema === undefined) return base;
  for (let count = 0; count < changes; count += 1) {
    const places = placesOf(schema, manifest, []);
    const place = choices.of(places);
    changeOf(place, choices)(manifest);
  }
  return manifest;
}

interface Place {
  readonly path: Path;
  readonly schema: SchemaNode;
  readonly value: unknown;
}

/** Names and namespaces are in the path of a request, and what the server sets is not judged. */
const FIXED = new Set([
  ...[
    'apiVersion',
    'kind',
    'name',
    'namespace',
    'generateName',
    'resourceVersion',
    'uid',
    'generation',
    'selfLink',
  ],
  ...['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields'],
]);

function isFixed(path: Path, name: string | number): boolean {
  if (path.length === 0) return ['apiVersion', 'kind', 'status', 'metadata'].includes(String(name));
  return path.length === 1 && path[0] === 'metadata' && FIXED.has(String(name));
}

/** Every value of an object that may be changed, and every list and object of it. */
function placesOf(schema: SchemaNode, value: unknown, path: Path): Place[] {
  const here = path.length === 0 || path.join('.') === 'metadata' ? [] : [{ path, schema, value }];
  if (Array.isArray(value)) {
    const items = nodeAt(schema.items);
    return [...here, ...value.flatMap((item, index) => placesOf(items, item, [...path, index]))];
  }
  if (typeof value !== 'object' || value === null) return here;
  const inner = Object.entries(value).flatMap(([name, content]) =>
    isFixed(path, name) && name !== 'metadata'
      ? []
      : placesOf(nodeAt(schema.properties?.[name] ?? schema.values), content, [...path, name]),
  );
  // An object is a place also for what it lacks.
  return [{ path, schema, value }, ...inner];
}

function changeOf({ path, schema, value }: Place, choices: Choices): Change {
  if (Array.isArray(value)) return listChange(path, schema, value, choices);
  if (typeof value === 'object' && value !== null)
    return objectChange(path, schema, value as Mutable, choices);
  if (choices.oneIn(8)) return remove(path);
  if (choices.oneIn(8)) return set(path, choices.of(OTHER_TYPES));
  return set(path, scalarOf(schema, choices));
}

function listChange(path: Path, schema: SchemaNode, value: readonly unknown[], choices: Choices): Change {
  const { maxItems = 3 } = schema;
  const item = () => likelyValue(nodeAt(schema.items), choices, 0);
  switch (choices.of(['empty', 'twice', 'more', 'full', 'overfull', 'remove', 'type', 'more'])) {
    case 'empty':
      return set(path, []);
    case 'twice':
      return set(path, [...value, structuredClone(value[0] ?? item())]);
    case 'more':
      return set(path, [...value, item()]);
    case 'full':
      return set(
        path,
        Array.from({ length: Math.min(maxItems, 130) }, () => structuredClone(value[0])),
      );
    case 'overfull':
      return set(
        path,
        Array.from({ length: Math.min(maxItems, 130) + 1 }, () => structuredClone(value[0])),
      );
    case 'remove':
      return remove(path);
    default:
      return set(path, choices.of(OTHER_TYPES));
  }
}

function objectChange(path: Path, schema: SchemaNode, value: Mutable, choices: Choices): Change {
  if (schema.values !== undefined) {
    const name = choices.of([...TEXTS, 'a', 'b', `${LONG}/a`, 'example.com/']);
    return set([...path, name], likelyValue(nodeAt(schema.values), choices, 0));
  }
  if (path.length > 0 && path.join('.') !== 'metadata' && choices.oneIn(10))
    return set(path, choices.of(OTHER_TYPES));
  if (path.length > 0 && choices.oneIn(10))
    return set([...path, choices.of(['unknown', 'Name', 'hostName'])], 'a');
  const names = Object.keys(schema.properties ?? {}).filter((name) => !isFixed(path, name));
  if (names.length === 0) return () => {};
  const name = choices.of(names);
  if (Object.hasOwn(value, name) && choices.oneIn(2)) return remove([...path, name]);
  return set([...path, name], likelyValue(nodeAt(schema.properties?.[name]), choices, 0));
}

/** A value that the schema allows more often than not. */
function likelyValue(schema: SchemaNode, choices: Choices, depth: number): unknown {
  if (schema.type === 'array') {
    const length = choices.of([1, 1, 2, 0]);
    return Array.from({ length: depth > 4 ? 0 : length }, () =>
      likelyValue(nodeAt(schema.items), choices, depth + 1),
    );
  }
  if (schema.type !== 'object') return scalarOf(schema, choices);
  if (schema.values !== undefined)
    return { [choices.of(['a', 'b', ...TEXTS])]: likelyValue(nodeAt(schema.values), choices, depth + 1) };
  const entries = Object.entries(schema.properties ?? {}).filter(
    ([name]) => schema.required?.includes(name) || (depth < 4 && choices.oneIn(3)),
  );
  return Object.fromEntries(
    entries.map(([name, index]) => [name, likelyValue(nodeAt(index), choices, depth + 1)]),
  );
}

function scalarOf(schema: SchemaNode, choices: Choices): unknown {
  if (schema.intOrString === true) return choices.of([...TEXTS, ...NUMBERS]);
  if (schema.enum !== undefined && !choices.oneIn(5)) return choices.of(schema.enum);
  if (schema.default !== undefined && typeof schema.default !== 'object' && choices.oneIn(4))
    return schema.default;
  switch (schema.type) {
    case 'integer':
    case 'number': {
      const { minimum = 0, maximum = 100 } = schema;
      return choices.of([minimum, maximum, minimum - 1, maximum + 1, minimum + 1, ...NUMBERS]);
    }
    case 'boolean':
      return choices.of([true, false]);
    case 'string': {
      const { maxLength } = schema;
      const edges = maxLength === undefined ? [] : ['a'.repeat(maxLength), 'a'.repeat(maxLength + 1)];
      return choices.of([...edges, ...TEXTS]);
    }
    default:
      return choices.of(OTHER_TYPES);
  }
}

function holderOf(object: Mutable, path: Path): Mutable | undefined {
  let holder: unknown = object;
  for (const step of path.slice(0, -1)) holder = (holder as Mutable | undefined)?.[step];
  return typeof holder === 'object' && holder !== null ? (holder as Mutable) : undefined;
}

function set(path: Path, content: unknown): Change {
  return (object) => {
    // Later changes must not reach into what others have.
    const value = structuredClone(content);
    const holder = holderOf(object, path);
    const key = path.at(-1);
    if (holder !== undefined && key !== undefined)
      Object.defineProperty(holder, key, { value, configurable: true, enumerable: true, writable: true });
  };
}

function remove(path: Path): Change {
  return (object) => {
    const holder = holderOf(object, path);
    const key = path.at(-1);
    if (holder === undefined || key === undefined) return;
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  };
}
