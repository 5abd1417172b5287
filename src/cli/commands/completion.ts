// SPDX-License-Identifier: Apache-2.0
// `tsbuild completion SHELL`: a script that completes commands, flags and their choices, and names of
// images where a command takes one; what else is a file.

import type { Command, Option } from "commander";

export type Shell = "bash" | "zsh" | "fish";

interface CompletedFlag {
  readonly names: readonly string[];
  readonly summary: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

interface CompletedCommand {
  readonly names: readonly string[];
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** Its arguments may be images of the store. */
  readonly images: boolean;
  /** Names of the commands below it, whose flags are among its own. */
  readonly below: readonly string[];
}

/** What a shell runs for the names of the store's images, as short as users write them. */
const listImages =
  "tsbuild images --filter dangling=false 2>/dev/null | sed -e 1d -e 's/ .*//' -e 's,^docker[.]io/library/,,' -e 's,^docker[.]io/,,'";

/** The script for a shell to evaluate. */
export function completionScript(program: Command, shell: Shell): string {
  const commands = program.commands.map((command): CompletedCommand => ({
    names: [command.name(), ...command.aliases()],
    summary: command.description(),
    flags: [command, ...command.commands]
      .flatMap(({ options }) => options)
      .filter(
        ({ hidden, long }, i, all) => !hidden && all.findIndex((one) => one.long === long) === i,
      )
      .map(flagOf),
    below: command.commands.map((one) => one.name()),
    images: command.registeredArguments.some((argument) => argument.name() === "image"),
  }));
  return { bash, zsh, fish }[shell](commands);
}

function flagOf({ short, long, description, required, argChoices }: Option): CompletedFlag {
  return {
    names: [long, short].filter((name) => typeof name === "string"),
    summary: description,
    takesValue: required,
    choices: argChoices ?? [],
  };
}

/** In single quotes, for all three shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

function bash(commands: readonly CompletedCommand[]): string {
  const all = commands.flatMap(({ names }) => names);
  const flagsOf = (command: CompletedCommand, test: (flag: CompletedFlag) => boolean): string[] =>
    command.flags.filter(test).flatMap(({ names }) => names);
  const cases = commands.flatMap((command) => {
    const pattern = command.names.join("|");
    const chosen = command.flags
      .filter(({ choices }) => choices.length > 0)
      .map(
        ({ names, choices }) =>
          `      ${names.join("|")}) COMPREPLY=($(compgen -W ${quote(choices.join(" "))} -- "$word")); return ;;`,
      );
    const valued = flagsOf(command, (flag) => flag.takesValue && flag.choices.length === 0);
    const files =
      valued.length === 0
        ? []
        : [`      ${valued.join("|")}) COMPREPLY=($(compgen -f -- "$word")); return ;;`];
    const flags = flagsOf(command, () => true).join(" ");
    return [
      `    ${pattern})`,
      ...(chosen.length + files.length === 0
        ? []
        : ['      case "$before" in', ...chosen, ...files, "      esac"]),
      `      flags=${quote(flags)} words=${quote(command.below.join(" "))} ;;`,
    ];
  });
  const withImages = commands.filter(({ images }) => images).flatMap(({ names }) => names);
  return `${[
    "# bash completion for tsbuild: source <(tsbuild completion bash)",
    "_tsbuild_images() {",
    // Bash takes a word apart at colons, and replaces what stands behind the last one.
    '  local word="${COMP_LINE:0:COMP_POINT}" names head',
    '  word="${word##*[[:space:]]}"',
    `  names=($(compgen -W "$(${listImages})" -- "$word"))`,
    '  head="${word%"${word##*:}"}"',
    '  [ "${COMP_WORDBREAKS#*:}" != "$COMP_WORDBREAKS" ] || head=',
    '  COMPREPLY+=("${names[@]#"$head"}")',
    "  compopt +o filenames 2>/dev/null",
    "}",
    "_tsbuild() {",
    '  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" command=build flags= words=',
    "  # --flag=value is three words.",
    '  if [ "$word" = = ]; then word=; elif [ "$before" = = ]; then before="${COMP_WORDS[COMP_CWORD-2]}"; fi',
    '  case "${COMP_WORDS[1]}" in',
    `    ${all.join("|")}) [ "$COMP_CWORD" -gt 1 ] && command="\${COMP_WORDS[1]}" ;;`,
    "  esac",
    '  case "$command" in',
    ...cases,
    "  esac",
    '  if [ "${word#-}" != "$word" ]; then',
    '    COMPREPLY=($(compgen -W "$flags" -- "$word"))',
    "  else",
    '    COMPREPLY=($(compgen -W "$words" -- "$word") $(compgen -f -- "$word"))',
    `    case "$command" in ${withImages.join("|")}) _tsbuild_images ;; esac`,
    `    [ "$COMP_CWORD" -eq 1 ] && COMPREPLY+=($(compgen -W ${quote(all.join(" "))} -- "$word"))`,
    "  fi",
    "}",
    "complete -o filenames -F _tsbuild tsbuild",
  ].join("\n")}\n`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const described = (text: string): string => text.replaceAll(/[[\]\\:]/g, (c) => `\\${c}`);
  const spec = ({ names, summary, takesValue, choices }: CompletedFlag): string[] => {
    const value = choices.length > 0 ? `:value:(${choices.join(" ")})` : ":value:_files";
    return names.map((name) => quote(`*${name}[${described(summary)}]${takesValue ? value : ""}`));
  };
  return `${[
    "#compdef tsbuild",
    "# zsh completion for tsbuild: source <(tsbuild completion zsh)",
    "_tsbuild_images() {",
    "  local -a names",
    `  names=(\${(f)"$(${listImages})"})`,
    "  compadd -a names",
    "  _files",
    "}",
    "_tsbuild() {",
    "  local -a commands",
    "  commands=(",
    ...commands.flatMap(({ names, summary }) =>
      names.map((name) => `    ${quote(`${name}:${summary}`)}`),
    ),
    "  )",
    "  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then",
    "    _describe command commands",
    "    _files",
    "    return",
    "  fi",
    '  case "$words[2]" in',
    // The default command stands last and takes what none of the others is.
    ...[...commands.slice(1), ...commands.slice(0, 1)].flatMap((command, i, ordered) => [
      `    ${i === ordered.length - 1 ? "*" : command.names.join("|")})`,
      "      _arguments -s \\",
      ...command.flags.flatMap(spec).map((text) => `        ${text} \\`),
      `        ${quote(`*:${zshArgument(command)}`)} ;;`,
    ]),
    "  esac",
    "}",
    'if [ "$funcstack[1]" = _tsbuild ]; then _tsbuild; else compdef _tsbuild tsbuild; fi',
  ].join("\n")}\n`;
}

function zshArgument({ images, below }: CompletedCommand): string {
  if (below.length > 0) return `command:(${below.join(" ")})`;
  return images ? "image:_tsbuild_images" : "file:_files";
}

function fish(commands: readonly CompletedCommand[]): string {
  const named = commands.flatMap(({ names }) => names);
  const none = quote(`not __fish_seen_subcommand_from ${named.join(" ")}`);
  const flags = commands.flatMap((command, i) => {
    const seen = quote(`__fish_seen_subcommand_from ${command.names.join(" ")}`);
    // The first command is the default.
    const conditions = i === 0 ? [seen, none] : [seen];
    return conditions.flatMap((condition) =>
      command.flags.map(({ names, summary, takesValue, choices }) =>
        [
          `complete -c tsbuild -n ${condition}`,
          ...names.map((name) =>
            name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
          ),
          ...(choices.length > 0
            ? [`-x -a ${quote(choices.join(" "))}`]
            : takesValue
              ? ["-r"]
              : []),
          `-d ${quote(summary)}`,
        ].join(" "),
      ),
    );
  });
  const withImages = commands.filter(({ images }) => images).flatMap(({ names }) => names);
  return `${[
    "# fish completion for tsbuild: tsbuild completion fish | source",
    "function __tsbuild_images",
    `  ${listImages}`,
    "end",
    `complete -c tsbuild -n '__fish_seen_subcommand_from ${withImages.join(" ")}' -a '(__tsbuild_images)'`,
    ...commands.flatMap(({ names, summary }) =>
      names.map((name) => `complete -c tsbuild -n ${none} -a ${name} -d ${quote(summary)}`),
    ),
    ...commands
      .filter(({ below }) => below.length > 0)
      .map(
        ({ names, below }) =>
          `complete -c tsbuild -n ${quote(`__fish_seen_subcommand_from ${names.join(" ")}`)} -a ${quote(below.join(" "))}`,
      ),
    ...flags,
  ].join("\n")}\n`;
}
