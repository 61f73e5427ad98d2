/** What a shell completes: made of the commands themselves. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly {
    /** `--output` */
    readonly name: string;
    readonly description: string;
    /** Whether a value follows, and which there are where they are few. */
    readonly takes: 'nothing' | 'anything' | readonly string[];
  }[];
}

/** A script that the shell reads: `source <(sluice completion bash)`. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return { bash, zsh, fish }[shell](commands);
}

function bash(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(
    ({ name, flags }) => `    ${name}) words="${flags.map((flag) => flag.name).join(' ')}" ;;`,
  );
  const values = valueCases(commands).map(
    ([flag, words]) => `    ${flag}) COMPREPLY=($(compgen -W "${words}" -- "$word")); return ;;`,
  );
  return `# bash completion of sluice: source <(sluice completion bash)
_sluice() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$word"))
    return
  fi
  case "$before" in
${values.join('\n')}
  esac
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  if [[ "$word" == -* ]]; then COMPREPLY=($(compgen -W "$words" -- "$word")); else COMPREPLY=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _sluice sluice kubectl-sluice
`;
}

/** Values by flag; a flag of two commands has the same in both, or those of both. */
function valueCases(commands: readonly CompletedCommand[]): readonly (readonly [string, string])[] {
  const found = new Map<string, Set<string>>();
  for (const { name, takes } of commands.flatMap(({ flags }) => flags)) {
    if (typeof takes === 'string') continue;
    const words = found.get(name) ?? new Set();
    for (const word of takes) words.add(word);
    found.set(name, words);
  }
  return [...found].map(([name, words]) => [name, [...words].join(' ')]);
}

function zsh(commands: readonly CompletedCommand[]): string {
  const quoted = (text: string): string =>
    text.replace(/['\\[\]:]/g, (each) => (each === "'" ? "'\\''" : `\\${each}`));
  const cases = commands.map(({ name, flags }) => {
    const specs = flags.map((flag) => {
      const value =
        flag.takes === 'nothing'
          ? ''
          : flag.takes === 'anything'
            ? ':value:_files'
            : `:value:(${flag.takes.join(' ')})`;
      return `'*${flag.name}[${quoted(flag.description)}]${value}'`;
    });
    return `    ${name}) _arguments ${specs.join(' ')} '*::file:_files' ;;`;
  });
  return `#compdef sluice kubectl-sluice
# zsh completion of sluice: sluice completion zsh > "\${fpath[1]}/_sluice"
_sluice() {
  local -a commands=(${commands.map(({ name, description }) => `'${name}:${quoted(description)}'`).join(' ')})
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command="$words[2]"
  shift words; (( CURRENT-- ))
  case "$command" in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = "_sluice" ]; then _sluice "$@"; else compdef _sluice sluice kubectl-sluice; fi
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const quoted = (text: string): string => `'${text.replace(/[\\']/g, (each) => `\\${each}`)}'`;
  const lines = commands.flatMap(({ name, description, flags }) => [
    `complete -c sluice -n __fish_use_subcommand -f -a ${name} -d ${quoted(description)}`,
    ...flags.map(({ name: flag, description: about, takes }) => {
      const value =
        takes === 'nothing' ? '' : takes === 'anything' ? ' -r' : ` -x -a ${quoted(takes.join(' '))}`;
      return `complete -c sluice -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}${value} -d ${quoted(about)}`;
    }),
  ]);
  return `# fish completion of sluice: sluice completion fish | source\n${lines.join('\n')}\n`;
}
