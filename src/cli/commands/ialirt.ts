import { json } from "../formats.ts";
import { transferDisplay } from "../progress.ts";
import { type Command, EXIT, readLines, UsageError } from "../shell.ts";
import { concurrencyOf, plannedSize, reportTransfer, TRANSFER_OPTIONS, transferSettings } from "../transfers.ts";
import { IALIRT_LISTS, type IalirtFile, SPACE_WEATHER_INSTRUMENTS } from "../../client/ialirt.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { type RecordList, recordText } from "../../client/record_list.ts";
import type { TextLook } from "../../display/table.ts";
import { printable } from "../../errors.ts";
import type { Outcome } from "../../transfer/batch.ts";

/** The command `space-weather`. */
export const spaceWeather: Command = {
  spec: {
    name: "space-weather",
    description:
      "Prints the public real-time data of IMAP (I-ALiRT): the last hour, or a range of days, which are requested day by " +
      "day. No credentials are sent.",
    options: [
      {
        name: "instrument",
        value: "NAME",
        words: SPACE_WEATHER_INSTRUMENTS,
        help: `${SPACE_WEATHER_INSTRUMENTS.join(", ")} (default: all six science instruments)`,
      },
      {
        name: "start-date",
        value: "DATE",
        help:
          "first day: YYYYMMDD, YYYY-MM-DD, YYYY-DDD, today, yesterday, or 7d for seven days ago; or a time (UTC) such as " +
          "2026-01-31T12:00 (default: the last hour)",
      },
      { name: "end-date", value: "DATE", help: "last day, inclusive, or a time (UTC) (default: the first day)" },
      { name: "output-format", value: "FORMAT", choices: ["table", "json"], help: "output format" },
    ],
    examples: [
      { text: "The last hour", line: "space-weather" },
      {
        text: "The magnetic field of two days",
        line: "space-weather --instrument mag --start-date 20260101 --end-date 20260102",
      },
      { text: "For other programs", line: "space-weather --instrument swapi --start-date today --output-format json" },
    ],
  },
  async run({ values, client, output, signal }) {
    const records = await new ImapClient(client).spaceWeather({
      instrument: values.get("instrument"),
      start_date: values.get("start-date"),
      end_date: values.get("end-date"),
    }, { signal });
    const texts = values.get("output-format") === "json" ? json(records) : [recordText(records, output.look())];
    for (const text of texts) if (!await output.data(text)) break;
    return EXIT.done;
  },
};

/** The output of a list of `ialirt`, by format. */
const LIST_FORMATS: ReadonlyMap<string, (files: RecordList<IalirtFile>, look: TextLook) => Iterable<string>> = new Map([
  ["table", (files: RecordList<IalirtFile>, look: TextLook): Iterable<string> => [recordText(files, look)]],
  ["json", json],
  ["names", (files) => files.map(({ file_name }) => `${printable(file_name)}\n`)],
]);

/** The parameters that correspond to options: all except the list. */
const PARAMETERS = ["year", "month", "day", "version", "doy", "hh", "mm", "ss", "instance", "station"] as const;

/** The command `ialirt`. */
export const ialirt: Command = {
  spec: {
    name: "ialirt",
    description:
      "Lists files of I-ALiRT, IMAP's real-time data: data files by default, or packets, logs, the catalog of a ground " +
      "station, or the newest file. With names, it downloads data files to the data directory. No credentials are sent.",
    argument: { name: "[FILE...]", help: "names of data files to download; - to read names from standard input" },
    options: [
      { name: "packets", help: "list packets, by --year, --doy, --hh, --mm and --ss" },
      { name: "logs", help: "list logs, by --year, --doy and --instance" },
      { name: "catalog", help: "list what ground stations sent, by --start-date, --end-date and --station" },
      { name: "realtime", help: "show the name of the newest file" },
      { name: "year", value: "YYYY", help: "year; required for data files, packets and logs" },
      { name: "month", value: "MM", help: "month" },
      { name: "day", value: "DD", help: "day of the month; requires --month" },
      { name: "version", value: "N", help: "version of the data files (default: 1)" },
      { name: "doy", value: "DDD", help: "day of the year" },
      { name: "hh", value: "HH", help: "hour; requires --doy" },
      { name: "mm", value: "MM", help: "minute; requires --hh" },
      { name: "ss", value: "SS", help: "second; requires --mm" },
      { name: "instance", value: "N", help: "number of the machine that wrote the logs" },
      {
        name: "start-date",
        value: "DATE",
        help: "first day of the catalog: YYYYMMDD, YYYY-MM-DD, YYYY-DDD, today, yesterday, or 7d",
      },
      { name: "end-date", value: "DATE", help: "last day of the catalog, less than 30 days later" },
      { name: "station", value: "NAME", help: "ground station of the catalog" },
      { name: "output-format", value: "FORMAT", choices: [...LIST_FORMATS.keys()], help: "output format of a list" },
      ...TRANSFER_OPTIONS,
    ],
    examples: [
      { text: "The data files of a month", line: "ialirt --year 2026 --month 1" },
      { text: "Download one", line: "ialirt imap_ialirt_l1_realtime_20260101_v001.cdf --data-dir /data" },
      {
        text: "Download all of a day",
        line: "ialirt --year 2026 --month 1 --day 2 --output-format names | imap-data-access ialirt -",
      },
      { text: "Packets of an hour", line: "ialirt --packets --year 2026 --doy 2 --hh 14" },
    ],
    showsProgress: true,
    whenInterrupted: "the bytes received so far are kept; run the same command to resume",
  },
  async run({ values, flags, rest, client: settings, output, quiet, verbose, signal }) {
    const client = new ImapClient({ ...settings, ...transferSettings(values) });
    const lists = IALIRT_LISTS.filter((list) => flags.has(list));
    const filters = [...PARAMETERS, "start-date", "end-date", "output-format"].filter((name) => values.has(name));
    if (rest.length > 0) {
      const [stray] = [...lists, ...filters];
      if (stray !== undefined) throw new UsageError(`Cannot use --${stray} together with names of files`);
      const named = rest.filter((file) => file !== "-");
      const names = named.length === rest.length ? named : [...named, ...await readLines(signal)];
      const dryRun = flags.has("dry-run");
      const concurrency = concurrencyOf(values);
      const display = await transferDisplay(output, { quiet: quiet || dryRun, plain: verbose });
      try {
        const report = await client.ialirtDownload(names, {
          concurrency,
          dryRun,
          onProgress: display.onProgress,
          signal,
        });
        display.stop();
        const line = (outcome: Outcome) =>
          outcome.state === "planned"
            ? `would fetch ${outcome.file}${plannedSize(outcome)}`
            : `Successfully downloaded the file to: ${outcome.path}`;
        return await reportTransfer({ command: "ialirt", report, line, output, quiet });
      } finally {
        display.stop();
      }
    }
    if (lists.length > 1) throw new UsageError(`Cannot use --${lists.join(" together with --")}`);
    const [list] = lists;
    const files = await client.ialirt({
      list,
      ...Object.fromEntries(PARAMETERS.map((name) => [name, values.get(name)])),
      start_date: values.get("start-date"),
      end_date: values.get("end-date"),
    }, { signal });
    const texts = LIST_FORMATS.get(values.get("output-format") ?? "table")?.(files, output.look()) ?? [];
    for (const text of texts) if (!await output.data(text)) break;
    return EXIT.done;
  },
};
