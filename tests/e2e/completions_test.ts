// Completions in the real shells. Debian has them: apt-get install bash zsh fish. Bash and zsh run in pseudo terminals; that
// of bash is from script, of util-linux.
import { COMMANDS } from "../../src/cli/main.ts";
import { GLOBAL_OPTIONS } from "../../src/cli/shell.ts";
import { DATA_LEVELS, INSTRUMENTS, SPICE_TYPES } from "../../src/names/fields.ts";
import { TABLES } from "../../src/protocol/tables.ts";
import { runCli } from "../support/cli.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

/** One thing that a shell offers; with an explanation where the shell shows them. */
interface Offer {
  readonly word: string;
  readonly explanation: string;
}

/** A shell, and how to get the completions that it offers. */
interface Shell {
  readonly name: "bash" | "zsh" | "fish";
  /** Its offers from the lines that the script of that name in this folder printed. */
  readonly offers: (lines: readonly string[], line: string) => Offer[];
}

/** The last word of a line, up to what a shell that splits it at "=" leaves of it. */
const typed = (line: string) => line.slice(line.lastIndexOf(" ") + 1);

/** Offers of a shell that puts whole words into the line, with an explanation behind a tab. */
function wholeWords(lines: readonly string[], line: string): Offer[] {
  return lines.map((text) => {
    const [word = "", explanation = ""] = text.split("\t");
    const head = /^--[^=]+=/.exec(typed(line))?.[0] ?? "";
    return { word: word.startsWith(head) ? word.slice(head.length) : word, explanation };
  });
}

const SHELLS: readonly Shell[] = [
  { name: "bash", offers: wholeWords },
  { name: "fish", offers: wholeWords },
  {
    name: "zsh",
    offers: (lines, line) => {
      // The start of a list is already before the offered word.
      const head = /[^=]*,/.exec(typed(line))?.[0] ?? "";
      const explanations = lines.flatMap((text) => /^\[(.*?)\s*-- (.*)\]$/.exec(text) ?? []);
      return lines.flatMap((text) => {
        const word = /^<(.+)>$/.exec(text)?.[1];
        if (word === undefined) return [];
        const at = explanations.indexOf(word);
        return [{ word: head + word, explanation: at < 0 ? "" : explanations[at + 1] ?? "" }];
      });
    },
  },
];

async function isHere(shell: string): Promise<boolean> {
  try {
    return (await new Deno.Command(shell, { args: ["--version"], stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** What a shell offers for each of some lines, in a folder. */
async function complete(shell: Shell, folder: TestFolder, lines: readonly string[]): Promise<Map<string, Offer[]>> {
  const script = await runCli(["completions", shell.name]);
  assertEquals([script.code, script.stderr], [0, ""]);
  await using place = await testFolder();
  await Deno.writeTextFile(`${place.path}/script`, script.stdout);
  const harness = fromFileUrl(new URL(`./completions.${shell.name}`, import.meta.url));
  const child = new Deno.Command(shell.name, {
    args: [harness, `${place.path}/script`],
    cwd: folder.path,
    env: { HOME: place.path, XDG_CONFIG_HOME: place.path, XDG_DATA_HOME: place.path },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
  await writer.close();
  const { stdout, stderr } = await child.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  const found = new Map<string, Offer[]>();
  let told: string[] = [];
  const answers: [line: string, told: string[]][] = [];
  for (const text of new TextDecoder().decode(stdout).replaceAll("\r", "").split("\n")) {
    if (text.startsWith("> ")) answers.push([text.slice(2), told = []]);
    else if (text !== "") told.push(text);
  }
  assertEquals(answers.map(([line]) => line), lines);
  for (const [line, told] of answers) found.set(line, shell.offers(told, line));
  return found;
}

/** Lines that end where the Tab key is pressed, and all that is offered there. */
const EXACT: ReadonlyArray<readonly [line: string, words: readonly string[]]> = [
  ["imap-data-access ", COMMANDS.map(({ name }) => name)],
  ["imap-data-access qu", ["query"]],
  ["imap-data-access --url http://x -v down", ["download"]],
  ["imap-data-access --url http://x:1/ query --tabl", ["--table"]],
  ["imap-data-access --url=http://x:1/ -v down", ["download"]],
  ["imap-data-access query --inst", ["--instrument"]],
  ["imap-data-access query --instrument ", INSTRUMENTS],
  ["imap-data-access query --instrument ma", ["mag"]],
  ["imap-data-access query --instrument=ma", ["mag"]],
  ["imap-data-access query --instrument mag,sw", ["mag,swapi", "mag,swe"]],
  ["imap-data-access query --data-level ", DATA_LEVELS],
  ["imap-data-access query --table ", TABLES],
  ["imap-data-access --data-dir query query --type ", [...SPICE_TYPES, "kernels"]],
  ["imap-data-access query --output-format nd", ["ndjson"]],
  ["imap-data-access download --table anc", ["ancillary"]],
  ["imap-data-access download imap", []],
  ["imap-data-access query --start-date ", []],
  ["imap-data-access query --filename * --tod", ["--today"]],
  ["imap-data-access reprocess --data-level l3", DATA_LEVELS.filter((level) => level.startsWith("l3"))],
  ["imap-data-access webpoda --instrument u", ["ultra"]],
  ["imap-data-access webpoda --query-mode ", ["ert", "sct"]],
  ["imap-data-access release --release-type e", ["early-release"]],
  ["imap-data-access completions ", ["bash", "zsh", "fish"]],
  ["imap-data-access upload imap_mag", ["imap_mag_l0_raw_20250502_v001.pkts"]],
  ["imap-data-access upload imap_mag_l0_raw_20250502_v001.pkts two", ["two words.txt"]],
  ["imap-data-access query --version la", ["latest"]],
  ["imap-data-access query --table ancillary --extension cs", ["csv"]],
  ["imap-data-access release --manifest-file imap_mag", ["imap_mag_l0_raw_20250502_v001.pkts"]],
];

/** Names in which bash finds several words. fish interprets a colon as the end of a folder in $PATH, and offers more. */
const WITH_COLONS: typeof EXACT = [
  ["imap-data-access upload a:tw", ["a:two.cdf"]],
  ["imap-data-access upload a:o", ["a:one.cdf"]],
  ["imap-data-access upload da:", ["da:1.cdf"]],
  ["imap-data-access upload x=", ["x=1.cdf"]],
];

const FILES = ["imap_mag_l0_raw_20250502_v001.pkts", "two words.txt", "a:one.cdf", "a:two.cdf", "da:1.cdf", "x=1.cdf"];

/** File names as they are typed, without the slash behind folders. */
const plain = (word: string) => word.replaceAll("\\", "").replace(/\/$/, "");

for (const shell of SHELLS) {
  const lacking = !await isHere(shell.name)
    ? shell.name
    : shell.name === "bash" && !await isHere("script")
    ? "script"
    : "";
  const ignore = lacking !== "";
  const why = ignore ? ` (ignored: there is no ${lacking} here)` : "";

  Deno.test({ name: `${shell.name} completes commands, options, words, lists and files${why}`, ignore }, async () => {
    await using folder = await testFolder();
    for (const name of FILES) await Deno.writeTextFile(`${folder.path}/${name}`, "");
    const lines = shell.name === "fish" ? EXACT : [...EXACT, ...WITH_COLONS];
    const found = await complete(shell, folder, lines.map(([line]) => line));
    for (const [line, words] of lines) {
      const offered = found.get(line)?.map(({ word }) => plain(word)) ?? [];
      assertEquals([line, [...new Set(offered)].toSorted()], [line, words.toSorted()]);
    }
  });

  Deno.test({ name: `${shell.name} completes directories for --data-dir${why}`, ignore }, async () => {
    await using folder = await testFolder();
    await Deno.mkdir(`${folder.path}/data`);
    await Deno.writeTextFile(`${folder.path}/data.txt`, "");
    const line = "imap-data-access download --data-dir da";
    const offered = (await complete(shell, folder, [line])).get(line)?.map(({ word }) => plain(word));
    assertEquals([...new Set(offered)], ["data"]);
  });

  Deno.test({ name: `${shell.name} offers every option of every command${why}`, ignore }, async () => {
    await using folder = await testFolder();
    const specs = await Promise.all(COMMANDS.map(async ({ load }) => (await load()).spec));
    const lines = specs.map(({ name }) => `imap-data-access ${name} --`);
    const found = await complete(shell, folder, lines);
    for (const [index, { options }] of specs.entries()) {
      const names = new Set([...options, ...GLOBAL_OPTIONS].map(({ name }) => `--${name}`));
      const offered = found.get(lines[index] ?? "")?.map(({ word }) => word.replace(/=$/, ""));
      assertEquals(offered?.filter((word) => word.startsWith("--")).toSorted(), [...names].toSorted());
    }
  });

  if (shell.name !== "fish") {
    Deno.test({ name: `${shell.name} does not offer an option that is already given${why}`, ignore }, async () => {
      await using folder = await testFolder();
      const lines = ["imap-data-access query --today --tod", "imap-data-access query --tod"];
      const found = await complete(shell, folder, lines);
      assertEquals(lines.map((line) => found.get(line)?.map(({ word }) => word)), [[], ["--today"]]);
    });
  }
  if (shell.name === "bash") continue;
  Deno.test({ name: `${shell.name} explains commands and options with the text from help${why}`, ignore }, async () => {
    await using folder = await testFolder();
    const [commands, options] = ["imap-data-access ", "imap-data-access query --"];
    const found = await complete(shell, folder, [commands, options]);
    const explained = (line: string, word: string) =>
      found.get(line)?.find((offer) => offer.word.replace(/=$/, "") === word)?.explanation ?? "";
    for (const { name, summary } of COMMANDS) assertEquals(explained(commands, name), summary);
    assert(explained(options, "--today").startsWith("files ingested today"));
    assert(explained(options, "--table").startsWith("table to search: science"));
  });
}
