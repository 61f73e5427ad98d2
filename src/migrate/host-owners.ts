import type { Finding, Meaning, OldHost, OldRoute } from './old-route.ts';
import { titleOf } from './raw-object.ts';

/** An old object with the hosts that are its own: no two have one host. */
export interface OwnedRoute {
  readonly old: OldRoute;
  readonly hosts: readonly OldHost[];
}

/**
 * Gives each host to the object that had it: the oldest, as all of the old controllers have it, and of those of one age the first by
 * namespace and name. New routes are all of one age, so that the order of the old ones would be lost.
 */
export function hostOwners(routes: readonly OldRoute[], findings: Finding[]): readonly OwnedRoute[] {
  const owners = new Map<string, { readonly old: OldRoute; readonly host: OldHost }>();
  return [...routes].sort(byAge).map((old): OwnedRoute => {
    const hosts = old.hosts.filter((each) => {
      const { host, backends } = each;
      const owner = owners.get(host);
      if (owner === undefined) {
        owners.set(host, { old, host: each });
        return true;
      }
      const isSame = JSON.stringify(owner.host.backends) === JSON.stringify(backends);
      findings.push({ object: titleOf(old), field: `host ${host}`, ...lostTo(owner.old, old, isSame) });
      return false;
    });
    return { old, hosts };
  });
}

function lostTo(owner: OldRoute, loser: OldRoute, isSame: boolean): Meaning {
  if (isSame)
    return { fate: 'lost', matters: 'no', text: `${titleOf(owner)} has it too, with the same backends.` };
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
