import { COMMANDS } from "../commands.ts";
import { GLOBAL_OPTIONS } from "../global_options.ts";
import type { Argument, Option } from "../option.ts";

/** A command, as shells complete it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  /** Those of every command too. */
  readonly options: readonly Option[];
  readonly argument: Argument | undefined;
}

/** The program, as shells complete it. */
export interface CompletedProgram {
  /** What may stand before the command. */
  readonly options: readonly Option[];
  readonly commands: readonly CompletedCommand[];
}

/** Reads the tables of options that parsing and help come from, too. */
export async function completedProgram(): Promise<CompletedProgram> {
  const commands = await Promise.all(COMMANDS.map(async ({ load }) => {
    const { name, summary, options, argument } = (await load()).spec;
    const own = new Set(options.map(({ name }) => name));
    return { name, summary, argument, options: [...options, ...GLOBAL_OPTIONS.filter(({ name }) => !own.has(name))] };
  }));
  return { options: GLOBAL_OPTIONS, commands };
}

/** The words that an option or an argument takes, where they are known. */
export function wordsOf({ choices, words }: Pick<Option, "choices" | "words">): readonly string[] {
  return choices ?? words ?? [];
}

/** All spellings of an option: `--verbose`, `-v`. */
export function spellingsOf({ name, letter }: Option): string[] {
  return [`--${name}`, ...(letter === undefined ? [] : [`-${letter}`])];
}

/** The most characters of an explanation beside a word. */
const BRIEF = 72;

/** The beginning of a help text, on one short line. */
export function brief(help: string): string {
  return help.length <= BRIEF ? help : `${help.slice(0, help.lastIndexOf(" ", BRIEF)).replace(/[,;:]$/, "")} ...`;
}
