import { type Command, Option } from 'commander';
import { CliError, EXIT, quoted } from './cli-error.ts';

/** What a text means. */
export interface TextSchema<T> {
  /** The value, or how a text that has none is to be written. */
  parse(text: string): { readonly value: T } | { readonly expected: string };
}

/** One flag: how it is written, what it means, and the schema that reads its text. */
export interface Flag<T = unknown> {
  /** `--xds-address`; the environment variable follows from it unless `env` is set. */
  readonly name: `--${string}`;
  /** One letter for it: `-o`. */
  readonly short?: `-${string}`;
  /** What stands behind it in the help: `HOST:PORT`. `undefined` for a switch, which takes no value. */
  readonly value?: string;
  readonly description: string;
  readonly env: `SLUICE_${string}`;
  /** May be given several times; in the environment the values are separated by commas. */
  readonly repeatable?: true;
  /** Text that applies where neither the flag nor the variable is set; for repeatable ones as in the environment. */
  readonly default?: string;
  readonly required?: true;
  /** Reads one value. Its message says what is expected and how to write it. */
  readonly schema: TextSchema<T>;
}

export type FlagSet = Readonly<Record<string, Flag>>;

type ValueOf<F extends Flag> =
  F extends Flag<infer T>
    ? F extends { readonly repeatable: true }
      ? readonly T[]
      : F extends { readonly required: true } | { readonly default: string }
        ? T
        : T | undefined
    : never;

/** The typed result of a set of flags. */
export type FlagValues<S extends FlagSet> = { readonly [K in keyof S]: ValueOf<S[K]> };

/** Declares the flags on a command; all of them collect text, `readFlags` gives it a meaning. */
export function declareFlags(command: Command, flags: FlagSet): void {
  for (const flag of Object.values(flags)) {
    const repeat = flag.repeatable ? 'repeatable; ' : '';
    const fallback = flag.default === undefined ? '' : `default: ${flag.default}; `;
    const names = flag.short === undefined ? flag.name : `${flag.short}, ${flag.name}`;
    const option = new Option(
      flag.value === undefined ? names : `${names} <${flag.value}>`,
      `${flag.description} (${repeat}${fallback}env: ${flag.env})`,
    );
    option.argParser((text: string, before: readonly string[] = []) => [...before, text]);
    // A switch comes without text.
    if (flag.value === undefined) option.preset('true');
    command.addOption(option);
  }
}

/**
 * The values of `flags`, from what commander collected, then the environment, then the defaults; frozen. Throws a
 * `CliError` (64) for the first one that does not parse, is missing or is given more often than it may be.
 */
export function readFlags<S extends FlagSet>(
  flags: S,
  given: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): FlagValues<S> {
  const values: Record<string, unknown> = {};
  for (const [key, flag] of Object.entries(flags)) {
    const { source, texts } = textsOf(flag, given, env);
    if (texts.length > 1 && !flag.repeatable) {
      throw usage('SLUICE_FLAG_REPEATED', `${flag.name} is given ${texts.length} times; give it once`);
    }
    if (texts.length === 0 && flag.required) {
      const how = `${flag.name} ${flag.value ?? ''}`.trim();
      throw usage('SLUICE_FLAG_MISSING', `${flag.name} is required; add ${how} or set ${flag.env}`);
    }
    const read = texts.map((text) => readValue(flag, source, text));
    values[key] = flag.repeatable ? Object.freeze(read) : read[0];
  }
  return Object.freeze(values) as FlagValues<S>;
}

function textsOf(
  flag: Flag,
  given: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): { readonly source: string; readonly texts: readonly string[] } {
  const onLine = given[attributeName(flag.name)];
  if (Array.isArray(onLine)) return { source: flag.name, texts: onLine as readonly string[] };
  const inEnv = env[flag.env];
  // An empty variable is what a manifest template leaves behind where nothing was set.
  if (inEnv !== undefined && inEnv !== '') return { source: flag.env, texts: split(flag, inEnv) };
  return { source: flag.name, texts: flag.default === undefined ? [] : split(flag, flag.default) };
}

function split(flag: Flag, text: string): string[] {
  return flag.repeatable ? text.split(',').map((part) => part.trim()) : [text];
}

function readValue(flag: Flag, source: string, text: string): unknown {
  const result = flag.schema.parse(text);
  if ('value' in result) return result.value;
  throw usage('SLUICE_FLAG_INVALID', `${source} ${quoted(text)}: ${result.expected}`);
}

function usage(code: string, message: string): CliError {
  return new CliError(code, EXIT.usage, message);
}

/** As commander names the attribute: `--xds-address` is `xdsAddress`. */
export function attributeName(name: string): string {
  return name.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
