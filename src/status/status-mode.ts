import { isDeepStrictEqual } from 'node:util';
import type { DesiredStatus } from '../model/desired-status.ts';
import type { ObjectKey } from '../model/key.ts';
import { CONTROLLER_NAME } from '../model/names.ts';
import { type MergedStatus, mergeStatus, type PresentObject } from './merge-status.ts';

/**
 * What Sluice writes to objects of the API: `own` all that it should, `shadow` what no other controller writes and no DNS
 * record is made of, `off` nothing.
 */
export type StatusMode = 'off' | 'shadow' | 'own';

/** Merges statuses as far as the mode lets them be written, and remembers of which objects that is not all. */
export class StatusMerger {
  readonly #isShadow: boolean;
  readonly #now: () => string;
  readonly #withheld = new Set<ObjectKey>();

  /** `now` gives RFC 3339 in UTC and whole seconds. */
  constructor(mode: StatusMode, now: () => string) {
    this.#isShadow = mode === 'shadow';
    this.#now = now;
  }

  /** Objects whose status would say something else by now in the mode `own`, as far as they were looked at. */
  get withheld(): ReadonlySet<ObjectKey> {
    return this.#withheld;
  }

  /** What is to be written; `undefined` where nothing is. Remembers what is withheld. */
  merge(key: ObjectKey, desired: DesiredStatus, present: PresentObject): MergedStatus | undefined {
    const now = this.#now();
    const all = mergeStatus(desired, present, now);
    if (!this.#isShadow) return all;
    const written = inShadow(desired);
    const merged = written && mergeStatus(written, present, now);
    if (isDeepStrictEqual(all?.status, merged?.status)) this.#withheld.delete(key);
    else this.#withheld.add(key);
    return merged;
  }

  /** Whether there is nothing to write. */
  isWritten(desired: DesiredStatus, present: PresentObject): boolean {
    const written = this.#isShadow ? inShadow(desired) : desired;
    return written === undefined || mergeStatus(written, present, this.#now()) === undefined;
  }

  /** The object has gone, or its status is none of ours. */
  forget(key: ObjectKey): void {
    this.#withheld.delete(key);
  }

  clear(): void {
    this.#withheld.clear();
  }
}

/**
 * What is written of a status beside another controller: nothing where its class is that controller's, and no address, which
 * DNS would be told of.
 */
export function inShadow(desired: DesiredStatus): DesiredStatus | undefined {
  switch (desired.kind) {
    case 'Ingress':
      return undefined;
    case 'GatewayClass':
    case 'ListenerSet':
      return desired.isAdopted === true ? undefined : desired;
    case 'Gateway':
      return desired.isAdopted === true ? undefined : { ...desired, addresses: undefined };
    default: {
      const parents = desired.parents.filter(({ isAdopted }) => isAdopted !== true);
      return { ...desired, parents, controllerNames: [CONTROLLER_NAME] };
    }
  }
}
