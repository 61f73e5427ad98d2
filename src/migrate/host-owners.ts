import type { Finding, OldHost, OldRoute } from './old-route.ts';
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
      findings.push({
        object: titleOf(old),
        field: `host ${host}`,
        fate: 'lost',
        matters: isSame ? 'no' : 'much',
        text: `${titleOf(owner.old)} has it${isSame ? ' too, with the same backends' : ', since it is older, or the first by name where both are of one age: connections go to its backends'}.`,
      });
      return false;
    });
    return { old, hosts };
  });
}

function byAge(a: OldRoute, b: OldRoute): number {
  const [ageA, ageB] = [a, b].map(({ created }) => (created === '' ? '9' : created));
  const [nameA, nameB] = [a, b].map(({ namespace, name, kind }) => `${namespace}/${name}/${kind}`);
  return compare(ageA ?? '', ageB ?? '') || compare(nameA ?? '', nameB ?? '');
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
