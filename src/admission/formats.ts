/** Names and addresses, as Kubernetes' own Go code checks them: k8s.io/apimachinery, pkg/util/validation. */
import { isIP, isIPv4, isIPv6 } from 'node:net';

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Formats of OpenAPI that an API server looks at. */
export function isFormat(format: string, text: string): boolean {
  switch (format) {
    case 'date-time':
      return DATE_TIME.test(text) && !Number.isNaN(Date.parse(text));
    case 'ipv4':
      return isSloppyIPv4(text);
    case 'ipv6':
      return isIPv6(text) && !text.includes('%');
    default:
      return true;
  }
}

/** `isIP` of the API servers' CEL library: without zone, and no IPv4 address inside of an IPv6 one. */
export function isPlainIP(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%') && !isMappedIPv4(text);
}

/** ParseIPSloppy: leading zeros are no octal numbers, but ignored. */
export function isSloppyIPv4(text: string): boolean {
  return isIPv4(text.replaceAll(/(^|\.)0+(?=\d)/g, '$1'));
}

export function isMappedIPv4(text: string): boolean {
  return isIPv6(text) && /^::ffff:/.test(canonicalIPv6(text));
}

/** As RFC 5952 has it. */
export function canonicalIPv6(text: string): string {
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

const LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const DNS_LABEL = new RegExp(`^${LABEL}$`);
const DNS_SUBDOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const LABEL_KEY = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const HTTP_PATH = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;

/** IsDNS1123Label. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && DNS_LABEL.test(text);
}

/** IsDNS1123Subdomain. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && DNS_SUBDOMAIN.test(text);
}

/** IsWildcardDNS1123Subdomain. */
export function isWildcardSubdomain(text: string): boolean {
  return text.length <= 253 && text.startsWith('*.') && DNS_SUBDOMAIN.test(text.slice(2));
}

/** IsFullyQualifiedDomainName. */
export function isFullyQualified(text: string): boolean {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  return isDnsSubdomain(name) && name.includes('.') && name.split('.').every(isDnsLabel);
}

/** IsQualifiedName: the key of a label, whose prefix is optional. */
export function isQualifiedName(text: string): boolean {
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  return (slash < 0 || isDnsSubdomain(text.slice(0, slash))) && name.length <= 63 && LABEL_KEY.test(name);
}

/** IsValidLabelValue. */
export function isLabelValue(text: string): boolean {
  return text === '' || (text.length <= 63 && LABEL_KEY.test(text));
}

/** IsValidPortName. */
export function isPortName(text: string): boolean {
  return /^(?=.*[a-z])[a-z0-9](?:-?[a-z0-9]){0,14}$/.test(text) && text.length <= 15;
}

/** IsValidPortNum. */
export function isPort(number: number): boolean {
  return number >= 1 && number <= 65_535;
}

/** IsDomainPrefixedPath. */
export function isDomainPrefixedPath(text: string): boolean {
  const slash = text.indexOf('/');
  return slash > 0 && isDnsSubdomain(text.slice(0, slash)) && HTTP_PATH.test(text.slice(slash + 1));
}

/** IsPathSegmentName. */
export function isPathSegment(text: string): boolean {
  return text !== '.' && text !== '..' && !/[/%]/.test(text);
}

/** What names must be, to be read behind "must be". */
export const DNS_LABEL_WORDS =
  '1 to 63 lower-case letters, digits and "-", with a letter or digit at both ends';
export const DNS_SUBDOMAIN_WORDS =
  '1 to 253 lower-case letters, digits, "-" and ".", with a letter or digit at both ends of each part';
export const PORT_NAME_WORDS =
  '1 to 15 lower-case letters, digits and "-", with a letter in it, no "-" at an end and no two side by side';
export const QUALIFIED_NAME_WORDS =
  'up to 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends; a DNS name and "/" may precede it';
