import { json } from "../formats.ts";
import {
  type Command,
  type CommandInput,
  EXIT,
  type ExitCode,
  MAX_SECONDS,
  optionName,
  UsageError,
  wholeNumber,
} from "../shell.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { type RecordList, recordText } from "../../client/record_list.ts";
import type { TextLook } from "../../display/table.ts";
import { InputError, printable } from "../../errors.ts";
import { DATA_LEVELS, INSTRUMENTS } from "../../names/fields.ts";
import { RELEASE_DATA_TYPES, RELEASE_TYPES } from "../../protocol/tables.ts";
import { JOB_STATES, type JobRecord } from "../../sdc/orders.ts";

/** Describes what is reprocessed: `mag norm l1b from 20250501 to 20250531`. */
function words({ start_date, end_date, ...which }: Readonly<Record<string, string>>): string {
  const { instrument = "all instruments", descriptor, data_level } = which;
  return `${[instrument, descriptor, data_level].filter(Boolean).join(" ")} from ${start_date} to ${end_date}`;
}

/** The command `reprocess`. */
export const reprocess: Command = {
  spec: {
    name: "reprocess",
    description:
      "Asks the SDC to reprocess the products of a range of days: of all instruments, of one instrument, or a single " +
      "product. This requires an API key or an access token. The request is sent once: if no response arrives, the SDC " +
      "may have received it anyway.",
    options: [
      {
        name: "start-date",
        value: "DATE",
        help: "first day: YYYYMMDD, YYYY-MM-DD, YYYY-DDD, today, yesterday, or 7d for seven days ago; required",
      },
      { name: "end-date", value: "DATE", help: "last day, inclusive; required" },
      { name: "instrument", value: "NAME", words: INSTRUMENTS, help: `${INSTRUMENTS.join(", ")} (default: all)` },
      {
        name: "data-level",
        value: "LEVEL",
        words: DATA_LEVELS,
        help: `${DATA_LEVELS.join(", ")} (default: all); requires --instrument and --descriptor`,
      },
      {
        name: "descriptor",
        value: "NAME",
        help: "name of the product, for example hist (default: all); requires --instrument",
      },
      { name: "dry-run", help: "only print what would be requested" },
    ],
    examples: [
      {
        text: "All products of an instrument",
        line: "reprocess --instrument mag --start-date 20260101 --end-date 20260131",
      },
      {
        text: "One product, as a dry run",
        line:
          "reprocess --instrument glows --descriptor hist --data-level l1a --start-date 7d --end-date today --dry-run",
      },
    ],
  },
  async run({ values, flags, client, output, signal }) {
    const dryRun = flags.has("dry-run");
    const { parameters, reprocess_id } = await new ImapClient(client).reprocess({
      start_date: values.get("start-date") ?? "",
      end_date: values.get("end-date") ?? "",
      instrument: values.get("instrument"),
      data_level: values.get("data-level"),
      descriptor: values.get("descriptor"),
    }, { dryRun, signal });
    await output.data(`${dryRun ? "would reprocess" : "The SDC was asked to reprocess"} ${words(parameters)}\n`);
    if (reprocess_id !== undefined) await output.data(`reprocess_id: ${printable(reprocess_id)}\n`);
    return EXIT.done;
  },
};

/** The output of `jobs`, by format. */
const JOB_FORMATS: ReadonlyMap<string, (jobs: RecordList<JobRecord>, look: TextLook) => Iterable<string>> = new Map([
  ["table", (jobs: RecordList<JobRecord>, look: TextLook): Iterable<string> => [recordText(jobs, look)]],
  ["json", json],
]);

/** The command `jobs`. */
export const jobs: Command = {
  spec: {
    name: "jobs",
    description:
      "Lists the jobs of the SDC's processing, the newest first: those of reprocessing requests, and those that the " +
      "SDC started itself. The SDC lists the newest 500 matches.",
    options: [
      { name: "status", value: "STATUS", words: JOB_STATES, help: `state of the job: ${JOB_STATES.join(", ")}` },
      { name: "instrument", value: "NAME", words: INSTRUMENTS, help: INSTRUMENTS.join(", ") },
      { name: "data-level", value: "LEVEL", words: DATA_LEVELS, help: DATA_LEVELS.join(", ") },
      { name: "descriptor", value: "NAME", help: "name of the product, for example hist" },
      {
        name: "start-date",
        value: "DATE",
        help: "day of the product: YYYYMMDD, YYYY-MM-DD, YYYY-DDD, today, yesterday, or 7d for seven days ago",
      },
      { name: "repointing", value: "N", help: "repointing number, or repointNNNNN" },
      { name: "major-version", value: "N", help: "major version number of the product" },
      { name: "minor-version", value: "N", help: "minor version number of the product" },
      { name: "job-log-stream-id", value: "ID", help: "identifier of the job's log" },
      {
        name: "dependency-hash",
        value: "HASH",
        help: "hash of the job's inputs, as in the name of its dependency file",
      },
      { name: "job-definition", value: "NAME", help: "job definition at AWS, for example ProcessingJob-mag" },
      { name: "container-image", value: "NAME", help: "container image that ran" },
      { name: "container-image-digest", value: "DIGEST", help: "digest of the container image" },
      { name: "container-command", value: "TEXT", help: "command that ran, as the SDC lists it" },
      { name: "started-at", value: "TIME", help: "when the job started, exactly (UTC): 2026-01-31T12:00:00" },
      { name: "stopped-at", value: "TIME", help: "when the job ended, exactly (UTC)" },
      { name: "output-format", value: "FORMAT", choices: [...JOB_FORMATS.keys()], help: "output format" },
    ],
    examples: [
      { text: "The jobs of a product", line: "jobs --instrument mag --data-level l1a --descriptor norm-mago" },
      { text: "What failed", line: "jobs --status FAILED" },
      { text: "For other programs", line: "jobs --instrument hi --output-format json" },
    ],
  },
  async run({ values, client, output, signal }) {
    const parameters = {
      status: values.get("status"),
      instrument: values.get("instrument"),
      data_level: values.get("data-level"),
      descriptor: values.get("descriptor"),
      start_date: values.get("start-date"),
      repointing: values.get("repointing"),
      major_version: values.get("major-version"),
      minor_version: values.get("minor-version"),
      job_log_stream_id: values.get("job-log-stream-id"),
      dependency_hash: values.get("dependency-hash"),
      job_definition: values.get("job-definition"),
      container_image: values.get("container-image"),
      container_image_digest: values.get("container-image-digest"),
      container_command: values.get("container-command"),
      started_at: values.get("started-at"),
      stopped_at: values.get("stopped-at"),
    };
    const found = await new ImapClient(client).jobs(parameters, { signal });
    const texts = JOB_FORMATS.get(values.get("output-format") ?? "table")?.(found, output.look()) ?? [];
    for (const text of texts) if (!await output.data(text)) break;
    return EXIT.done;
  },
};

/** The command `job-log`. */
export const jobLog: Command = {
  spec: {
    name: "job-log",
    description:
      "Prints the log of a job of the SDC's processing. The command jobs shows the identifier of each log. The SDC sends " +
      "up to 1 MB of a log.",
    argument: { name: "ID", help: "identifier of the log: the column Log of jobs, or job_log_stream_id in its JSON" },
    options: [],
    examples: [{ text: "One log", line: "job-log ProcessingJob-mag/default/0123456789abcdef" }],
  },
  async run({ rest: [stream, ...others], client, output, signal }) {
    if (stream === undefined || others.length > 0) {
      throw new UsageError("Cannot get a log: expected the identifier of one log; jobs shows them");
    }
    const log = await new ImapClient(client).jobLog(stream, { signal });
    const lines = log.trimEnd().split(/\r\n?|\n/);
    // Tabs are harmless, and common in logs.
    await output.data(`${lines.map((line) => line.split("\t").map(printable).join("\t")).join("\n")}\n`);
    return EXIT.done;
  },
};

/** The options that describe a manifest to write, by parameter. */
const MANIFEST_OPTIONS = {
  instrument: "instrument",
  release_number: "release-number",
  start_date: "start-date",
  end_date: "end-date",
  version: "manifest-version",
  products: "products",
} as const;

/** Writes a manifest to the working directory, for `--write-manifest`. Sends nothing. */
async function writeManifest({ values, flags, client, output }: CommandInput): Promise<ExitCode> {
  const stray = ["release-type", "manifest-file", "index-timeout"].find((name) => values.has(name));
  if (stray !== undefined || flags.has("dry-run")) {
    throw new UsageError(
      `Cannot use --write-manifest together with --${stray ?? "dry-run"}: it only writes a manifest, to release later`,
    );
  }
  const { version } = MANIFEST_OPTIONS;
  const written = new ImapClient(client).releaseManifest({
    instrument: values.get(MANIFEST_OPTIONS.instrument) ?? "",
    release_number: values.get(MANIFEST_OPTIONS.release_number) ?? "",
    start_date: values.get(MANIFEST_OPTIONS.start_date) ?? "",
    end_date: values.get(MANIFEST_OPTIONS.end_date) ?? "",
    products: values.get(MANIFEST_OPTIONS.products)?.split(",") ?? [],
    ...(values.has(version) ? { version: values.get(version) } : {}),
  });
  const path = await written.catch((error: unknown) => {
    if (!(error instanceof InputError)) throw error;
    // --version prints the version of the program.
    throw new UsageError(error.messageFor((name) => name === "version" ? `--${version}` : optionName(name)));
  });
  await output.data(`Successfully wrote the manifest to: ${path}\n`);
  return EXIT.done;
}

/** The command `release`. */
export const release: Command = {
  spec: {
    name: "release",
    description:
      "Uploads a manifest, which lists what to release, waits until the SDC has indexed it, and requests the release. " +
      "This requires an API key. The manifest's name is imap_<instrument>_data-release-<number>_<start>_<end>_<version>.txt, " +
      "and each of its lines is instrument, data_type, descriptor, true or false. It is checked before it is sent.",
    options: [
      {
        name: "release-type",
        value: "TYPE",
        choices: RELEASE_TYPES,
        help: "type of release; so far the SDC supports only release, and rejects the others with 501; required",
      },
      { name: "manifest-file", value: "PATH", paths: "files", help: "local path of the manifest; required" },
      {
        name: "index-timeout",
        value: "SECONDS",
        help: "how long to wait until the SDC has indexed the manifest (default: 120)",
      },
      { name: "dry-run", help: "only check the manifest, and print what would be done" },
      {
        name: "write-manifest",
        help: "only write a manifest to the working directory, from the options below; nothing is sent",
      },
      { name: "instrument", value: "NAME", words: INSTRUMENTS, help: "instrument of the manifest" },
      { name: "release-number", value: "N", help: "number of the release, 1 to 999" },
      {
        name: "start-date",
        value: "DATE",
        help: "first day of the release: YYYYMMDD, YYYY-MM-DD, YYYY-DDD, today, yesterday, or 7d",
      },
      { name: "end-date", value: "DATE", help: "last day of the release, inclusive" },
      {
        name: "products",
        value: "LIST",
        isList: true,
        words: [...RELEASE_DATA_TYPES, ...DATA_LEVELS],
        help:
          "what to release: a data level, ancillary, or all, for all products of that kind; or with a descriptor, such as " +
          "l1a/norm-mago; separate several with commas",
      },
      { name: "manifest-version", value: "VERSION", help: "version of the manifest (default: v001)" },
    ],
    examples: [
      {
        text: "Release one month of data",
        line: "release --release-type release --manifest-file imap_hit_data-release-001_20260101_20260131_v001.txt",
      },
      {
        text: "Write the manifest first",
        line:
          "release --write-manifest --instrument hit --release-number 1 --start-date 20260101 --end-date 20260131 --products l1a,l2/standard,ancillary",
      },
    ],
    whenInterrupted: "run the same command to continue",
  },
  async run(input) {
    const { values, flags, client, output, signal } = input;
    if (flags.has("write-manifest")) return await writeManifest(input);
    const stray = Object.values(MANIFEST_OPTIONS).find((name) => values.has(name));
    if (stray !== undefined) throw new UsageError(`Cannot use --${stray} without --write-manifest`);
    const [release_type, manifest_file] = [values.get("release-type"), values.get("manifest-file")];
    if (release_type === undefined || manifest_file === undefined) {
      throw new UsageError("Cannot release: --release-type and --manifest-file are required");
    }
    const seconds = wholeNumber(values, "index-timeout", [0, MAX_SECONDS]);
    const dryRun = flags.has("dry-run");
    const options = { dryRun, signal, ...(seconds === undefined ? {} : { indexTimeoutMs: seconds * 1000 }) };
    const { file_path, message } = await new ImapClient(client).release({ release_type, manifest_file }, options);
    await output.data(
      dryRun ? `would release by ${file_path}\n` : `Requested the release by ${file_path}\n`,
    );
    if (message !== undefined) await output.data(`${printable(message)}\n`);
    return EXIT.done;
  },
};
