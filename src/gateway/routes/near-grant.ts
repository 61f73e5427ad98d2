import type { ReferenceGrant } from '../../model/objects.ts';
import type { GrantFrom, GrantTo } from '../reference-grant.ts';
import { listing } from '../values/listing.ts';

/**
 * What is wrong with the ReferenceGrants that are meant for `from` and do not allow its reference to `to`, as part of a
 * sentence; `undefined` where none comes near. Only of grants that name the namespace that refers: of others it is told nothing.
 */
export function nearMiss(
  from: GrantFrom,
  to: GrantTo,
  grants: readonly ReferenceGrant[],
): string | undefined {
  for (const grant of grants) {
    const ofNamespace = grant.from.filter(({ namespace }) => namespace === from.namespace);
    const entry =
      ofNamespace.find((each) => each.kind === from.kind && each.group === from.group) ?? ofNamespace[0];
    if (entry === undefined) continue;
    const target = grant.to.find(({ kind }) => kind.toLowerCase() === to.kind.toLowerCase()) ?? grant.to[0];
    const wrong = [
      ...wrongField('from', 'group', entry.group, from.group),
      ...wrongField('from', 'kind', entry.kind, from.kind),
      ...(target === undefined
        ? ['it has no "to"']
        : [
            ...wrongField('to', 'group', target.group, to.group),
            ...wrongField('to', 'kind', target.kind, to.kind),
            ...(target.name === undefined ? [] : wrongField('to', 'name', target.name, to.name)),
          ]),
    ];
    if (wrong.length > 0) return `ReferenceGrant ${grant.meta.name} would, but ${wrong.join(', ')}`;
  }
  return undefined;
}

function wrongField(side: string, field: string, written: string, needed: string): readonly string[] {
  if (written === needed) return [];
  return [
    `its ${side}.${field} is ${JSON.stringify(listing([written]))} and must be ${JSON.stringify(needed)}`,
  ];
}
