import { type Command, EXIT } from "../shell.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { DATA_LEVELS, INSTRUMENTS } from "../../names/vocabulary.ts";
import { printable } from "../../safe_text.ts";

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
        help: "first day: YYYYMMDD, YYYY-MM-DD, today, yesterday, or 7d for seven days ago; required",
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
