import { FILTERS, hasFilters, queryOf } from "../filters.ts";
import { transferDisplay } from "../progress.ts";
import { type Command, type CommandInput, readLines, UsageError } from "../shell.ts";
import { concurrencyOf, reportTransfer, TRANSFER_OPTIONS, transferSettings } from "../transfers.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { checkedShard, type Shard } from "../../names/shard.ts";
import type { FileRecord } from "../../protocol/rows.ts";
import type { Outcome } from "../../transfer/batch.ts";

function shardOf(text: string | undefined): Shard | undefined {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text ?? "");
  if (match !== null) return checkedShard({ part: Number(match[1]), of: Number(match[2]) });
  if (text === undefined) return undefined;
  throw new UsageError(`Cannot use "${text}" for --shard: expected K/N with K from 1 to N, for instance 3/16`);
}

/** The files of a line: named, on standard input, or found by a query. */
async function filesOf(input: CommandInput, client: ImapClient): Promise<Iterable<string | FileRecord>> {
  const { rest, signal } = input;
  const filtered = hasFilters(input);
  if (rest.length === 0 && !filtered) throw new UsageError("Cannot download: no file is named, and no filter is given");
  if (rest.length > 0 && filtered) throw new UsageError("Cannot download files by name and by filter at once");
  if (filtered) return await client.query(queryOf(input), { signal });
  const named = rest.filter((file) => file !== "-");
  return named.length === rest.length ? named : [...named, ...await readLines(signal)];
}

function line({ state, path, file, ...rest }: Outcome): string {
  if (state === "planned") return `would ${"plan" in rest ? rest.plan : "fetch"} ${file}`;
  return `Successfully downloaded the file to: ${path}`;
}

/** `download`: fetches files. */
export const download: Command = {
  spec: {
    name: "download",
    description:
      "Fetches files from the SDC into the data directory, in the SDC's own folders: files that are named, or all " +
      "that meet filters. A file that is there already is not fetched again; one that came in part is gone on with.",
    argument: {
      name: "[FILE...]",
      help: "file names, or full paths in the archive; - reads names from standard input",
    },
    options: [
      { name: "verify", help: "compare files that are there with the archive, and fetch those that differ" },
      { name: "force", help: "fetch files that are there anew" },
      ...TRANSFER_OPTIONS,
      {
        name: "shard",
        value: "K/N",
        help:
          "fetch only the K-th of N parts of the list, which N machines can share: by name, so that none is twice and none lost; shares are equal on average",
      },
      ...FILTERS,
    ],
    examples: [
      { text: "Into the working folder", line: "download imap_mag_l0_raw_20250502_v001.pkts" },
      {
        text: "All that meet filters, into another folder",
        line: "download --instrument mag --data-level l2 --start-date 20260101 --data-dir /data",
      },
      { text: "Names from a file", line: "download - < names.txt" },
      {
        text: "The third of sixteen parts, on one of sixteen machines",
        line: "download --instrument ultra --shard 3/16",
      },
      { text: "Check what is there, and repair it", line: "download --instrument mag --data-level l2 --verify" },
    ],
    showsProgress: true,
    whenInterrupted: "what came so far is kept: the same command goes on from there",
  },
  async run(input) {
    const { values, flags, client: settings, output, quiet, verbose, signal } = input;
    if (flags.has("verify") && flags.has("force")) throw new UsageError("Cannot use --verify together with --force");
    const client = new ImapClient({ ...settings, ...transferSettings(values) });
    const concurrency = concurrencyOf(values);
    const shard = shardOf(values.get("shard"));
    const files = await filesOf(input, client);
    const display = await transferDisplay(output, { quiet: quiet || flags.has("dry-run"), plain: verbose });
    try {
      const report = await client.download(files, {
        concurrency,
        shard,
        dryRun: flags.has("dry-run"),
        ifPresent: flags.has("force") ? "fetch" : flags.has("verify") ? "verify" : "skip",
        onProgress: display.onProgress,
        signal,
      });
      display.stop();
      return await reportTransfer({ command: "download", report, line, output, quiet });
    } finally {
      display.stop();
    }
  },
};
