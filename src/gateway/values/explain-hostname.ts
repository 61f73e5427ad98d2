import { normalizeHostname } from './hostname.ts';
import { parseIpAddress } from './ip-address.ts';
import { listing } from './listing.ts';

/** Shorter than what `listing` cuts, so that the reason behind a name stays. */
const SHOWN = 64;

/** Names that are not valid with the reason of each, for a message: `"a.b:443" (a port, which …)`. */
export function invalidHostnames(written: readonly string[]): string {
  return listing(written.map((name) => `${quoted(name)} (${whyInvalid(name)})`));
}

function quoted(name: string): string {
  return JSON.stringify(name.length > SHOWN ? `${name.slice(0, SHOWN)}…` : name);
}

/** The most likely reason why a name is none of a host, as part of a sentence. */
function whyInvalid(written: string): string {
  const name = normalizeHostname(written);
  if (name === '') return 'empty';
  if (/^[a-z][a-z0-9+.-]*:\/\//.test(name)) return 'a URL; write the host name alone';
  if (name.includes('/')) return 'has a path; write the host name alone';
  if (isIpAddress(name)) return 'an IP address, which no SNI can be';
  if (/^[^:]*:\d*$/.test(name)) return 'has a port; write the host name alone';
  if (name.includes('_')) return 'has an underscore';
  if (/\s/.test(name)) return 'has a blank';
  if (name.lastIndexOf('*') > 0 || (name.includes('*') && !name.startsWith('*.')))
    return '"*" can only be the whole first label, as in *.example.com';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range that a host name is made of
  if (/[^\u0000-\u007f]/.test(name)) return 'not ASCII; write it in Punycode, xn--…';
  if (name.length > 253) return 'longer than 253 characters';
  const labels = name.split('.');
  if (labels.some((label) => label === '')) return 'has an empty label';
  if (labels.some((label) => label.length > 63)) return 'has a label of more than 63 characters';
  if (labels.some((label) => label.startsWith('-') || label.endsWith('-')))
    return 'has a label that begins or ends with a hyphen';
  return 'not made of letters, digits, hyphens and dots';
}

function isIpAddress(name: string): boolean {
  const [, bracketed] = /^\[(.*)\](?::\d*)?$/.exec(name) ?? [];
  const [, beforePort] = /^([0-9.]+):\d*$/.exec(name) ?? [];
  return parseIpAddress(bracketed ?? beforePort ?? name) !== undefined;
}
