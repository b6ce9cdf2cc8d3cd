import { type Command, EXIT } from "../shell.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { DATA_LEVELS, INSTRUMENTS } from "../../names/vocabulary.ts";

/** What is made again, in words: `mag norm l1b from 20250501 to 20250531`. */
function words({ start_date, end_date, ...which }: Readonly<Record<string, string>>): string {
  const { instrument = "all instruments", descriptor, data_level } = which;
  return `${[instrument, descriptor, data_level].filter(Boolean).join(" ")} from ${start_date} to ${end_date}`;
}

/** `reprocess`: asks for products to be made again. */
export const reprocess: Command = {
  spec: {
    name: "reprocess",
    description:
      "Asks the SDC to make the products of some days again: those of all instruments, of one, or one product. It needs " +
      "an API key or an access token. The order is sent once: when no answer comes, it may have arrived all the same.",
    options: [
      {
        name: "start-date",
        value: "DATE",
        help: "first day: YYYYMMDD, YYYY-MM-DD, today, yesterday, or 7d for seven days ago; needed",
      },
      { name: "end-date", value: "DATE", help: "last day, inclusive; needed" },
      { name: "instrument", value: "NAME", words: INSTRUMENTS, help: `${INSTRUMENTS.join(", ")} (else all)` },
      {
        name: "data-level",
        value: "LEVEL",
        words: DATA_LEVELS,
        help: `${DATA_LEVELS.join(", ")} (else all); needs --instrument and --descriptor`,
      },
      {
        name: "descriptor",
        value: "NAME",
        help: "the product's name, for instance hist (else all); needs --instrument",
      },
      { name: "dry-run", help: "only print what would be asked for" },
    ],
    examples: [
      {
        text: "All products of an instrument",
        line: "reprocess --instrument mag --start-date 20260101 --end-date 20260131",
      },
      {
        text: "One product, and only look",
        line:
          "reprocess --instrument glows --descriptor hist --data-level l1a --start-date 7d --end-date today --dry-run",
      },
    ],
  },
  async run({ values, flags, client, output, signal }) {
    const dryRun = flags.has("dry-run");
    const { parameters } = await new ImapClient(client).reprocess({
      start_date: values.get("start-date") ?? "",
      end_date: values.get("end-date") ?? "",
      instrument: values.get("instrument"),
      data_level: values.get("data-level"),
      descriptor: values.get("descriptor"),
    }, { dryRun, signal });
    await output.data(`${dryRun ? "would reprocess" : "The SDC was asked to reprocess"} ${words(parameters)}\n`);
    return EXIT.done;
  },
};
