import type { Finding, Meaning } from '../old-route.ts';
import { type RawObject, titleOf } from '../raw-object.ts';
import { commonAnnotation, UNKNOWN } from './common-annotations.ts';
import type { KnownAnnotation } from './dialect.ts';

/** Adds what a field means to the findings of an object; a meaning without words is not worth it. */
export type Tell = (field: string, meaning: Meaning) => void;

export function tellInto(findings: Finding[], raw: RawObject): Tell {
  const object = titleOf(raw);
  return (field, { fate, matters, text }) => {
    if (text !== '') findings.push({ object, field, fate, matters, text });
  };
}

/** Tells of every annotation of an object, and gives those of the new routes. `own`: what its controller knows. */
export function readAnnotations(
  raw: RawObject,
  tell: Tell,
  own: (name: string, value: string) => KnownAnnotation | undefined = () => undefined,
): Readonly<Record<string, string>> {
  const carried: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw.annotations).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const known: KnownAnnotation = own(name, value) ?? commonAnnotation(name) ?? UNKNOWN;
    if (known.fate === 'carried') carried[name] = value;
    if (known.carry !== undefined) carried[known.carry.name] ??= known.carry.value;
    tell(`metadata.annotations[${name}]`, known);
  }
  return carried;
}
