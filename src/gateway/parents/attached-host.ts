/** A host that a route serves on a listener, with the route's own hostname that led to it. */
export interface AttachedHost {
  readonly host: string;
  readonly original: string;
}
