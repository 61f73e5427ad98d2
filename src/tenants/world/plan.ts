import { addressRefusal, type RefusalRules } from '../../gateway/endpoints/address-refusal.ts';
import { parseIpAddress } from '../../gateway/values/ip-address.ts';
import { listing } from '../../gateway/values/listing.ts';
import { type DesiredObject, desiredObjects, type ExposedIntent, ownedId } from '../intent/objects.ts';
import { type Problem, problem } from '../problem.ts';
import type { OwnedObject } from './owned-object.ts';
import { hostClaim, type Tenant, type TenantKey, type TenantWorld } from './tenant-world.ts';

/** What a DNS name stands for now. */
export interface NameAnswer {
  /** The last that were found, canonical; empty: none was, so far. */
  readonly addresses: readonly string[];
  /** Why nothing newer is known; `undefined`: it is as new as it may be, or nobody has answered yet. */
  readonly failure: string | undefined;
}

/** What should become of one tenant. */
export interface Plan {
  /** `undefined`: it cannot be known now, and what is there stays. In the order in which they are to be written. */
  readonly wanted: readonly DesiredObject[] | undefined;
  readonly problems: readonly Problem[];
}

export interface PlanRules extends RefusalRules {
  readonly answerOf: (name: string) => NameAnswer;
}

const NOTHING: Plan = { wanted: [], problems: [] };

export function planOf(key: TenantKey, world: TenantWorld, rules: PlanRules): Plan {
  const tenant = world.tenant(key);
  if (tenant === undefined || tenant.life === 'last') return NOTHING;
  const { intent } = tenant;
  switch (intent.type) {
    case 'unwanted':
      return NOTHING;
    case 'unclear':
      return { wanted: undefined, problems: [intent.problem] };
    case 'exposed':
      return exposedPlan(tenant, intent, world, rules);
  }
}

function exposedPlan(tenant: Tenant, intent: ExposedIntent, world: TenantWorld, rules: PlanRules): Plan {
  const { key, owner } = tenant;
  const { addresses, problems } = addressesOf(intent, rules);
  if (addresses === undefined) return { wanted: undefined, problems };
  if (addresses.length === 0) return { wanted: [], problems };
  const serviceHolder = world.otherHolder(ownedId('Service', owner.namespace, intent.service), key);
  if (serviceHolder !== undefined) {
    problems.push(objectTaken('Service', intent.service, serviceHolder));
    return { wanted: [], problems };
  }
  const lost = new Set<string>();
  for (const { hosts, route } of intent.ports) {
    const routeHolder = world.otherHolder(ownedId('TLSRoute', owner.namespace, route), key);
    if (routeHolder !== undefined) problems.push(objectTaken('TLSRoute', route, routeHolder));
    for (const host of hosts) {
      const holder = world.otherHolder(hostClaim(host), key);
      if (holder !== undefined)
        problems.push(
          problem('SLUICE_TENANT_HOST_TAKEN', `${host} belongs to ${nameOf(holder)}, which is older.`),
        );
      if (holder !== undefined || routeHolder !== undefined) lost.add(host);
    }
  }
  return { wanted: desiredObjects(owner, intent, addresses, lost), problems };
}

/** Without those that no connection may be sent to; `undefined`: not known yet. */
function addressesOf(
  { hosts }: ExposedIntent,
  rules: PlanRules,
): { readonly addresses: readonly string[] | undefined; readonly problems: Problem[] } {
  const problems: Problem[] = [];
  const refused: string[] = [];
  const addresses = new Set<string>();
  let isPending = false;
  const take = (text: string): void => {
    const address = parseIpAddress(text);
    const reason = address === undefined ? 'no address' : addressRefusal(address, rules);
    if (reason === undefined) addresses.add(text);
    else refused.push(`${text} (${reason})`);
  };
  for (const { type, host } of hosts) {
    if (type === 'address') {
      take(host);
      continue;
    }
    const answer = rules.answerOf(host);
    for (const each of answer.addresses) take(each);
    if (answer.addresses.length === 0) isPending = true;
    if (answer.failure !== undefined)
      problems.push(
        problem('SLUICE_TENANT_NAME_UNRESOLVED', `${host} cannot be resolved: ${answer.failure}.`),
      );
  }
  if (refused.length > 0)
    problems.push(problem('SLUICE_TENANT_ENDPOINT_REFUSED', `Not connected to: ${listing(refused)}.`));
  const isUnknown = addresses.size === 0 && refused.length === 0 && isPending;
  return { addresses: isUnknown ? undefined : [...addresses], problems };
}

function objectTaken(kind: string, name: string, holder: TenantKey): Problem {
  return problem(
    'SLUICE_TENANT_OBJECT_TAKEN',
    `The ${kind} ${name} belongs to ${nameOf(holder)}, which is older.`,
  );
}

function nameOf(key: TenantKey): string {
  const [mapping = '', namespace = '', name = ''] = key.split('/');
  return `${namespace}/${name} (${mapping})`;
}

/** What is left of before. */
export function leftovers({ wanted }: Plan, owned: Iterable<OwnedObject>): readonly OwnedObject[] {
  if (wanted === undefined) return [];
  const ids = new Set(wanted.map(({ id }) => id));
  return [...owned].filter(({ id, isOurs }) => isOurs && !ids.has(id));
}
