import { DATES_OPTION, localFilters, queryOf, wantsIsoDates } from "../filters.ts";
import { type FormatName, formats, json, jsonLines } from "../formats.ts";
import { aborted, type Command, type CommandInput, EXIT, type ExitCode, type Output, UsageError } from "../shell.ts";
import { ImapClient } from "../../client/imap_client.ts";
import type { LocalDirectory, LocalParameters } from "../../client/local.ts";
import { type RecordList, recordText } from "../../client/record_list.ts";
import { isOneOf } from "../../names/fields.ts";
import { printable } from "../../errors.ts";

/** The formats of lists of files, and of other lists. */
const FILE_FORMATS = ["table", "json", "csv", "paths", "coverage"] as const satisfies readonly FormatName[];
const FORMATS = [...FILE_FORMATS, "ndjson"] as const;

/** What to list in place of all complete files. */
const LISTS = ["products", "superseded", "partial", "other"] as const;

/** Writes a list of records that are not complete files of the SDC. */
function listTexts<Row extends object>(
  list: RecordList<Row>,
  pathOf: ((row: Row) => string) | undefined,
  { values, output }: Pick<CommandInput, "values" | "output">,
): Iterable<string> {
  const format = values.get("output-format") ?? "table";
  if (format === "table") return [recordText(list, output.look())];
  if (format === "json") return json(list);
  if (format === "paths" && pathOf !== undefined) return list.map((row) => `${printable(pathOf(row))}\n`);
  throw new UsageError(`Cannot use --output-format ${format} here: it is only for lists of complete files`);
}

/** Asks a question on the terminal. @returns Whether the answer is yes. */
async function confirms(question: string, signal: AbortSignal): Promise<boolean> {
  await Deno.stderr.write(new TextEncoder().encode(`${question} [y/N] `));
  const chunk = new Uint8Array(256);
  const count = await Promise.race([Deno.stdin.read(chunk), aborted(signal)]);
  return /^y(es)?\s*$/i.test(new TextDecoder().decode(chunk.subarray(0, count ?? 0)));
}

/** Removes what is chosen, after asking. */
async function prune(here: LocalDirectory, input: CommandInput): Promise<ExitCode> {
  const { flags, rest, output, signal, quiet } = input;
  const isChosen = flags.has("superseded") || flags.has("partial");
  const options = {
    signal,
    ...(isChosen ? { superseded: flags.has("superseded"), partial: flags.has("partial") } : {}),
    ...(rest.length === 0 ? {} : { files: rest }),
  };
  const planned = await here.prune({ ...options, dryRun: true });
  const count = planned.filter(({ outcome }) => outcome === "planned").length;
  const isDone = flags.has("dry-run") || count === 0;
  const isAsked = !isDone && !flags.has("yes");
  if (isAsked) {
    if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) {
      throw new UsageError(
        `Cannot remove ${count} file${count === 1 ? "" : "s"} without asking: there is no terminal; ` +
          "--yes removes without asking, and --dry-run only lists them",
      );
    }
    await output.notice(recordText(planned, output.look()).trimEnd());
    if (!await confirms(`Remove from ${printable(here.dataDir)}?`, signal)) {
      if (!quiet) await output.notice("Nothing was removed");
      return EXIT.done;
    }
  }
  const pruned = isDone ? planned : await here.prune(options);
  for (const text of listTexts(pruned, ({ file_path }) => file_path, input)) if (!await output.data(text)) break;
  return pruned.some(({ outcome }) => outcome === "failed") ? EXIT.failed : EXIT.done;
}

/** Says on standard error what there is besides the listed files. */
async function sayWhatElse(here: LocalDirectory, output: Output): Promise<void> {
  const lists = [["superseded", here.superseded], ["partial", here.partial], ["other", here.others]] as const;
  const options = lists.filter(([, list]) => list.length > 0).map(([name]) => `--${name}`);
  if (options.length === 0) return;
  const list = new Intl.ListFormat("en", { type: "disjunction" }).format(options);
  await output.notice(`with ${here.notes()}: see ${list}`);
}

/** Returns what is asked for: all complete files, or one of the other lists. */
function chosenList({ flags, rest }: CommandInput): typeof LISTS[number] | "files" | "prune" {
  const chosen = LISTS.filter((name) => flags.has(name));
  if (flags.has("prune")) {
    const wrong = ["products", "other"].find((name) => flags.has(name));
    if (wrong === undefined) return "prune";
    const advice = wrong === "other" ? "; name the files that are not the SDC's to remove them" : "";
    throw new UsageError(`Cannot use --prune together with --${wrong}${advice}`);
  }
  const only = ["yes", "dry-run"].find((name) => flags.has(name));
  if (only !== undefined) throw new UsageError(`Cannot use --${only} without --prune`);
  if (rest[0] !== undefined) {
    throw new UsageError(`Cannot use the argument "${rest[0]}": only --prune takes files; --filename lists some`);
  }
  const [first = "files", second] = chosen;
  if (second === undefined) return first;
  throw new UsageError(`Cannot use --${first} together with --${second}: give one of them`);
}

/** The command `local`. */
export const local: Command = {
  spec: {
    name: "local",
    description:
      "Lists the files of the SDC in the data directory, without asking the archive: all of them, or those that match all " +
      "given filters. Only the folder imap of the data directory is searched, and links are not followed. --prune removes " +
      "superseded versions and abandoned partial files, or only those chosen with --superseded, --partial, filters, or " +
      "names. It never removes the newest version of a file, a version that a lock file in the data directory lists " +
      "(*.lock.json), or a partial file that a process writes to.",
    argument: {
      name: "[FILE...]",
      help:
        "with --prune: remove only these, by name, or by path relative to the data directory; files that are not the " +
        "SDC's are removed only when they are named",
    },
    options: [
      ...localFilters(),
      { name: "products", help: "list the products, with the number and the size of their files" },
      { name: "superseded", help: "list only files that have a newer version here" },
      { name: "partial", help: "list the partial files of unfinished downloads" },
      { name: "other", help: "list what is not a file of the SDC, or not in its folder" },
      { name: "prune", help: "remove superseded versions and abandoned partial files, after asking" },
      { name: "yes", letter: "y", help: "with --prune: do not ask" },
      { name: "dry-run", help: "with --prune: only list what would be removed" },
      { name: "output-format", value: "FORMAT", choices: FORMATS, help: "output format" },
      DATES_OPTION,
    ],
    examples: [
      { text: "What is here, by product", line: "local --products" },
      { text: "The files of an instrument", line: "local --instrument mag --data-level l2" },
      { text: "Only the newest versions, for other programs", line: "local --version latest --output-format paths" },
      { text: "What could be removed", line: "local --prune --dry-run" },
      { text: "Remove superseded versions without asking", line: "local --prune --superseded --yes" },
    ],
  },
  async run(input) {
    const { values, client, output, quiet, signal } = input;
    const list = chosenList(input);
    const isoDates = wantsIsoDates(input);
    // The filters of this command are parameters that file names can answer.
    const parameters: LocalParameters = queryOf(input);
    const here = await new ImapClient(client).local(parameters, { signal });
    if (list === "prune") return await prune(here, input);
    const wish = values.get("output-format") ?? "table";
    let texts: Iterable<string> | AsyncIterable<string>;
    if (list === "products") texts = listTexts(here.products, undefined, input);
    else if (list === "partial") texts = listTexts(here.partial, ({ file_path }) => file_path, input);
    else if (list === "other") texts = listTexts(here.others, ({ file_path }) => file_path, input);
    else {
      const files = list === "superseded" ? here.superseded : here.files;
      const found = { rows: files, table: files.table, coverage: () => files.coverage() };
      texts = isOneOf(FILE_FORMATS, wish) ? formats[wish](found, { ...output.look(), isoDates }) : [jsonLines(files)];
    }
    for await (const text of texts) if (!await output.data(text)) break;
    if (list === "files" && wish === "table" && !quiet) await sayWhatElse(here, output);
    return EXIT.done;
  },
};
