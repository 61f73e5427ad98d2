import type { Finding, Meaning, OldHost, OldRoute } from './old-route.ts';
import { titleOf } from './raw-object.ts';

/** An old object with the hosts that are its own: no two have one host. */
export interface OwnedRoute {
  readonly old: OldRoute;
  readonly hosts: readonly OldHost[];
}

/**
 * Gives each host to the object that had it: the oldest, as all of the old controllers have it, and of those of one age the first by
 * namespace and name; ahead of both, one with the path `/` where the controller takes no other. New routes are all of one age, so that
 * the order of the old ones would be lost.
 */
export function hostOwners(routes: readonly OldRoute[], findings: Finding[]): readonly OwnedRoute[] {
  const sorted = [...routes].sort(byAge);
  const owners = new Map<string, Claim>();
  for (const isWithoutRoot of [false, true])
    for (const old of sorted)
      for (const host of old.hosts)
        if ((host.isWithoutRoot ?? false) === isWithoutRoot && !owners.has(host.host))
          owners.set(host.host, { old, host });
  return sorted.map((old): OwnedRoute => {
    const hosts = old.hosts.filter((each) => {
      const owner = owners.get(each.host);
      if (owner === undefined || owner.host === each) {
        findings.push(...(each.findings ?? []));
        return true;
      }
      findings.push({
        object: titleOf(old),
        field: `host ${each.host}`,
        ...lostTo(owner, { old, host: each }),
      });
      return false;
    });
    return { old, hosts };
  });
}

interface Claim {
  readonly old: OldRoute;
  readonly host: OldHost;
}

function lostTo({ old: owner, host: had }: Claim, { old: loser, host }: Claim): Meaning {
  if (JSON.stringify(had.backends) === JSON.stringify(host.backends))
    return { fate: 'lost', matters: 'no', text: `${titleOf(owner)} has it too, with the same backends.` };
  if (owner.controller === loser.controller && host.isWithoutRoot === true && had.isWithoutRoot !== true)
    return {
      fate: 'lost',
      matters: 'no',
      text: `${titleOf(owner)} has it, as it had before, by its path /.`,
    };
  const isAsBefore =
    owner.controller === loser.controller && owner.created !== '' && owner.created < loser.created;
  return isAsBefore
    ? {
        fate: 'lost',
        matters: 'some',
        text: `${titleOf(owner)} has it, as it had before, since it is older.`,
      }
    : {
        fate: 'lost',
        matters: 'much',
        text: `${titleOf(owner)} has it: it is older, of another controller, or the first by name. All connections go to its backends; remove the host from one of the two.`,
      };
}

function byAge(a: OldRoute, b: OldRoute): number {
  const [ageA, ageB] = [a, b].map(({ created }) => (created === '' ? '9' : created));
  const [nameA, nameB] = [a, b].map(({ namespace, name, kind }) => `${namespace}/${name}/${kind}`);
  return compare(ageA ?? '', ageB ?? '') || compare(nameA ?? '', nameB ?? '');
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
