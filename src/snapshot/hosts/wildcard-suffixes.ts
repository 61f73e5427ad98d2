/** The suffixes of the patterns that could match `host`, longest first: `a.b.c` gives `b.c`, `c`, and `''` for `*`. */
export function* wildcardSuffixes(host: string): Generator<string> {
  let rest = host;
  while (true) {
    const dot = rest.indexOf('.');
    if (dot < 0) break;
    rest = rest.slice(dot + 1);
    yield rest;
  }
  if (host !== '*') yield '';
}

/** The suffix that a wildcard stands for: `*.a.b` gives `a.b`, `*` gives `''`. */
export function suffixOf(pattern: string): string {
  return pattern === '*' ? '' : pattern.slice(2);
}
