import { type Argument, type Option, PROGRAM } from "../option.ts";
import { type CompletedCommand, type CompletedProgram, spellingsOf, wordsOf } from "./program.ts";

/** The words as one argument of a function. Ours have no quotes in them. */
function quoted(words: readonly string[]): string {
  return `'${words.join(" ")}'`;
}

/** What completes the value of an option; options of the same kind share a line. */
function valueAction(option: Option): string {
  const words = wordsOf(option);
  if (words.length > 0) return `_imap_data_access_${option.isList ? "list" : "words"} ${quoted(words)}`;
  return option.paths === undefined ? ":" : `_imap_data_access_paths ${option.paths === "files" ? "-f" : "-d"}`;
}

/** The cases of what stands before the cursor, for the options with values. */
function valueCases(options: readonly Option[], indent: string): string[] {
  const byAction = new Map<string, string[]>();
  for (const option of options) {
    if (option.value === undefined) continue;
    const action = valueAction(option);
    byAction.set(action, [...byAction.get(action) ?? [], ...spellingsOf(option)]);
  }
  return [...byAction].map(([action, names]) => `${indent}${names.join(" | ")}) ${action}; return ;;`);
}

/** What completes an argument. */
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

/** A script that makes bash complete the program; bash 3.2, as on macOS, will do. */
export function bashCompletions({ options, commands }: CompletedProgram): string {
  const withValue = options.filter(({ value }) => value !== undefined).flatMap(spellingsOf);
  return `# Completions of ${PROGRAM} for bash. In ~/.bashrc: source <(${PROGRAM} completions bash)

# Offers words.
_imap_data_access_words() {
  COMPREPLY=($(compgen -P "$head" -W "$1" -- "$current"))
}

# Offers words of a list with commas: what stands before the last comma stays.
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

# Offers options that do not stand in the line yet.
_imap_data_access_options() {
  local left=" $1 " at
  for ((at = 1; at < last; at++)); do left=\${left/ "\${words[at]}" / }; done
  _imap_data_access_words "$left"
}

# The words up to the cursor. Bash takes "a:b" and "--name=value" for three words each, unless it was told otherwise.
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
  # What stands before the last ":" or "=" of a word stays as it is.
  [[ $typed == [:=]* ]] && typed=""
  kept="\${words[last]%"$typed"}"
  for ((at = 0; at < \${#COMPREPLY[@]}; at++)); do COMPREPLY[at]="\${COMPREPLY[at]#"$kept"}"; done
}

complete -F _imap_data_access ${PROGRAM}
`;
}
