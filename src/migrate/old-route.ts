/** What became of an annotation or a field: it is in the new objects, something else does its work, or nothing does. */
export type Fate = 'carried' | 'replaced' | 'lost';

/** How much it matters to those who connect: not at all, to some of them or in some cases, or to all. */
export type Matters = 'no' | 'some' | 'much';

/** What an annotation or a field of an old object means to its hosts from now on. */
export interface Meaning {
  readonly fate: Fate;
  readonly matters: Matters;
  /** What follows, and what to do where something is to be done. */
  readonly text: string;
}

export interface Finding extends Meaning {
  /** `Ingress shop/web`. */
  readonly object: string;
  /** The annotation's name, or the path of the field: `spec.tls`. */
  readonly field: string;
}

export interface OldBackend {
  readonly namespace: string;
  readonly service: string;
  /** A name is looked up in the Service; `undefined` where none was given. */
  readonly port: number | string | undefined;
  readonly weight: number;
}

/** One host and where its connections went. */
export interface OldHost {
  readonly host: string;
  /** Empty where nothing took them. */
  readonly backends: readonly OldBackend[];
  /** The object has no path `/` of the host: another one that has it comes before, whatever their ages. */
  readonly isWithoutRoot?: boolean;
  /** Said where the host is this object's, and not where another one has it. */
  readonly findings?: readonly Finding[];
}

/** An object of an old controller that passes TLS through, read in that controller's own terms. */
export interface OldRoute {
  /** As people call it: `ingress-nginx`. */
  readonly controller: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** RFC 3339; `''` where it is not known. */
  readonly created: string;
  /** Annotations of the new routes. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly hosts: readonly OldHost[];
  readonly findings: readonly Finding[];
}
