/** Where Sluice judges otherwise than an API server, on purpose: each stands in docs/design/admission.md. */

export interface KnownDifference {
  /** The heading there. */
  readonly name: string;
}

interface Rule extends KnownDifference {
  /** In what the server says, where Sluice takes the object … */
  readonly server?: RegExp;
  /** … or in what Sluice says, where the server takes it. */
  readonly own?: RegExp;
}

const RULES: readonly Rule[] = [
  { name: 'Ranges of endpoint addresses', server: /may not be (unspecified|in the (loopback|link-local))/ },
  {
    name: 'What the cluster hands out',
    server: /failed to allocate|not in the valid range/,
    // A dry run takes any number.
    own: /\.nodePort must be from 1 to 65535/,
  },
];

/** The reason why the two differ; `undefined` where none is known. */
export function knownDifference(
  server: string | undefined,
  own: string | undefined,
): KnownDifference | undefined {
  return RULES.find((rule) =>
    own === undefined ? rule.server?.test(server ?? '') === true : rule.own?.test(own) === true,
  );
}
