import type { ClaimOfRoute } from '../routes/claims.ts';
import { compareSpecificity } from '../values/hostname.ts';
import { compareAge } from '../values/order.ts';

/** Which rule of `compareClaims` decided against `loser`, as a clause about it: `which is younger …`. */
export function whyLost(winner: ClaimOfRoute, loser: ClaimOfRoute): string {
  const own = loser.claim.original;
  const better = winner.claim.original;
  if (compareSpecificity(better, own) !== 0) return `whose hostname ${own} is less specific than ${better}`;
  const created = loser.route.creationTimestamp;
  const earlier = winner.route.creationTimestamp;
  if (compareAge(earlier, created) !== 0) {
    if (created === '') return 'which has no creationTimestamp and so counts as the younger one';
    return `which is younger (created ${created}, the other ${earlier})`;
  }
  const age = created === '' ? 'neither has a creationTimestamp' : `both were created ${created}`;
  const { namespace, name } = loser.route.ref;
  const { ref } = winner.route;
  if (namespace === ref.namespace && name === ref.name) return `which is no TLSRoute (${age})`;
  return `which comes later by namespace and name (${age})`;
}
