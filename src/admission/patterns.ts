import { RE2JS } from '@bufbuild/re2';

/** Texts that each pattern matched lately: most routes name the same Gateway, group and kind. */
const MAX_KNOWN = 256;

interface Pattern {
  readonly expression: RE2JS;
  readonly known: Set<string>;
}

const patterns = new Map<string, Pattern>();

/**
 * Whether a text matches a pattern in the syntax of Go's regexp package. In time that grows with the text alone: some
 * patterns of the CRDs would keep JavaScript's own expressions busy for ever with forty characters.
 */
export function matches(pattern: string, text: string): boolean {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    compiled = { expression: new RE2JS(pattern), known: new Set() };
    patterns.set(pattern, compiled);
  }
  const { expression, known } = compiled;
  if (known.has(text)) return true;
  if (!expression.test(text)) return false;
  if (known.size >= MAX_KNOWN) known.clear();
  known.add(text);
  return true;
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const NAME_CHARACTERS = 'a-z, 0-9, "-" and ".", with a letter or digit at both ends of each part';

const IN_WORDS: ReadonlyMap<string, string> = new Map([
  [`^${LABEL}$`, 'be of a-z, 0-9 and "-", with a letter or digit at both ends'],
  [`^${SUBDOMAIN}$`, `be of ${NAME_CHARACTERS}`],
  [`^$|^${SUBDOMAIN}$`, `be empty or of ${NAME_CHARACTERS}`],
  [`^(\\*\\.)?${SUBDOMAIN}$`, `be a host name of ${NAME_CHARACTERS}; its first part may be "*"`],
]);

/** To be read behind "must". */
export function patternInWords(pattern: string): string {
  return IN_WORDS.get(pattern) ?? `match ${pattern}`;
}
