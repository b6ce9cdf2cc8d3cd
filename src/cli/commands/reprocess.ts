import { json } from "../formats.ts";
import { type Command, EXIT, UsageError } from "../shell.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { type RecordList, recordText } from "../../client/record_list.ts";
import { DATA_LEVELS, INSTRUMENTS } from "../../names/fields.ts";
import type { TextLook } from "../../display/table.ts";
import { printable } from "../../errors.ts";
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
