import { ANNOTATIONS_CONDITION, type Condition, condition } from '../../model/conditions.ts';
import { foreignAnnotation } from '../../model/foreign-annotations.ts';
import type { Ingress } from '../../model/objects.ts';
import { append, NONE } from '../values/append.ts';
import { listing } from '../values/listing.ts';
import type { PassthroughWish } from '../values/passthrough-annotation.ts';

/** The reason of an Ingress that is ours and asks for no passthrough: nothing of it is served, and its status is not ours. */
export const NO_PASSTHROUGH = 'NoPassthrough';

/** Effects that are told of one Ingress. */
const MOST_EFFECTS = 8;

/**
 * Why an Ingress that does not ask for TLS passthrough is not served, where its owner most likely wants to know: it asks in words
 * of another controller, or with a value that nobody reads, or it is of a class of Sluice's own (`isOwnClass`; one that was adopted
 * may well have Ingresses without TLS) and says nothing of passthrough. `undefined` else.
 */
export function notAsking(
  ingress: Ingress,
  wish: PassthroughWish,
  isOwnClass: boolean,
): Condition | undefined {
  const parts = [...unreadable(wish), ...elsewhere(ingress)];
  if (parts.length === 0) {
    if (!isOwnClass || wish.decidedBy !== undefined) return undefined;
    parts.push(
      'It asks for no TLS passthrough, which is all that Sluice serves. Write sluice.dev/ssl-passthrough: "true".',
    );
  }
  return condition('Accepted', false, NO_PASSTHROUGH, parts.join(' '), ingress.meta.generation);
}

/** What of the annotations of an Ingress that is served has no effect, or another than elsewhere; `undefined` where nothing. */
export function ignoredAnnotations(ingress: Ingress, wish: PassthroughWish): Condition | undefined {
  const parts = [...unreadable(wish), ...dropped(ingress)];
  if (parts.length === 0) return undefined;
  return condition(ANNOTATIONS_CONDITION, true, 'NotRead', parts.join(' '), ingress.meta.generation);
}

function unreadable(wish: PassthroughWish): readonly string[] {
  return wish.unreadable.map(({ annotation, value }) => {
    const shown = listing([JSON.stringify(value)]);
    return `The value ${shown} of ${annotation} is neither true nor false. Write "true", in quotes.`;
  });
}

function elsewhere({ foreignAnnotations = NONE }: Ingress): readonly string[] {
  return foreignAnnotations.flatMap((name) => {
    const known = foreignAnnotation(name);
    return known?.meaning === 'passthrough' ? [`${name}: ${known.effect} ${known.instead}`] : [];
  });
}

/** Annotations with one effect are told together. */
function dropped({ foreignAnnotations = NONE }: Ingress): readonly string[] {
  const names = new Map<string, readonly string[]>();
  for (const name of foreignAnnotations) {
    const known = foreignAnnotation(name);
    if (known?.meaning !== 'dropped') continue;
    const effect = `${known.effect} ${known.instead}`;
    names.set(effect, append(names.get(effect) ?? NONE, name));
  }
  const parts = [...names].map(([effect, of]) => `${listing(of)}: ${effect}`);
  if (parts.length <= MOST_EFFECTS) return parts;
  return [...parts.slice(0, MOST_EFFECTS), `And ${parts.length - MOST_EFFECTS} more.`];
}
