/** `DNS:a, URI:b` as Node.js prints it; what holds a comma or worse is a JSON string. */
const ENTRY = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;

/**
 * The DNS names (in lower case) and URIs of a certificate, from its `subjectaltname`. Empty where any part of it is
 * not understood: nobody is let in by half a list.
 */
export function alternativeNames(subjectAltName: string | undefined): readonly string[] {
  const text = subjectAltName ?? '';
  const names: string[] = [];
  ENTRY.lastIndex = 0;
  while (ENTRY.lastIndex < text.length) {
    const [, type, value] = ENTRY.exec(text) ?? [];
    if (type === undefined || value === undefined) return [];
    const name = value.startsWith('"') ? unquoted(value) : value;
    if (name === undefined) return [];
    if (type === 'DNS') names.push(name.toLowerCase());
    if (type === 'URI') names.push(name);
  }
  return names;
}

function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}
