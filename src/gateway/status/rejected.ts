import { type Condition, condition, PROGRAMMED_CONDITION } from '../../model/conditions.ts';
import type { RejectedHost } from '../../model/fleet.ts';
import { listing } from '../values/listing.ts';
import type { ParentStatus } from './status.ts';

/** Envoy's words may hold whole configurations. */
const LONGEST_ERROR = 300;

/** Adds to each parent of a route whose hosts Envoys rejected that they did; it goes when they have accepted them. */
export function withRejected(
  statuses: readonly ParentStatus[],
  rejected: readonly RejectedHost[],
  generation: number,
): readonly ParentStatus[] {
  if (rejected.length === 0) return statuses;
  return statuses.map((status, index) => {
    const ofParent = rejected.filter(({ claim }) => claim.parents.includes(index));
    if (ofParent.length === 0) return status;
    return { ...status, conditions: [...status.conditions, rejectedCondition(ofParent, generation)] };
  });
}

function rejectedCondition(rejected: readonly RejectedHost[], generation: number): Condition {
  const hosts = [...new Set(rejected.map(({ claim }) => claim.host))].sort();
  const nodes = rejected.reduce((most, each) => Math.max(most, each.nodes), 0);
  const error = (rejected[0]?.error ?? '').slice(0, LONGEST_ERROR);
  const where = nodes === 1 ? 'on 1 node' : `on ${nodes} nodes`;
  const message = `Envoy rejected ${listing(hosts)} ${where}; there it is served as before, if it was, and tried again: ${error}`;
  return condition(PROGRAMMED_CONDITION, false, 'EnvoyRejected', message, generation);
}
