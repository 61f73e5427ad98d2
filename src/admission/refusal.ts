/** The way from an object to a field in it: names of fields, and indexes of lists. */
export type FieldPath = readonly (string | number)[];

/** Why an API server does not take an object. */
export interface Refusal {
  readonly field: FieldPath;
  /** What the field must be, to be read behind its path: `is required`. */
  readonly message: string;
}

/** A field that the API does not have. */
export interface UnknownField {
  readonly field: FieldPath;
  /** The fields that it has there. */
  readonly known: readonly string[];
}

/** What an API server would say of an object. It takes one of which both lists are empty. */
export interface Verdict {
  readonly refusals: readonly Refusal[];
  readonly unknown: readonly UnknownField[];
}

/** Of each list: who wrote the object sees enough to begin with. */
const MAX_FINDINGS = 10;
/** Longest value that is quoted, in characters. */
const MAX_QUOTED = 80;

/** Collects what is wrong with one object. */
export class Findings implements Verdict {
  readonly refusals: Refusal[] = [];
  readonly unknown: UnknownField[] = [];

  get isFull(): boolean {
    return this.refusals.length >= MAX_FINDINGS;
  }

  refuse(field: FieldPath, message: string): void {
    if (!this.isFull) this.refusals.push({ field: [...field], message });
  }

  get hasRoomForUnknown(): boolean {
    return this.unknown.length < MAX_FINDINGS;
  }

  addUnknown(field: FieldPath, known: readonly string[]): void {
    if (this.hasRoomForUnknown) this.unknown.push({ field, known });
  }
}

/** What a value is, shortly: values are written by tenants and may have any size. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text =
    typeof value === 'string' && value.length > MAX_QUOTED ? `${value.slice(0, MAX_QUOTED)}…` : value;
  return JSON.stringify(text) ?? String(value);
}
