// The command reference, from the table of options that parsing and help come from: `deno task docs` writes commands.md.
import { FILTERS } from "../src/cli/filters.ts";
import { programHelp } from "../src/cli/help.ts";
import { COMMANDS } from "../src/cli/main.ts";
import { type Command, GLOBAL_OPTIONS, type Option, PROGRAM } from "../src/cli/shell.ts";
import { fromFileUrl } from "@std/path";

/** Where the reference is kept. */
export const REFERENCE = fromFileUrl(new URL("commands.md", import.meta.url));

/** Help is plain text: what Markdown would take for its own stays as it is. */
function plain(text: string): string {
  return text.replaceAll(/[*<>[\]]|(?<![a-z0-9])_|_(?![a-z0-9])/gi, "\\$&");
}

function optionLine({ name, letter, value, help, choices }: Option): string {
  const names = [letter === undefined ? [] : `-${letter}`, `--${name}${value === undefined ? "" : ` ${value}`}`].flat();
  const list = choices === undefined ? "" : `: ${choices.map((choice) => `\`${choice}\``).join(", ")}`;
  return `- ${names.map((name) => `\`${name}\``).join(", ")}: ${plain(help)}${list}`;
}

/** The options of a command; those that many commands share stand in one place. */
function optionLines(options: readonly Option[]): string[] {
  const hasFilters = FILTERS.every((filter) => options.includes(filter));
  const own = hasFilters ? options.filter((option) => !FILTERS.some((filter) => filter === option)) : options;
  return [...hasFilters ? ["- the [filters](#filters)"] : [], ...own.map(optionLine)];
}

function commandSection({ spec }: Command): string {
  const usage = [PROGRAM, spec.name, spec.argument?.name, "[options]"].filter(Boolean).join(" ");
  const argument = spec.argument === undefined ? [] : [`- \`${spec.argument.name}\`: ${plain(spec.argument.help)}`];
  const options = [...argument, ...optionLines(spec.options)].join("\n");
  const examples = spec.examples.map(({ text, line }) => `# ${text}\n${PROGRAM} ${line}`).join("\n\n");
  return [`## ${spec.name}`, `    ${usage}`, plain(spec.description), options, `\`\`\`sh\n${examples}\n\`\`\``]
    .filter((part) => part !== "").join("\n\n");
}

/** The text of the reference, as the formatter leaves it. */
export async function commandReference(): Promise<string> {
  const commands = await Promise.all(COMMANDS.map(({ load }) => load()));
  const codes = programHelp(COMMANDS).split("\n").filter((line) => line.startsWith("Exit codes:"));
  const text = [
    "<!-- Made by `deno task docs` from the tables in src/cli. Change it there. -->",
    "# Commands",
    `\`${PROGRAM} [options] <command> ...\`: what \`--help\` says, on one page.`,
    ...commands.map(commandSection),
    "## Filters",
    "What to search for, in `query` and where else files are chosen. All that are given must be met.",
    FILTERS.map(optionLine).join("\n"),
    "## Options of every command",
    "They may stand before or behind the command.",
    GLOBAL_OPTIONS.map(optionLine).join("\n"),
    ...codes,
  ].join("\n\n");
  return await formatted(`${text}\n`);
}

/** The text as `deno fmt` has it: the gate wants the file so. */
async function formatted(text: string): Promise<string> {
  const root = fromFileUrl(new URL("..", import.meta.url));
  const args = ["fmt", "--quiet", "--ext", "md", "-"];
  const process = new Deno.Command(Deno.execPath(), { args, cwd: root, stdin: "piped", stdout: "piped" }).spawn();
  const [{ stdout, success }] = await Promise.all([
    process.output(),
    new Blob([text]).stream().pipeTo(process.stdin),
  ]);
  if (!success) throw new Error("Cannot format the command reference: deno fmt failed");
  return `${new TextDecoder().decode(stdout).trimEnd()}\n`;
}

if (import.meta.main) await Deno.writeTextFile(REFERENCE, await commandReference());
