/**
 * Each asks for TLS passthrough of an Ingress. The first one that can be read decides, whether it says true or false:
 * Sluice's own, then ingress-nginx's before Higress's, which is the order in which Higress itself reads the two.
 */
const BY_PRECEDENCE: readonly string[] = [
  'sluice.dev/ssl-passthrough',
  'nginx.ingress.kubernetes.io/ssl-passthrough',
  'higress.io/ssl-passthrough',
];

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** What the annotations of an Ingress say about TLS passthrough. */
export interface PassthroughWish {
  readonly asks: boolean;
  /** The annotation that decided; `undefined` where none can be read. */
  readonly decidedBy: string | undefined;
  /** Annotations whose value is neither true nor false, by precedence. They decide nothing. */
  readonly unreadable: readonly { readonly annotation: string; readonly value: string }[];
}

const SILENT: PassthroughWish = { asks: false, decidedBy: undefined, unreadable: [] };

/**
 * Reads the annotations that ask for TLS passthrough, by the rules of the controllers that they come from:
 *
 * - ingress-nginx v1.15.1 (kubernetes/ingress-nginx, internal/ingress/annotations/parser): true and false are what Go's
 *   `strconv.ParseBool` takes. A value that it does not take keeps the whole Ingress from being served; an empty one
 *   counts as none.
 * - Higress v2.2.4 (higress-group/higress, pkg/ingress/kube/annotations/{ssl_passthrough,parser}.go; before v2.2.3 it had no
 *   such annotation): the same spellings, ingress-nginx's annotation before its own, and a value that cannot be read
 *   counts as none.
 *
 * Nothing is trimmed, by neither. YAML's `yes`, `on` and `y` are no spellings of true to either.
 */
export function readPassthrough(annotations: Readonly<Record<string, string>>): PassthroughWish {
  let decidedBy: string | undefined;
  let asks = false;
  const unreadable: { readonly annotation: string; readonly value: string }[] = [];
  for (const annotation of BY_PRECEDENCE) {
    const value = annotations[annotation];
    if (value === undefined) continue;
    const parsed = parseGoBool(value);
    if (parsed === undefined) {
      unreadable.push({ annotation, value });
    } else if (decidedBy === undefined) {
      decidedBy = annotation;
      asks = parsed;
    }
  }
  return decidedBy === undefined && unreadable.length === 0 ? SILENT : { asks, decidedBy, unreadable };
}

/** A boolean as Go's `strconv.ParseBool` reads it; `undefined` for what it refuses. */
export function parseGoBool(text: string): boolean | undefined {
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}
