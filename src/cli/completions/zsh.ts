import { type Argument, type Option, PROGRAM } from "../option.ts";
import { brief, type CompletedCommand, type CompletedProgram, spellingsOf, wordsOf } from "./program.ts";

/** Text in single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Text in which no character means anything to _arguments and _describe. */
function plain(text: string): string {
  return text.replace(/[\\[\]:]/g, "\\$&");
}

/** What completes a value: words, several of them, paths, or nothing. */
function action(value: Pick<Option, "choices" | "words" | "isList" | "paths">, message: string): string {
  const words = wordsOf(value);
  if (words.length > 0) return value.isList ? `_values -s , ${message} ${words.join(" ")}` : `(${words.join(" ")})`;
  return value.paths === undefined ? " " : value.paths === "files" ? "_files" : "_files -/";
}

/** The specs of one option, for each of its spellings. */
function optionSpecs(option: Option): string[] {
  const { value, help } = option;
  const spellings = spellingsOf(option);
  // One spelling of an option shuts the others out.
  const others = spellings.length > 1 ? `(${spellings.join(" ")})` : "";
  return spellings.map((spelling) => {
    const tail = value === undefined ? "" : `:${plain(value)}:${action(option, value)}`;
    return quoted(`${others}${spelling}${value === undefined ? "" : "="}[${plain(brief(help))}]${tail}`);
  });
}

/** The spec of a command's arguments. */
function argumentSpec(argument: Argument | undefined): string[] {
  if (argument === undefined) return [];
  const { name, words } = argument;
  return [quoted(`${words === undefined ? "*" : "1"}:${plain(name)}:${action(argument, name)}`)];
}

function commandCase({ name, options, argument }: CompletedCommand): string {
  const specs = [...options.flatMap(optionSpecs), ...argumentSpec(argument)];
  return `        ${name})\n          _arguments -s ${specs.join(" \\\n            ")} && ret=0 ;;`;
}

/** A script that makes zsh complete the program, with explanations. */
export function zshCompletions({ options, commands }: CompletedProgram): string {
  const described = commands.map(({ name, summary }) => `        ${quoted(`${name}:${plain(summary)}`)}`);
  return `#compdef ${PROGRAM}
# Completions of ${PROGRAM} for zsh. In ~/.zshrc, behind compinit: source <(${PROGRAM} completions zsh)
# Or as a file of the name _${PROGRAM} in a folder of $fpath.

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
${commands.map(commandCase).join("\n")}
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
