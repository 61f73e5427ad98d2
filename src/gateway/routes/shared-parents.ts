import type { ParentModel } from '../../model/gateway.ts';
import { Recent } from '../../model/recent.ts';

const recent = new Recent<readonly ParentModel[]>(
  (a, b) => a.length === b.length && a.every((parent, index) => isSame(parent, b[index])),
);

/**
 * One copy for routes that are evaluated one after the other and are attached alike: nearly all of tens of thousands
 * have nothing to tell of their parents but that all is well, of one generation and on one listener.
 */
export function sharedParents(parents: readonly ParentModel[]): readonly ParentModel[] {
  return recent.share(parents);
}

/** By identity: what is alike in many routes is one object already. */
function isSame(a: ParentModel, b: ParentModel | undefined): boolean {
  return (
    a.parentRef === b?.parentRef &&
    a.accepted === b?.accepted &&
    a.conditions === b.conditions &&
    a.attached.length === b.attached.length &&
    a.attached.every((listener, index) => listener === b.attached[index])
  );
}
