import { type CommandSpec, GLOBAL_OPTIONS, type Option, PROGRAM } from "./shell.ts";

/** The width of help, in columns. */
const WIDTH = 80;
/** The column at which explanations begin. */
const INDENT = 28;

/** Wraps a text at spaces; all lines but the first are indented. */
export function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}

/** Formats a term and its explanation side by side, or one below the other if the term is long. */
function entry(term: string, explanation: string): string {
  const head = `  ${term}`;
  const gap = head.length + 2 > INDENT ? `\n${" ".repeat(INDENT)}` : " ".repeat(INDENT - head.length);
  return `${head}${gap}${wrap(explanation, INDENT)}`;
}

function optionEntry({ name, letter, value, help, choices }: Option): string {
  const term = `${letter === undefined ? "" : `-${letter}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
  return entry(term, choices === undefined ? help : `${help}: ${choices.join(", ")}`);
}

/** Returns the help of the program. */
export function programHelp(commands: ReadonlyArray<{ readonly name: string; readonly summary: string }>): string {
  return [
    `Usage: ${PROGRAM} [options] <command> ...`,
    "",
    wrap("Finds, downloads and uploads data of NASA's IMAP mission at its Science Data Center (SDC).", 0),
    "",
    "Commands:",
    ...commands.map(({ name, summary }) => entry(name, summary)),
    "",
    "Options, before or after the command:",
    ...GLOBAL_OPTIONS.map(optionEntry),
    "",
    "Exit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted.",
    `"${PROGRAM} <command> --help" shows a command's own options, with examples.`,
    "",
  ].join("\n");
}

/** Returns the help of a command. */
export function commandHelp(spec: CommandSpec): string {
  const own = new Set(spec.options.map(({ name }) => name));
  const argument = spec.argument === undefined ? [] : ["", "Arguments:", entry(spec.argument.name, spec.argument.help)];
  return [
    `Usage: ${[PROGRAM, spec.name, spec.argument?.name, "[options]"].filter(Boolean).join(" ")}`,
    "",
    wrap(spec.description, 0),
    ...argument,
    ...(spec.options.length === 0 ? [] : ["", "Options:", ...spec.options.map(optionEntry)]),
    "",
    "Options of every command:",
    ...GLOBAL_OPTIONS.filter(({ name }) => !own.has(name)).map(optionEntry),
    "",
    "Examples:",
    ...spec.examples.flatMap(({ text, line }, index) => [
      `  ${index + 1}. ${wrap(text, 5)}`,
      `     ${PROGRAM} ${line}`,
    ]),
    "",
  ].join("\n");
}
