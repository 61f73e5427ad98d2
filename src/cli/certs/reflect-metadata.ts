/**
 * The three functions of the Reflect metadata proposal that `@peculiar/x509` asks for through its dependency
 * injection; it refuses to load without them. Import this before it.
 */
type Key = string | symbol | undefined;

const metadata = new WeakMap<object, Map<Key, Map<unknown, unknown>>>();

function getOwnMetadata(key: unknown, target: object, property?: Key): unknown {
  return metadata.get(target)?.get(property)?.get(key);
}

function getMetadata(key: unknown, target: object, property?: Key): unknown {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const found = getOwnMetadata(key, at, property);
    if (found !== undefined) return found;
  }
  return undefined;
}

function defineMetadata(key: unknown, value: unknown, target: object, property?: Key): void {
  const ofTarget = metadata.get(target) ?? new Map<Key, Map<unknown, unknown>>();
  metadata.set(target, ofTarget);
  const ofProperty = ofTarget.get(property) ?? new Map<unknown, unknown>();
  ofTarget.set(property, ofProperty);
  ofProperty.set(key, value);
}

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { getOwnMetadata, getMetadata, defineMetadata });
