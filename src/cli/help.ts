import { type Command, type CommandSpec, EXIT, GLOBAL_OPTIONS, type Option, PROGRAM, UsageError } from "./shell.ts";
import type { TextLook } from "../display/text_table.ts";
import { wrap } from "../display/text_width.ts";
import { didYouMean } from "../names/vocabulary.ts";

/** The most columns that help takes: longer lines are hard to read. */
const MAX_WIDTH = 80;
/** The column at which explanations begin. */
const INDENT = 28;
/** In a narrower terminal, explanations are below their terms. */
const MIN_SIDE_BY_SIDE = 60;

/** Writes help for a terminal of a certain width. */
class HelpWriter {
  readonly #width: number;
  readonly #heading: (text: string) => string;

  constructor({ columns = MAX_WIDTH, heading = (text) => text }: TextLook) {
    this.#width = Math.min(columns, MAX_WIDTH);
    this.#heading = heading;
  }

  /** A text at the left edge. */
  text(text: string): string {
    return wrap(text, this.#width);
  }

  /** A section: an empty line, its heading, and its lines. */
  section(heading: string, lines: readonly string[]): string[] {
    return ["", this.#heading(heading), ...lines];
  }

  /** The first line: how to call the program or a command. */
  usage(line: string): string {
    return `${this.#heading("Usage:")} ${wrap(line, this.#width - "Usage: ".length, "Usage: ".length)}`;
  }

  /** A term and its explanation side by side, or one below the other if there is no room. */
  entry(term: string, explanation: string): string {
    const head = `  ${term}`;
    const indent = this.#width < MIN_SIDE_BY_SIDE ? 6 : INDENT;
    const gap = head.length + 2 > indent ? `\n${" ".repeat(indent)}` : " ".repeat(indent - head.length);
    return `${head}${gap}${wrap(explanation, this.#width, indent)}`;
  }

  option({ name, letter, value, help, choices }: Option): string {
    const term = `${letter === undefined ? "" : `-${letter}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
    return this.entry(term, choices === undefined ? help : `${help}: ${choices.join(", ")}`);
  }

  /** A numbered example. Its command line is not wrapped, so that it can be copied. */
  example({ text, line }: CommandSpec["examples"][number], index: number): string[] {
    return [`  ${index + 1}. ${wrap(text, this.#width, 5)}`, `     ${PROGRAM} ${line}`];
  }
}

/** Returns the help of the program. */
export function programHelp(
  commands: ReadonlyArray<{ readonly name: string; readonly summary: string }>,
  look: TextLook = {},
): string {
  const write = new HelpWriter(look);
  return [
    write.usage(`${PROGRAM} [options] <command> ...`),
    "",
    write.text("Finds, downloads and uploads data of NASA's IMAP mission at its Science Data Center (SDC)."),
    ...write.section("Commands:", commands.map(({ name, summary }) => write.entry(name, summary))),
    ...write.section(
      "Options, before or after the command:",
      GLOBAL_OPTIONS.map((option) => write.option(option)),
    ),
    "",
    write.text("Exit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted."),
    write.text(`"${PROGRAM} help <command>" shows a command's own options, with examples.`),
    "",
  ].join("\n");
}

/** Returns the help of a command. */
export function commandHelp(spec: CommandSpec, look: TextLook = {}): string {
  const write = new HelpWriter(look);
  const own = new Set(spec.options.map(({ name }) => name));
  const { argument } = spec;
  const usual = GLOBAL_OPTIONS.filter(({ name }) => !own.has(name));
  return [
    write.usage([PROGRAM, spec.name, argument?.name, "[options]"].filter(Boolean).join(" ")),
    "",
    write.text(spec.description),
    ...(argument === undefined ? [] : write.section("Arguments:", [write.entry(argument.name, argument.help)])),
    ...(spec.options.length === 0 ? [] : write.section("Options:", spec.options.map((option) => write.option(option)))),
    ...write.section("Options of every command:", usual.map((option) => write.option(option))),
    ...write.section("Examples:", spec.examples.flatMap((example, index) => write.example(example, index))),
    "",
  ].join("\n");
}

/** A command in the list of commands. */
interface ListedCommand {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

/** Creates the command `help` for a list of commands. */
export function helpOf(commands: readonly ListedCommand[]): Command {
  const names = commands.map(({ name }) => name);
  return {
    spec: {
      name: "help",
      description: "Shows the help of the program, or of a command with its options and examples.",
      argument: { name: "[COMMAND]", words: names, help: "name of a command" },
      options: [],
      examples: [
        { text: "All commands", line: "help" },
        { text: "The options of a command", line: "help query" },
      ],
    },
    async run({ rest: [name, second], output }) {
      if (second !== undefined) throw new UsageError(`Cannot show help for "${second}": help takes one command`);
      const command = commands.find((command) => command.name === name?.toLowerCase());
      if (name !== undefined && command === undefined) {
        throw new UsageError(`Cannot show help for "${name}": there is no such command${didYouMean(name, names)}`);
      }
      const look = output.look();
      await output.data(
        command === undefined ? programHelp(commands, look) : commandHelp((await command.load()).spec, look),
      );
      return EXIT.done;
    },
  };
}

/**
 * Returns what is known about an option that a command does not have: the commands that have it.
 *
 * @param option The option with its hyphens.
 */
export async function commandsWith(option: string, commands: readonly ListedCommand[]): Promise<string[]> {
  const specs = await Promise.all(commands.map(async ({ load }) => (await load()).spec));
  return specs.filter(({ options }) => options.some(({ name }) => `--${name}` === option)).map(({ name }) => name);
}
