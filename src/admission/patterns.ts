import { RE2JS } from '@bufbuild/re2';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const NAME_CHARACTERS =
  'lower-case letters, digits, "-" and ".", with a letter or digit at both ends of each part';

/** What texts that match the patterns of names must be of, to be read behind "must". */
const NAMES: ReadonlyMap<string, string> = new Map([
  [`^${LABEL}$`, 'be of lower-case letters, digits and "-", with a letter or digit at both ends'],
  [`^${SUBDOMAIN}$`, `be of ${NAME_CHARACTERS}`],
  [`^(${SUBDOMAIN})$`, `be of ${NAME_CHARACTERS}`],
  [`^$|^${SUBDOMAIN}$`, `be empty or of ${NAME_CHARACTERS}`],
  [`^(\\*\\.)?${SUBDOMAIN}$`, `be a host name of ${NAME_CHARACTERS}; its first part may be "*"`],
]);

interface Matcher {
  test(text: string): boolean;
}

const matchers = new Map<string, Matcher>();

/**
 * Whether a text matches a pattern in the syntax of Go's regexp package, in time that grows with the text alone. One
 * pattern of the CRDs would keep JavaScript's own expressions busy for ever with forty characters; those of names, which
 * are most of what is matched, do not, and are fifty times as fast there.
 */
export function matches(pattern: string, text: string): boolean {
  let matcher = matchers.get(pattern);
  if (matcher === undefined) {
    matcher = NAMES.has(pattern) ? new RegExp(pattern) : new RE2JS(pattern);
    matchers.set(pattern, matcher);
  }
  return matcher.test(text);
}

/** To be read behind "must". */
export function patternInWords(pattern: string): string {
  return NAMES.get(pattern) ?? `match ${pattern}`;
}
