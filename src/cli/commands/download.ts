import { FILTERS, hasFilters, queryOf } from "../filters.ts";
import { transferDisplay } from "../progress.ts";
import { type Command, type CommandInput, readLines, UsageError } from "../shell.ts";
import {
  concurrencyOf,
  plannedSize,
  PRINT_FORMATS,
  reportTransfer,
  TRANSFER_OPTIONS,
  transferSettings,
} from "../transfers.ts";
import { ImapClient } from "../../client/imap_client.ts";
import type { LockFile } from "../../client/lock.ts";
import { checkedShard, type Outcome, type Shard } from "../../transfer/batch.ts";
import type { FileRecord } from "../../protocol/tables.ts";
// Deno decodes the source map of each module that is the first to import another one (0.15 ms): this one imports all that it
// loads.
import "../../client/options.ts";
import "../../display/notebook.ts";
import "../../display/table.ts";
import "../../http/call.ts";
import "../../http/transport.ts";
import "../../names/fields.ts";
import "../../names/file_name.ts";
import "../../protocol/tables.ts";
import "../../views/transfers.ts";

/** Reads the value of `--shard`. */
export function shardOf(text: string | undefined): Shard | undefined {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text ?? "");
  if (match !== null) return checkedShard({ part: Number(match[1]), of: Number(match[2]) });
  if (text === undefined) return undefined;
  throw new UsageError(`Cannot use "${text}" for --shard: expected K/N with K from 1 to N, for instance 3/16`);
}

/** The files to download: named, from standard input, or found by a query. */
async function filesOf(input: CommandInput, client: ImapClient): Promise<readonly (string | FileRecord)[]> {
  const { rest, signal } = input;
  const filtered = hasFilters(input);
  if (rest.length === 0 && !filtered) throw new UsageError("Cannot download: no file is named, and no filter is given");
  if (rest.length > 0 && filtered) throw new UsageError("Cannot download files by name and by filter at once");
  if (filtered) return await client.query(queryOf(input), { signal });
  const named = rest.filter((file) => file !== "-");
  return named.length === rest.length ? named : [...named, ...await readLines(signal)];
}

/** The lock file whose files to download; undefined without one. */
async function lockOf(input: CommandInput, client: ImapClient): Promise<LockFile | undefined> {
  const { values, flags, rest } = input;
  const file = values.get("lock");
  if (file === undefined && flags.has("frozen")) throw new UsageError("Cannot use --frozen without --lock");
  if (file === undefined) return undefined;
  const other = rest.length > 0
    ? "names of files"
    : hasFilters(input)
    ? "filters"
    : ["force", "verify"].filter((name) => flags.has(name)).map((name) => `--${name}`)[0];
  if (other !== undefined) {
    throw new UsageError(`Cannot use --lock together with ${other}: a lock file names its files`);
  }
  return await client.readLock(file);
}

function line(outcome: Outcome): string {
  if (outcome.state === "planned") return `would ${outcome.plan ?? "fetch"} ${outcome.file}${plannedSize(outcome)}`;
  return `Successfully downloaded the file to: ${outcome.path}`;
}

/** The command `download`. */
export const download: Command = {
  spec: {
    name: "download",
    description:
      "Downloads files from the SDC to the data directory, in the folders that the SDC uses: the named files, or all " +
      "files that match filters. Existing files are skipped, and interrupted downloads resume.",
    argument: {
      name: "[FILE...]",
      help: "file names, or paths in the archive; - to read names from standard input",
    },
    options: [
      { name: "verify", help: "compare existing files with the archive, and download again those that differ" },
      { name: "force", help: "download again files that already exist" },
      {
        name: "lock",
        value: "FILE",
        paths: "files",
        help:
          "download exactly the files of a lock file, verified by their SHA-256; files with other bytes are replaced",
      },
      {
        name: "frozen",
        help: "with --lock: write nothing unless the archive has all files as they were locked",
      },
      {
        name: "print",
        value: "FORMAT",
        choices: PRINT_FORMATS,
        help: "what to print for each file: a sentence (default), only its local path, or an object in a JSON array",
      },
      ...TRANSFER_OPTIONS,
      {
        name: "shard",
        value: "K/N",
        help:
          "download only part K of N of the files, to share a list among N machines: files are assigned by name, so each is in exactly one part",
      },
      ...FILTERS,
    ],
    examples: [
      { text: "To the current directory", line: "download imap_mag_l0_raw_20250502_v001.pkts" },
      {
        text: "All files that match filters, to another directory",
        line: "download --instrument mag --data-level l2 --start-date 20260101 --data-dir /data",
      },
      { text: "Names from a file", line: "download - < names.txt" },
      {
        text: "Part 3 of 16, on one of 16 machines",
        line: "download --instrument ultra --shard 3/16",
      },
      { text: "The paths of the files, for another program", line: "download --instrument mag --print paths" },
      { text: "The exact files behind a figure", line: "download --lock figure2.lock.json --frozen" },
      {
        text: "Check existing files, and download damaged ones again",
        line: "download --instrument mag --data-level l2 --verify",
      },
    ],
    showsProgress: true,
    whenInterrupted: "the bytes received so far are kept; run the same command to resume",
  },
  async run(input) {
    const { values, flags, client: settings, output, quiet, verbose, signal } = input;
    if (flags.has("verify") && flags.has("force")) throw new UsageError("Cannot use --verify together with --force");
    const client = new ImapClient({ ...settings, ...transferSettings(values) });
    const concurrency = concurrencyOf(values);
    const shard = shardOf(values.get("shard"));
    const print = PRINT_FORMATS.find((format) => format === values.get("print"));
    const lock = await lockOf(input, client);
    const files = lock === undefined ? await filesOf(input, client) : [];
    const isNothingFound = hasFilters(input) && files.length === 0;
    if (isNothingFound && !quiet) await output.notice("no file matches the filters; query shows what there is");
    const display = await transferDisplay(output, { quiet: quiet || flags.has("dry-run"), plain: verbose });
    try {
      const options = {
        concurrency,
        shard,
        dryRun: flags.has("dry-run"),
        onProgress: display.onProgress,
        signal,
      };
      const ifPresent = flags.has("force") ? "fetch" : flags.has("verify") ? "verify" : "skip";
      const report = lock === undefined
        ? await client.download(files, { ...options, ifPresent })
        : await lock.download({ ...options, frozen: flags.has("frozen") });
      display.stop();
      return await reportTransfer({ command: "download", report, line, print, output, quiet: quiet || isNothingFound });
    } finally {
      display.stop();
    }
  },
};
