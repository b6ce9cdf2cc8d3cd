import { FILTERS, hasFilters, queryOf } from "../filters.ts";
import { lineDisplay, transferDisplay } from "../progress.ts";
import {
  type Command,
  type CommandInput,
  EXIT,
  type ExitCode,
  type Output,
  readLines,
  UsageError,
  wholeNumber,
} from "../shell.ts";
import { concurrencyOf, TRANSFER_OPTIONS, transferSettings } from "../transfers.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { CITATION_FORMATS, type LockFile, type VerifyProgress } from "../../client/lock.ts";
import { type RecordList, recordText } from "../../client/record_list.ts";
import { formatBytes } from "../../display/table.ts";
import { printable, printableJson } from "../../errors.ts";

/** Returns the name of the lock file, and the names of files after it. */
async function namesOf(
  { rest: [file, ...names], signal }: CommandInput,
): Promise<readonly [string, readonly string[]]> {
  if (file === undefined) {
    throw new UsageError("Cannot lock: no lock file is named, such as mag.lock.json");
  }
  const named = names.filter((name) => name !== "-");
  return [file, named.length === names.length ? named : [...named, ...await readLines(signal)]];
}

/** Rejects options that have no meaning together. */
function checkTogether(input: CommandInput, names: readonly string[]): void {
  const { values, flags } = input;
  const filtered = hasFilters(input);
  if (names.length > 0 && filtered) throw new UsageError("Cannot lock files by name and by filter at once");
  const alone = values.has("citation") ? "citation" : flags.has("update") ? "update" : undefined;
  if (alone === undefined) return;
  const others = ["update", "force", "verify"].filter((name) => name !== alone && flags.has(name));
  const other = names.length > 0 ? "names of files" : filtered ? "filters" : others[0] && `--${others[0]}`;
  if (other !== undefined) {
    throw new UsageError(`Cannot use --${alone} together with ${other}: it is for a lock file that exists`);
  }
}

async function report(lock: LockFile, { output }: CommandInput): Promise<ExitCode> {
  const count = `${lock.files.length} file${lock.files.length === 1 ? "" : "s"}`;
  await output.data(`Locked ${count} (${formatBytes(lock.bytes)}) in: ${printable(lock.path)}\n`);
  return EXIT.done;
}

/** Writes a lock file, or writes it again. */
async function write(
  client: ImapClient,
  file: string,
  names: readonly string[],
  input: CommandInput,
): Promise<ExitCode> {
  const { values, flags, output, quiet, verbose, signal } = input;
  const display = await transferDisplay(output, { quiet, plain: verbose });
  const transfer = { concurrency: concurrencyOf(values), onProgress: display.onProgress, signal };
  try {
    if (flags.has("update")) {
      const old = await client.readLock(file);
      const lock = await old.update({
        ...transfer,
        onChanges: async (changes) => {
          await output.data(recordText(changes, output.look()));
        },
      });
      display.stop();
      return await report(lock, input);
    }
    const what = names.length > 0 ? names : hasFilters(input) ? queryOf(input) : undefined;
    const lock = await client.lock(file, what, { ...transfer, verify: flags.has("verify"), force: flags.has("force") });
    display.stop();
    return await report(lock, input);
  } finally {
    display.stop();
  }
}

/** The command `lock`. */
export const lock: Command = {
  spec: {
    name: "lock",
    description:
      "Writes a lock file: the exact files of a data set, with their sizes, SHA-256 and MD5, so that others can download and " +
      "check the same bytes. It lists the files that match filters, the named files, or all files of the data directory. " +
      "Files that are not here are downloaded first. A lock file is a Data Package (https://datapackage.org): JSON, to be " +
      "kept with a paper or in Git.",
    argument: {
      name: "FILE.json [NAME...]",
      paths: "files",
      help:
        "the lock file, in the data directory if it has no folder and is not in the current one; then names of files, or " +
        "paths in the archive; - to read names from standard input",
    },
    options: [
      { name: "update", help: "apply what diff lists: download newer versions, and write the lock file again" },
      {
        name: "citation",
        value: "FORMAT",
        choices: CITATION_FORMATS,
        help: "print a citation of a lock file that exists",
      },
      { name: "verify", help: "compare files that are here with the archive, and download again those that differ" },
      { name: "force", help: "overwrite a lock file that exists" },
      ...TRANSFER_OPTIONS.filter(({ name }) => name !== "dry-run"),
      ...FILTERS,
    ],
    examples: [
      {
        text: "The files of a query",
        line: "lock mag.lock.json --instrument mag --data-level l2 --start-date 20260101 --end-date 20260131",
      },
      { text: "Named files", line: "lock figure2.lock.json imap_mag_l0_raw_20250502_v001.pkts" },
      { text: "All files of a data directory", line: "lock data.lock.json --data-dir /data" },
      { text: "Update it to the newest versions in the archive", line: "lock mag.lock.json --update" },
      { text: "Cite the data", line: "lock mag.lock.json --citation bibtex" },
    ],
    showsProgress: true,
    whenInterrupted: "no lock file was written; run the same command to resume",
  },
  async run(input) {
    const { values, client: settings, output } = input;
    const [file, names] = await namesOf(input);
    checkTogether(input, names);
    const client = new ImapClient({ ...settings, ...transferSettings(values) });
    const format = CITATION_FORMATS.find((format) => format === values.get("citation"));
    if (format === undefined) return await write(client, file, names, input);
    await output.data(await (await client.readLock(file)).citation(format));
    return EXIT.done;
  },
};

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
