/** How many names a message lists before it only counts the rest. */
const LISTED = 5;
/** Longest single name in a message: names come from tenants, and a message is at most 32 KiB in Kubernetes. */
const NAME_LENGTH = 120;

/** Longest clause: names within it are bounded already. */
const CLAUSE_LENGTH = 400;

/** `a, b, c, d, e and 7 more`: a list for a message, bounded whatever a tenant writes. */
export function listing(names: readonly string[]): string {
  return joined(names, ', ', NAME_LENGTH);
}

/** As `listing`, of clauses, which have commas of their own. */
export function clauses(texts: readonly string[]): string {
  return joined(texts, '; ', CLAUSE_LENGTH);
}

/** A text that begins in mid-sentence as a whole one. */
export function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function joined(texts: readonly string[], separator: string, length: number): string {
  const shown = texts
    .slice(0, LISTED)
    .map((text) => shorten(text, length))
    .join(separator);
  return texts.length > LISTED ? `${shown} and ${texts.length - LISTED} more` : shown;
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
