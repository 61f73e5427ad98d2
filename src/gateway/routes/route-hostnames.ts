import { NONE } from '../values/append.ts';
import { isValidHostname, normalizeHostname } from '../values/hostname.ts';

/** Normalised and without duplicates, in the order of the route; `invalid` as written. */
export function validHostnames(written: readonly string[]): {
  readonly hostnames: readonly string[];
  readonly invalid: readonly string[];
} {
  if (written.length === 1) {
    // Nearly every route has one hostname.
    const hostname = normalizeHostname(written[0] ?? '');
    if (isValidHostname(hostname)) return { hostnames: [hostname], invalid: NONE };
    return { hostnames: NONE, invalid: written };
  }
  const hostnames = new Set<string>();
  const invalid: string[] = [];
  for (const name of written) {
    const hostname = normalizeHostname(name);
    if (isValidHostname(hostname)) hostnames.add(hostname);
    else invalid.push(name);
  }
  return { hostnames: [...hostnames], invalid };
}
