/** How many names a message lists before it only counts the rest. */
const LISTED = 5;
/** Longest single name in a message: names come from tenants, and a message is at most 32 KiB in Kubernetes. */
const NAME_LENGTH = 120;

/** `a, b, c, d, e and 7 more`: a list for a message, bounded whatever a tenant writes. Clauses want `'; '` between them. */
export function listing(names: readonly string[], separator = ', '): string {
  const shown = names.slice(0, LISTED).map(shorten).join(separator);
  return names.length > LISTED ? `${shown} and ${names.length - LISTED} more` : shown;
}

function shorten(name: string): string {
  return name.length > NAME_LENGTH ? `${name.slice(0, NAME_LENGTH)}…` : name;
}
