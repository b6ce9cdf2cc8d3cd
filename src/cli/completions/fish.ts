import { type Argument, type Option, PROGRAM } from "../option.ts";
import { brief, type CompletedCommand, type CompletedProgram, spellingsOf, wordsOf } from "./program.ts";

/** Text in single quotes. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

/** Words to offer. With a tab behind it, a word does not get the explanation of what takes it. */
function bare(words: readonly string[]): string {
  return words.map((word) => `${word}\\t`).join(" ");
}

/** What completes a value: words, several of them, paths, or nothing. */
function valueFlags(value: Pick<Option, "choices" | "words" | "isList" | "paths">): string {
  const words = wordsOf(value);
  if (words.length > 0) {
    return `-x -a ${quoted(value.isList ? `(__imap_data_access_list ${words.join(" ")})` : bare(words))}`;
  }
  if (value.paths === undefined) return "-x";
  return value.paths === "files" ? "-r -F" : `-x -a '(__imap_data_access_folders)'`;
}

function optionLine(option: Option, condition: string): string {
  const { name, letter, value, help } = option;
  const names = letter === undefined ? `-l ${name}` : `-l ${name} -s ${letter}`;
  const flags = value === undefined ? "" : ` ${valueFlags(option)}`;
  return `complete -c ${PROGRAM} -n ${quoted(condition)} ${names}${flags} -d ${quoted(brief(help))}`;
}

function argumentLines(argument: Argument | undefined, condition: string): string[] {
  const { paths, words } = argument ?? {};
  if (paths === undefined && words === undefined) return [];
  const flags = words === undefined ? "-F" : `-a ${quoted(bare(words))}`;
  return [`complete -c ${PROGRAM} -n ${quoted(condition)} ${flags}`];
}

function commandLines({ name, summary, options, argument }: CompletedCommand): string[] {
  const condition = `__imap_data_access_is ${name}`;
  return [
    "",
    `complete -c ${PROGRAM} -n '__imap_data_access_is' -a ${name} -d ${quoted(brief(summary))}`,
    ...options.map((option) => optionLine(option, condition)),
    ...argumentLines(argument, condition),
  ];
}

/** A script that makes fish complete the program, with explanations. */
export function fishCompletions({ options, commands }: CompletedProgram): string {
  const withValue = options.filter(({ value }) => value !== undefined).flatMap(spellingsOf);
  return `# Completions of ${PROGRAM} for fish.
# mkdir -p ~/.config/fish/completions
# ${PROGRAM} completions fish > ~/.config/fish/completions/${PROGRAM}.fish

# Whether the line has the named command; without a name, whether it has none yet.
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

# What is typed of a value, also behind --name=
function __imap_data_access_value
    string replace -r -- '^--[^=]*=' '' (commandline -ct)
end

# Words of a list with commas: what stands before the last comma stays.
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
