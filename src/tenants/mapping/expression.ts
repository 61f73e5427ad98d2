import { type CelInput, celEnv, isCelError, isCelList, isCelMap, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';

/** What expressions and templates of a mapping can name. */
export interface TenantVariables {
  readonly name: string;
  readonly namespace: string;
  /** What `--domain` says; `''` unless given. */
  readonly domain: string;
  readonly metadata: object;
  /** Empty where the object has none; so is `status`. */
  readonly spec: object;
  readonly status: object;
}

export type Evaluated =
  | { readonly type: 'value'; readonly value: unknown }
  /** A field on the way is not there, or the value is null or empty text. */
  | { readonly type: 'absent' }
  | { readonly type: 'failed'; readonly message: string };

/** A field path, or CEL, over one tenant object; pure, and never throws. */
export type Expression = (variables: TenantVariables) => Evaluated;

const VARIABLES: readonly string[] = [
  'name',
  'namespace',
  'domain',
  'metadata',
  'spec',
  'status',
] satisfies (keyof TenantVariables)[];
const STEP = String.raw`(?:\.[A-Za-z_][A-Za-z0-9_-]*|\[[0-9]{1,6}\]|\['[^']*'\])`;
const PATH = new RegExp(`^[A-Za-z_][A-Za-z0-9_]*${STEP}*$`);
const STEPS = /\.([A-Za-z_][A-Za-z0-9_-]*)|\[([0-9]+)\]|\['([^']*)'\]/g;
const ENVIRONMENT = celEnv({ funcs: [...strings] });
const ABSENT: Evaluated = { type: 'absent' };

/**
 * Reads `status.endpoint.host`, `spec.hosts[0]`, `metadata.annotations['a/b']`, or else CEL of the same variables. Throws an `Error`
 * that says what is wrong with the text.
 */
export function readExpression(text: string): Expression {
  const trimmed = text.trim();
  if (PATH.test(trimmed)) return pathExpression(trimmed);
  return celExpression(trimmed);
}

function pathExpression(path: string): Expression {
  const root = /^[A-Za-z0-9_]+/.exec(path)?.[0] ?? '';
  if (!VARIABLES.includes(root))
    throw new Error(`${root} is not there; a path begins with one of ${VARIABLES.join(', ')}`);
  const steps = [...path.slice(root.length).matchAll(STEPS)].map(
    ([, field, index, key]) => field ?? index ?? key ?? '',
  );
  return (variables) => {
    let value: unknown = variables[root as keyof TenantVariables];
    for (const step of steps) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return ABSENT;
      value = (value as Record<string, unknown>)[step];
    }
    return evaluated(value);
  };
}

function celExpression(text: string): Expression {
  const program = plan(ENVIRONMENT, parse(text)) as (bindings: Record<string, CelInput>) => unknown;
  return (variables) => {
    try {
      const result = program(variables as unknown as Record<string, CelInput>);
      if (!isCelError(result)) return evaluated(plain(result));
      // Of an object that is not complete yet, and so no failure.
      if (/^(?:field|key) not found|^no such (?:field|key)/.test(result.message)) return ABSENT;
      return { type: 'failed', message: result.message };
    } catch (error) {
      return { type: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
  };
}

function evaluated(value: unknown): Evaluated {
  return value === undefined || value === null || value === '' ? ABSENT : { type: 'value', value };
}

/** What CEL gave, as JSON would have it. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (isCelList(value)) return [...value].map(plain);
  if (isCelMap(value))
    return Object.fromEntries([...value.entries()].map(([key, entry]) => [String(key), plain(entry)]));
  return value;
}
