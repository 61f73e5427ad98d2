import { NAMESPACE_NAME_LABEL } from '../../model/names.ts';
import type { FromNamespaces } from '../../model/objects.ts';
import type { Lookup } from '../lookup.ts';
import { labelSelectorProblem, selectorMatches } from '../values/label-selector.ts';
import { listing } from '../values/listing.ts';

/** Why this selects no namespace whatever there is, as part of a sentence; `undefined` where it is valid. */
export function fromNamespacesProblem({ from, selector }: FromNamespaces): string | undefined {
  if (from === 'Selector') {
    const problem = selector === undefined ? 'it has none' : labelSelectorProblem(selector);
    return problem === undefined ? undefined : `from Selector needs a valid selector: ${problem}`;
  }
  if (from === 'All' || from === 'Same' || from === 'None') return undefined;
  return `from ${listing([JSON.stringify(from)])} is unknown`;
}

/** Whether `namespace` is among those that an object in the namespace `own` allows. What is not valid allows none. */
export function isNamespaceAllowed(
  { from, selector }: FromNamespaces,
  own: string,
  namespace: string,
  lookup: Pick<Lookup, 'namespace'>,
): boolean {
  switch (from) {
    case 'All':
      return true;
    case 'Same':
      return namespace === own;
    case 'Selector': {
      if (selector === undefined || labelSelectorProblem(selector) !== undefined) return false;
      // A namespace that is not known is not selected, not even by an expression such as DoesNotExist.
      const known = lookup.namespace(namespace);
      if (known === undefined) return false;
      return selectorMatches(selector, {
        ...known.meta.labels,
        // The API server sets this label on every namespace; a manifest in a directory may lack it.
        [NAMESPACE_NAME_LABEL]: namespace,
      });
    }
    default:
      return false;
  }
}
