import {
  type Argument,
  type Command,
  type CommandSpec,
  EXIT,
  GLOBAL_OPTIONS,
  type Option,
  PROGRAM,
  UsageError,
} from "../shell.ts";
import { didYouMean } from "../../names/fields.ts";

/** A command to complete. */
interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  /** Its options, with those of every command. */
  readonly options: readonly Option[];
  readonly argument: Argument | undefined;
}

/** The program to complete. */
export interface CompletedProgram {
  /** The options before the command. */
  readonly options: readonly Option[];
  readonly commands: readonly CompletedCommand[];
}

/** The properties of a command that are known before it is loaded. */
interface LoadableCommand {
  readonly summary: string;
  load(): Promise<Command>;
}

/** Collects the options and arguments of all commands. */
async function completedProgram(all: readonly LoadableCommand[]): Promise<CompletedProgram> {
  const commands = await Promise.all(all.map(async ({ summary, load }) => {
    const { name, options, argument } = (await load()).spec;
    const own = new Set(options.map(({ name }) => name));
    return { name, summary, argument, options: [...options, ...GLOBAL_OPTIONS.filter(({ name }) => !own.has(name))] };
  }));
  return { options: GLOBAL_OPTIONS, commands };
}

/** Returns the values of an option or an argument, if known. */
function wordsOf({ choices, words }: Pick<Option, "choices" | "words">): readonly string[] {
  return choices ?? words ?? [];
}

/** Returns all spellings of an option: `--verbose`, `-v`. */
function spellingsOf({ name, letter }: Option): string[] {
  return [`--${name}`, ...(letter === undefined ? [] : [`-${letter}`])];
}

/** The maximum length of an explanation, in characters. */
const BRIEF = 72;

/** Shortens a help text to one line. */
export function brief(help: string): string {
  return help.length <= BRIEF ? help : `${help.slice(0, help.lastIndexOf(" ", BRIEF)).replace(/[,;:]$/, "")} ...`;
}

/** Quotes words as one argument of a shell function. Ours contain no quotes. */
function quoted(words: readonly string[]): string {
  return `'${words.join(" ")}'`;
}

/** Returns the bash code that completes the value of an option. */
function valueAction(option: Option): string {
  const words = wordsOf(option);
  if (words.length > 0) return `_imap_data_access_${option.isList ? "list" : "words"} ${quoted(words)}`;
  return option.paths === undefined ? ":" : `_imap_data_access_paths ${option.paths === "files" ? "-f" : "-d"}`;
}

/** The cases for options with values, by the word before the cursor. Options with the same code share a line. */
function valueCases(options: readonly Option[], indent: string): string[] {
  const byAction = new Map<string, string[]>();
  for (const option of options) {
    if (option.value === undefined) continue;
    const action = valueAction(option);
    byAction.set(action, [...byAction.get(action) ?? [], ...spellingsOf(option)]);
  }
  return [...byAction].map(([action, names]) => `${indent}${names.join(" | ")}) ${action}; return ;;`);
}

/** Returns the bash code that completes an argument. */
function argumentAction(argument: Argument | undefined): string | undefined {
  if (argument?.paths !== undefined) return `_imap_data_access_paths ${argument.paths === "files" ? "-f" : "-d"}`;
  return argument?.words === undefined ? undefined : `_imap_data_access_words ${quoted(argument.words)}`;
}

function optionNames(options: readonly Option[]): string {
  return quoted(options.flatMap(spellingsOf));
}

function commandCase({ name, options, argument }: CompletedCommand): string {
  const action = argumentAction(argument);
  return [
    `    ${name})`,
    `      case "$previous" in`,
    ...valueCases(options, "        "),
    `      esac`,
    ...(action === undefined ? [] : [`      [[ $current == -* ]] || { ${action}; return; }`]),
    `      _imap_data_access_options ${optionNames(options)} ;;`,
  ].join("\n");
}

/** The completion script for bash 3.2 (as on macOS) and later. */
export function bashCompletions({ options, commands }: CompletedProgram): string {
  const withValue = options.filter(({ value }) => value !== undefined).flatMap(spellingsOf);
  return `# Completions of ${PROGRAM} for bash. In ~/.bashrc: source <(${PROGRAM} completions bash)

# Offers words.
_imap_data_access_words() {
  COMPREPLY=($(compgen -P "$head" -W "$1" -- "$current"))
}

# Offers words for a list with commas; the text before the last comma stays.
_imap_data_access_list() {
  case "$current" in
    *,*) head="$head\${current%,*},"; current="\${current##*,}" ;;
  esac
  _imap_data_access_words "$1"
}

# Offers files (-f) or folders (-d).
_imap_data_access_paths() {
  local path
  while IFS= read -r path; do COMPREPLY+=("$head$path"); done < <(compgen "$1" -- "$current")
  compopt -o filenames 2>/dev/null
}

# Offers options that are not in the line yet.
_imap_data_access_options() {
  local left=" $1 " at
  for ((at = 1; at < last; at++)); do left=\${left/ "\${words[at]}" / }; done
  _imap_data_access_words "$left"
}

# The words up to the cursor. By default bash splits "a:b" and "--name=value" into three words each.
_imap_data_access_join() {
  local rest="$COMP_LINE" word at
  for ((at = 0; at <= COMP_CWORD; at++)); do
    word="\${COMP_WORDS[at]}"
    if [[ at -eq 0 || $rest == [[:space:]]* ]]; then words[++last]="$word"; else words[last]+="$word"; fi
    rest="\${rest#*"$word"}"
  done
}

_imap_data_access_complete() {
  local current="\${words[last]}" previous="" head="" command="" at
  ((last > 0)) && previous="\${words[last - 1]}"
  if [[ $current == --*=* ]]; then head="\${current%%=*}="; previous="\${current%%=*}"; current="\${current#*=}"; fi
  for ((at = 1; at < last; at++)); do
    case "\${words[at]}" in
      ${withValue.join(" | ")}) ((at++)) ;;
      -*) ;;
      *) command="\${words[at]}"; break ;;
    esac
  done
  case "$command" in
    "")
      case "$previous" in
${valueCases(options, "        ").join("\n")}
      esac
      [[ $current == -* ]] || { _imap_data_access_words ${quoted(commands.map(({ name }) => name))}; return; }
      _imap_data_access_options ${optionNames(options)} ;;
${commands.map(commandCase).join("\n")}
  esac
}

_imap_data_access() {
  local words last=-1 typed="\${COMP_WORDS[COMP_CWORD]}" kept at
  words=()
  COMPREPLY=()
  _imap_data_access_join
  _imap_data_access_complete
  # The text before the last ":" or "=" of a word stays as it is.
  [[ $typed == [:=]* ]] && typed=""
  kept="\${words[last]%"$typed"}"
  for ((at = 0; at < \${#COMPREPLY[@]}; at++)); do COMPREPLY[at]="\${COMPREPLY[at]#"$kept"}"; done
}

complete -F _imap_data_access ${PROGRAM}
`;
}

/** Text in single quotes. */
function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

/** Formats words as candidates. A tab after each word prevents fish from showing the explanation of the option. */
function bare(words: readonly string[]): string {
  return words.map((word) => `${word}\\t`).join(" ");
}

/** How a value is completed: with words, a list of words, paths, or not at all. */
function valueFlags(value: Pick<Option, "choices" | "words" | "isList" | "paths">): string {
  const words = wordsOf(value);
  if (words.length > 0) {
    return `-x -a ${fishQuoted(value.isList ? `(__imap_data_access_list ${words.join(" ")})` : bare(words))}`;
  }
  if (value.paths === undefined) return "-x";
  return value.paths === "files" ? "-r -F" : `-x -a '(__imap_data_access_folders)'`;
}

function optionLine(option: Option, condition: string): string {
  const { name, letter, value, help } = option;
  const names = letter === undefined ? `-l ${name}` : `-l ${name} -s ${letter}`;
  const flags = value === undefined ? "" : ` ${valueFlags(option)}`;
  return `complete -c ${PROGRAM} -n ${fishQuoted(condition)} ${names}${flags} -d ${fishQuoted(brief(help))}`;
}

function argumentLines(argument: Argument | undefined, condition: string): string[] {
  const { paths, words } = argument ?? {};
  if (paths === undefined && words === undefined) return [];
  const flags = words === undefined ? "-F" : `-a ${fishQuoted(bare(words))}`;
  return [`complete -c ${PROGRAM} -n ${fishQuoted(condition)} ${flags}`];
}

function commandLines({ name, summary, options, argument }: CompletedCommand): string[] {
  const condition = `__imap_data_access_is ${name}`;
  return [
    "",
    `complete -c ${PROGRAM} -n '__imap_data_access_is' -a ${name} -d ${fishQuoted(brief(summary))}`,
    ...options.map((option) => optionLine(option, condition)),
    ...argumentLines(argument, condition),
  ];
}

/** The completion script for fish, with explanations. */
export function fishCompletions({ options, commands }: CompletedProgram): string {
  const withValue = options.filter(({ value }) => value !== undefined).flatMap(spellingsOf);
  return `# Completions of ${PROGRAM} for fish.
# mkdir -p ~/.config/fish/completions
# ${PROGRAM} completions fish > ~/.config/fish/completions/${PROGRAM}.fish

# Whether the line contains the named command; without a name, whether it contains none yet.
function __imap_data_access_is
    set -l words (commandline -opc)
    set -e words[1]
    set -l is_value 0
    for word in $words
        if test $is_value -eq 1
            set is_value 0
            continue
        end
        switch $word
            case ${withValue.join(" ")}
                set is_value 1
            case '-*'
            case '*'
                test "$word" = "$argv[1]"
                return
        end
    end
    test (count $argv) -eq 0
end

# The part of a value that is typed, also after --name=
function __imap_data_access_value
    string replace -r -- '^--[^=]*=' '' (commandline -ct)
end

# Words for a list with commas; the text before the last comma stays.
function __imap_data_access_list
    set -l head (string match -r -- '^.*,' (__imap_data_access_value))
    test -n "$head"; or set head ''
    printf '%s\\t\\n' $head$argv
end

function __imap_data_access_folders
    __fish_complete_directories (__imap_data_access_value) ''
end

complete -c ${PROGRAM} -f
${options.map((option) => optionLine(option, "__imap_data_access_is")).join("\n")}
${commands.flatMap(commandLines).join("\n")}
`;
}

/** Text in single quotes. */
function zshQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Escapes the characters that _arguments and _describe interpret. */
function plain(text: string): string {
  return text.replace(/[\\[\]:]/g, "\\$&");
}

/** How a value is completed: with words, a list of words, paths, or not at all. */
function action(value: Pick<Option, "choices" | "words" | "isList" | "paths">, message: string): string {
  const words = wordsOf(value);
  if (words.length > 0) return value.isList ? `_values -s , ${message} ${words.join(" ")}` : `(${words.join(" ")})`;
  return value.paths === undefined ? " " : value.paths === "files" ? "_files" : "_files -/";
}

/** The _arguments specs of an option, one for each spelling. */
function optionSpecs(option: Option): string[] {
  const { value, help } = option;
  const spellings = spellingsOf(option);
  // One spelling of an option excludes the others.
  const others = spellings.length > 1 ? `(${spellings.join(" ")})` : "";
  return spellings.map((spelling) => {
    const tail = value === undefined ? "" : `:${plain(value)}:${action(option, value)}`;
    return zshQuoted(`${others}${spelling}${value === undefined ? "" : "="}[${plain(brief(help))}]${tail}`);
  });
}

/** The _arguments spec of a command's arguments. */
function argumentSpec(argument: Argument | undefined): string[] {
  if (argument === undefined) return [];
  const { name, words } = argument;
  return [zshQuoted(`${words === undefined ? "*" : "1"}:${plain(name)}:${action(argument, name)}`)];
}

function zshCommandCase({ name, options, argument }: CompletedCommand): string {
  const specs = [...options.flatMap(optionSpecs), ...argumentSpec(argument)];
  return `        ${name})\n          _arguments -s ${specs.join(" \\\n            ")} && ret=0 ;;`;
}

/** The completion script for zsh, with explanations. */
export function zshCompletions({ options, commands }: CompletedProgram): string {
  const described = commands.map(({ name, summary }) => `        ${zshQuoted(`${name}:${plain(summary)}`)}`);
  return `#compdef ${PROGRAM}
# Completions of ${PROGRAM} for zsh. In ~/.zshrc, after compinit: source <(${PROGRAM} completions zsh)
# Or save it as _${PROGRAM} in a directory of $fpath.

_imap_data_access() {
  local curcontext="$curcontext" state line ret=1
  local -a commands
  typeset -A opt_args
  _arguments -s -C ${options.flatMap(optionSpecs).join(" \\\n    ")} \\
    '(-): :->command' '(-)*:: :->arguments' && ret=0
  case $state in
    command)
      commands=(
${described.join("\n")}
      )
      _describe -t commands command commands && ret=0 ;;
    arguments)
      curcontext="\${curcontext%:*:*}:${PROGRAM}-$words[1]:"
      case $words[1] in
${commands.map(zshCommandCase).join("\n")}
      esac ;;
  esac
  return ret
}

if [[ $funcstack[1] == _${PROGRAM} ]]; then
  _imap_data_access "$@"
else
  compdef _imap_data_access ${PROGRAM}
fi
`;
}

const SHELLS: ReadonlyMap<string, (program: CompletedProgram) => string> = new Map([
  ["bash", bashCompletions],
  ["zsh", zshCompletions],
  ["fish", fishCompletions],
]);
const NAMES = [...SHELLS.keys()];

const SPEC: CommandSpec = {
  name: "completions",
  description:
    "Prints a completion script for bash, zsh or fish. The Tab key then completes commands, options and their values.",
  argument: { name: "SHELL", words: NAMES, help: NAMES.join(", ") },
  options: [],
  examples: [
    { text: "bash: to a file that ~/.bashrc sources", line: "completions bash > ~/.imap-data-access.bash" },
    {
      text: "zsh: to a directory in $fpath (create it with mkdir -p ~/.zfunc)",
      line: "completions zsh > ~/.zfunc/_imap-data-access",
    },
    {
      text: "fish (create the directory with mkdir -p ~/.config/fish/completions)",
      line: "completions fish > ~/.config/fish/completions/imap-data-access.fish",
    },
  ],
};

/**
 * The command `completions`: prints a completion script for a shell.
 *
 * @param commands The commands to complete.
 */
export function completionsOf(commands: readonly LoadableCommand[]): Command {
  return {
    spec: SPEC,
    async run({ rest, output }) {
      const [name, second] = rest;
      if (name === undefined || second !== undefined) {
        throw new UsageError(`Cannot print completions: expected the name of one shell: bash, zsh, or fish`);
      }
      const script = SHELLS.get(name);
      if (script === undefined) {
        const near = didYouMean(name, NAMES);
        throw new UsageError(`Cannot print completions for "${name}": expected one of ${NAMES.join(", ")}${near}`);
      }
      await output.data(script(await completedProgram(commands)));
      return EXIT.done;
    },
  };
}
