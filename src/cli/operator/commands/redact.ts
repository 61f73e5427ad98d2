const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN ([A-Z ]+)-----[\s\S]*?-----END \1-----/g, '(a PEM block was here)'],
  [/\bBearer\s+[\w.~+/=-]+/gi, 'Bearer (a token was here)'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '(a token was here)'],
  [/("?(?:password|secret|token|authorization)"?\s*[:=]\s*)"?[^\s",}]+"?/gi, '$1"(left out)"'],
];

/** A text without what must not leave the house, should it ever stand there: keys, certificates, tokens. */
export function redacted(text: string): string {
  return SECRETS.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
}

/** A line of an access log has the address of a client: none of those. */
export function withoutClients(log: string): string {
  return log
    .split('\n')
    .filter((line) => !/downstream_remote|"client"|"downstream/i.test(line))
    .join('\n');
}
