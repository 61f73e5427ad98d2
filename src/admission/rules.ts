import { type CelInput, CelScalar, celEnv, celFunc, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { isPlainIP } from './formats.ts';
import { matches } from './patterns.ts';
import type { SchemaNode } from './schema.ts';

type Fields = Readonly<Record<string, unknown>>;
type Program = (bindings: { readonly self: CelInput }) => unknown;

/** Values that each schema's rules took lately: most routes have the same parentRefs. */
const MAX_KNOWN = 256;

interface Compiled {
  readonly programs: readonly { readonly program: Program; readonly message: string }[];
  /** The fields that they read; `undefined` where it is the value as a whole. */
  readonly fields: readonly string[] | undefined;
  readonly known: Set<string>;
}

const ENVIRONMENT = celEnv({
  funcs: [...strings, celFunc('isIP', [CelScalar.STRING], CelScalar.BOOL, isPlainIP)],
  re2: { compile: (pattern) => ({ test: (text) => matches(pattern, text) }) },
});

const compiled = new Map<SchemaNode, Compiled>();

export interface BrokenRule {
  readonly message: string;
  /** Of the first entry of a list that breaks the rule by itself, if any does. */
  readonly index: number | undefined;
}

/** The rules that a value breaks. One that cannot be evaluated is broken. */
export function brokenRules(schema: SchemaNode, value: unknown): readonly BrokenRule[] {
  if (schema.rules === undefined) return [];
  const { programs, fields, known } = compiledRules(schema);
  const text = JSON.stringify(fields === undefined ? value : fields.map((name) => (value as Fields)[name]));
  if (known.has(text)) return [];
  const isKept = (program: Program, self: unknown) => program({ self: self as CelInput }) === true;
  const broken = programs.filter(({ program }) => !isKept(program, value));
  if (broken.length > 0) {
    return broken.map(({ program, message }) => {
      const index = Array.isArray(value) ? value.findIndex((entry) => !isKept(program, [entry])) : -1;
      return { message, index: index < 0 ? undefined : index };
    });
  }
  if (known.size >= MAX_KNOWN) known.clear();
  known.add(text);
  return [];
}

function compiledRules(schema: SchemaNode): Compiled {
  const before = compiled.get(schema);
  if (before !== undefined) return before;
  const programs = (schema.rules ?? []).map(({ rule, message }) => ({
    program: plan(ENVIRONMENT, parse(unescaped(rule))) as Program,
    message,
  }));
  const made = { programs, fields: fieldsRead(schema), known: new Set<string>() };
  compiled.set(schema, made);
  return made;
}

function fieldsRead({ type, rules = [] }: SchemaNode): readonly string[] | undefined {
  if (type !== 'object') return undefined;
  const uses = rules.flatMap(({ rule }) => [...rule.matchAll(/\bself\b(?:\.([A-Za-z]+)\b(?!\())?/g)]);
  const names = uses.flatMap(([, name]) => name ?? []);
  return names.length === uses.length ? [...new Set(names)] : undefined;
}

/** Fields whose names CEL reserves are written `__namespace__` in rules of CRDs. */
function unescaped(rule: string): string {
  return rule.replaceAll(/\.__([a-z]+)__/g, '.$1');
}
