import { PASSTHROUGH_ANNOTATIONS } from '../../model/annotations.ts';
import { parseGoBool } from '../../model/go-bool.ts';

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
 * Reads the annotations that ask for TLS passthrough: the first one that can be read decides. By the rules of the controllers that they come from:
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
  for (const annotation of PASSTHROUGH_ANNOTATIONS) {
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
