import { domainToASCII } from 'node:url';
import { isValidHostname, normalizeHostname } from './hostname.ts';
import { parseIpAddress } from './ip-address.ts';

/** The host name that somebody means by what they typed: Unicode as punycode, without a dot at the end; `undefined` for none. */
export function readHostName(text: string): string | undefined {
  const host = normalizeHostname(toAscii(text.trim()));
  return isValidHostname(host) && !host.startsWith('*') && !isAddress(host) ? host : undefined;
}

/** Why what was typed is no name of a host, and what to type instead. */
export function hostNameProblem(text: string): string {
  const given = text.trim();
  const shown = JSON.stringify(given.length > 80 ? `${given.slice(0, 80)}…` : given);
  if (given === '') return 'no host name is given; write one as demo.stage.example.com';
  if (isAddress(given))
    return `${shown} is an address: clients that connect by address name no host, and are not served; give the name`;
  if (given.startsWith('*'))
    return `${shown} is a wildcard, which no client asks for; give a name below it, as demo${given.slice(1)}`;
  const [, inside = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(given) ?? /^([^/?#\s]+:\d+)$/.exec(given) ?? [];
  const host = readHostName(inside.replace(/:\d+$/, ''));
  if (host !== undefined) return `${shown} is no host name; give ${host}`;
  return `${shown} is no host name: labels of letters, digits and hyphens, joined by dots, at most 253 characters`;
}

function isAddress(text: string): boolean {
  return parseIpAddress(text.replace(/^\[(.*)\]$/, '$1')) !== undefined;
}

function toAscii(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is ASCII stays as it is
  return /^[\u0000-\u007f]*$/.test(text) ? text : domainToASCII(text);
}
