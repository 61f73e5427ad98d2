import type { EncodedResource, ResourceSlots } from '../snapshot/resources/resource.ts';
import type { Answers } from './answers.ts';
import type { MaySend } from './batch.ts';
import { SENT, SLOT, type SlotStates } from './slot-states.ts';

/** What is due of one type on one stream is told by these three. */
export interface Due {
  readonly slots: ResourceSlots;
  readonly states: SlotStates;
  readonly answers: Answers;
}

export interface Portion {
  readonly maxResources: number;
  /** About so many; one resource goes however large it is. */
  readonly maxBytes: number;
  readonly maySend?: MaySend | undefined;
  /** Asked of one after the other, whether the response has room for it; the first that finds none ends it. */
  readonly fits?: (resource: EncodedResource) => boolean;
  /** Only those that go ahead of the others. */
  readonly onlyHurried: boolean;
}

/** Takes the next resources that are due, and differ from what the client has: they count as sent from now on. */
export function takeDue(due: Due, portion: Portion): EncodedResource[] {
  const { slots, states, answers } = due;
  const { maxResources, maxBytes, maySend = () => true, fits = () => true, onlyHurried } = portion;
  const resources: EncodedResource[] = [];
  let bytes = 0;
  // Sending everything to a client comes by here once for each resource: no look-up that can be done without.
  const visitor = (slot: number): boolean => {
    const resource = slots.at(slot);
    const isNews = states.has(slot, SLOT.forced) || states.sent(slot) !== slots.revision(slot);
    if (resource === undefined || !isNews || answers.isHeld(resource)) {
      states.settle(slot);
      return true;
    }
    const { length } = resource.bytes;
    if (resources.length > 0 && bytes + length > maxBytes) return false;
    if (!fits(resource) && resources.length > 0) return false;
    if (!maySend(resource, states.sent(slot) > SENT.absent, states.has(slot, SLOT.forced))) return true;
    markSent(due, slot, resource);
    resources.push(resource);
    bytes += length;
    return resources.length < maxResources;
  };
  if (onlyHurried) states.visitHurried(visitor);
  else states.visit(visitor);
  return resources;
}

export function markSent({ slots, states, answers }: Due, slot: number, { name }: EncodedResource): void {
  states.settle(slot);
  states.setSent(slot, slots.revision(slot));
  answers.release(name);
}
