import { lineDisplay } from "../progress.ts";
import { type Command, EXIT, type Output, UsageError, wholeNumber } from "../shell.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { type RecordList, recordText } from "../../client/record_list.ts";
import type { VerifyProgress } from "../../client/lock.ts";
import { formatBytes } from "../../display/table.ts";
import { printableJson } from "../../errors.ts";

const FORMATS = ["table", "json"] as const;

/** Prints records as a table, or as a JSON array with one on each line. */
async function print<Row extends object>(records: RecordList<Row>, format: string, output: Output): Promise<void> {
  if (format !== "json") {
    await output.data(recordText(records, output.look()));
    return;
  }
  const lines = records.map((record) => printableJson(JSON.stringify(record)));
  await output.data(lines.length === 0 ? "[]\n" : `[\n${lines.join(",\n")}\n]\n`);
}

function lockFileOf(command: string, [file, second]: readonly string[]): string {
  if (file === undefined) throw new UsageError(`Cannot ${command}: no lock file is named`);
  if (second !== undefined) throw new UsageError(`Cannot use the argument "${second}": ${command} takes one lock file`);
  return file;
}

const ARGUMENT = { name: "FILE.json", paths: "files", help: "the lock file" } as const;
const FORMAT_OPTION = { name: "output-format", value: "FORMAT", choices: FORMATS, help: "output format" } as const;

/** `1,200 of 10,000 files checked, 1.2 GB of 10 GB`. */
function progressLine({ files, allFiles, bytes, allBytes }: VerifyProgress): string {
  const count = (number: number) => number.toLocaleString("en");
  return `${count(files)} of ${count(allFiles)} files checked, ${formatBytes(bytes)} of ${formatBytes(allBytes)}`;
}

/** The command `verify`. */
export const verify: Command = {
  spec: {
    name: "verify",
    description:
      "Checks, without the network, whether the data directory has exactly the files of a lock file: names what is missing, " +
      "changed, or extra. Compares sizes first, then the SHA-256 of the files that were modified since their bytes were last " +
      "read; --bytes reads all of them. Exit code 1 if anything differs.",
    argument: ARGUMENT,
    options: [
      { name: "bytes", help: "read all bytes, even of files whose size and time of modification are unchanged" },
      { name: "ignore-extra", help: "accept files that are not in the lock file" },
      { name: "jobs", value: "N", help: "number of files to read at a time (default: one for each core, at most 8)" },
      FORMAT_OPTION,
    ],
    examples: [
      { text: "Is everything as it was locked?", line: "verify mag.lock.json" },
      {
        text: "Read all bytes again, of a mirror that has other files too",
        line: "verify mag.lock.json --bytes --ignore-extra",
      },
      { text: "For other programs", line: "verify mag.lock.json --output-format json" },
    ],
  },
  async run({ rest, values, flags, client, output, quiet, signal }) {
    const file = lockFileOf("verify", rest);
    const jobs = wholeNumber(values, "jobs", [1, 256]);
    const lock = await new ImapClient(client).readLock(file);
    const display = lineDisplay(output, { quiet, line: progressLine });
    try {
      const differences = await lock.verify({
        bytes: flags.has("bytes"),
        extra: !flags.has("ignore-extra"),
        jobs,
        onProgress: display.onProgress,
        signal,
      });
      display.stop();
      await print(differences, values.get("output-format") ?? "table", output);
      return differences.length === 0 ? EXIT.done : EXIT.failed;
    } finally {
      display.stop();
    }
  },
};

/** The command `diff`. */
export const diff: Command = {
  spec: {
    name: "diff",
    description:
      "Lists what has changed in the archive since a lock file was written: newer versions (superseded), files that were " +
      "delivered again under the same name (redelivered), files that are gone, and new files that its query finds. " +
      "lock --update applies the changes.",
    argument: ARGUMENT,
    options: [FORMAT_OPTION],
    examples: [
      { text: "What is newer?", line: "diff mag.lock.json" },
      { text: "For other programs", line: "diff mag.lock.json --output-format json" },
    ],
  },
  async run({ rest, values, client, output, signal }) {
    const lock = await new ImapClient(client).readLock(lockFileOf("diff", rest));
    await print(await lock.diff({ signal }), values.get("output-format") ?? "table", output);
    return EXIT.done;
  },
};
