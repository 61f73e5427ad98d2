import type { DesiredParent, DesiredRoute } from '../model/desired-status.ts';
import { GATEWAY_GROUP } from '../model/kinds.ts';
import { isNewer, mergeConditions, presentConditions, type Transition } from './merge-conditions.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The API takes no more entries on a route. */
const MAX_PARENTS = 32;

/**
 * The entries of `status.parents`, keyed by parentRef and controllerName. Entries of other controllers stay where and
 * as they are; ours for parents that are no longer wanted go. `undefined`: written for a newer object than ours.
 */
export function mergeParents(
  desired: DesiredRoute,
  before: readonly Fields[],
  namespace: string,
  now: string,
): { readonly parents: readonly Fields[]; readonly transitions: readonly Transition[] } | undefined {
  const wanted = new Map(desired.parents.map((parent) => [keyOf(parent, namespace), parent]));
  const parents: Fields[] = [];
  const transitions: Transition[] = [];
  const put = (parent: DesiredParent, entry: Fields | undefined): void => {
    const merged = mergeConditions(presentConditions(entry?.['conditions']), parent.conditions, now);
    transitions.push(...merged.transitions);
    parents.push({
      // As somebody wrote it, if it means the same: the entry is then equal where nothing else differs.
      parentRef: entry?.['parentRef'] ?? parentRefOf(parent),
      controllerName: parent.controllerName,
      conditions: merged.conditions,
    });
  };
  for (const entry of before) {
    if (!desired.controllerNames.includes(String(entry['controllerName']))) {
      parents.push(entry);
      continue;
    }
    const key = keyOfEntry(entry, namespace);
    const parent = wanted.get(key);
    if (parent === undefined) continue;
    if (isNewer(presentConditions(entry['conditions']), parent.conditions)) return undefined;
    wanted.delete(key);
    put(parent, entry);
  }
  for (const parent of wanted.values()) {
    if (parents.length < MAX_PARENTS) put(parent, undefined);
  }
  return { parents, transitions };
}

function keyOf({ parentRef, controllerName }: DesiredParent, routeNamespace: string): string {
  const { group, kind, namespace, name, sectionName, port } = parentRef;
  return JSON.stringify([
    group,
    kind,
    namespace ?? routeNamespace,
    name,
    sectionName ?? '',
    port ?? 0,
    controllerName,
  ]);
}

function keyOfEntry(entry: Fields, routeNamespace: string): string {
  const ref = (entry['parentRef'] ?? {}) as Fields;
  return JSON.stringify([
    ref['group'] ?? GATEWAY_GROUP,
    ref['kind'] ?? 'Gateway',
    ref['namespace'] ?? routeNamespace,
    ref['name'],
    ref['sectionName'] ?? '',
    ref['port'] ?? 0,
    entry['controllerName'],
  ]);
}

/** As in the route's spec, without what it does not say. */
function parentRefOf({ parentRef }: DesiredParent): Fields {
  const { group, kind, namespace, name, sectionName, port } = parentRef;
  return {
    group,
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(sectionName === undefined ? {} : { sectionName }),
    ...(port === undefined ? {} : { port }),
  };
}
