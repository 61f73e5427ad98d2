import type { Meaning } from '../old-route.ts';

/** How one controller reads the annotations of an Ingress. */
export interface Dialect {
  /** As people call it. */
  readonly controller: string;
  /** Values of `spec.controller` of its IngressClasses, as prefixes. */
  readonly classControllers: readonly string[];
  /** Annotations that ask for passthrough; the first one that can be read decides. */
  readonly passthrough: readonly string[];
  /** Whether the value asks; `undefined` for one that it does not understand. */
  asks(value: string): boolean | undefined;
  /** What an annotation means to a host that is passed through; `undefined` for one that is not this controller's. */
  annotation(name: string, value: string): KnownAnnotation | undefined;
  /** Whether it took no host from an Ingress with these annotations. */
  takesNoHost?(annotations: Readonly<Record<string, string>>): boolean;
  /** What it did with a wildcard host; `undefined` where as with any other. */
  readonly wildcard?: Meaning;
  /** The path `/` is one of any type; unless set, `Exact` is none, since it takes nothing else. */
  readonly isRootOfAnyType?: boolean;
  /** What it did with a host of which no Ingress has the path `/`; `undefined` where it took another path. */
  readonly withoutRoot?: Meaning;
}

export interface KnownAnnotation extends Meaning {
  /** An annotation of the TLSRoute that does its work. */
  readonly carry?: { readonly name: string; readonly value: string };
}
