const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN ([A-Z ]+)-----[\s\S]*?-----END \1-----/g, '(a PEM block was here)'],
  [/\bBearer\s+[\w.~+/=-]+/gi, 'Bearer (a token was here)'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '(a token was here)'],
];

/** As a line or in JSON, also in JSON that stands in a string; never an object, of which the keys are looked at. */
const NAMED =
  /((?:password|secret|token|authorization)(\\?"|)\s*[:=]\s*)(\\"[^"]*"|"(?:[^"\\]|\\.)*"|(?:Basic\s+)?(?:[^\s"\\,{}[\]]|\\(?!"))+)/gi;

/** A text without what must not leave the house, should it ever stand there: keys, certificates, tokens. JSON stays JSON. */
export function redacted(text: string): string {
  return SECRETS.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text).replace(
    NAMED,
    (_, name: string, quote: string, value: string) => {
      const around = /^\\?"/.exec(value)?.[0] ?? quote;
      return `${name}${around}(left out)${around}`;
    },
  );
}

/** A line of an access log has the address of a client: none of those. */
export function withoutClients(log: string): string {
  return log
    .split('\n')
    .filter((line) => !/downstream_remote|"client"|"downstream/i.test(line))
    .join('\n');
}
