import { type Command, EXIT, type Output, PROGRAM, UsageError } from "../shell.ts";
import { TRANSFER_OPTIONS, transferSettings } from "../transfers.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { type PacketOutcome, QUERY_MODES } from "../../client/webpoda.ts";
import { INSTRUMENT_APIDS } from "../../protocol/webpoda.ts";

/** `20260101`, or `20260101, repointing 12`. */
function whenOf({ date, repointing }: PacketOutcome): string {
  return repointing === null ? date : `${date}, repointing ${repointing}`;
}

/** Tells of one day or pointing: files on standard output, the rest on standard error. */
async function tell(outcome: PacketOutcome, output: Output, verbose: boolean): Promise<void> {
  const when = whenOf(outcome);
  switch (outcome.state) {
    case "written":
    case "sent": {
      const done = outcome.state === "sent" ? "downloaded and uploaded" : "downloaded";
      await output.data(`Successfully ${done} the packets: ${outcome.path}\n`);
      return;
    }
    case "unchanged":
      await output.data(`The IMAP SDC has the packets already: ${outcome.file}\n`);
      return;
    case "shorter":
      return await output.notice(`warning: webpoda has less than the IMAP SDC's ${outcome.file}: nothing was kept`);
    case "empty":
      return verbose ? await output.notice(`no packets for ${when}`) : undefined;
    case "failed": {
      const kept = outcome.path === undefined ? "" : `; the packets are in ${outcome.path}`;
      await output.error(`${PROGRAM} webpoda`, `${when}: ${outcome.error.message}${kept}`);
    }
  }
}

const WORDS = { written: "new", sent: "sent", unchanged: "unchanged", shorter: "shorter", empty: "empty" };

/** `2 new, 1 empty`. */
function summary(outcomes: readonly PacketOutcome[]): string {
  if (outcomes.length === 0) return "no packets in that time";
  const states = Object.entries({ ...WORDS, failed: "failed" }).map(([state, word]) => {
    const count = outcomes.filter((outcome) => outcome.state === state).length;
    return count === 0 ? "" : `${count} ${word}`;
  });
  return states.filter(Boolean).join(", ");
}

const INSTRUMENTS = [...INSTRUMENT_APIDS.keys()];
const PATIENCE = TRANSFER_OPTIONS.filter(({ name }) => name === "retries" || name === "stall-timeout");

/** `webpoda`: makes level 0 files from packets on demand. */
export const webpoda: Command = {
  spec: {
    name: "webpoda",
    description:
      "Fetches an instrument's raw packets from webpoda into level 0 files of the data directory: one a day, and for " +
      "glows, hi, lo and ultra one a pointing. A file is kept when the SDC's newest one has other bytes, under the next " +
      "free minor version. It needs a token for webpoda.",
    options: [
      { name: "instrument", value: "NAME", choices: INSTRUMENTS, help: "whose packets; needed" },
      {
        name: "start-date",
        value: "DATE",
        help: "first day: YYYYMMDD, YYYY-MM-DD, today, yesterday, or 7d for seven days ago; needed",
      },
      { name: "end-date", value: "DATE", help: "last day, inclusive (else the first)" },
      {
        name: "query-mode",
        value: "MODE",
        choices: QUERY_MODES,
        help: "whose days these are: when Earth received the packets, or spacecraft time (else ert)",
      },
      { name: "upload-to-sdc", help: "upload each new file, too" },
      ...PATIENCE,
    ],
    examples: [
      { text: "What came down yesterday", line: "webpoda --instrument mag --start-date yesterday" },
      {
        text: "All packets of some days, for the SDC",
        line: "webpoda --instrument hi --start-date 20260101 --end-date 20260107 --query-mode sct --upload-to-sdc",
      },
    ],
    whenInterrupted: "files that were named are whole; the same command goes on with the others",
  },
  async run({ values, flags, client: settings, output, quiet, verbose, signal }) {
    const [instrument, start_date] = [values.get("instrument"), values.get("start-date")];
    if (instrument === undefined || start_date === undefined) {
      throw new UsageError("Cannot fetch packets: --instrument and --start-date are needed");
    }
    const client = new ImapClient({ ...settings, ...transferSettings(values) });
    let told = Promise.resolve();
    const outcomes = await client.webpoda(
      { instrument, start_date, end_date: values.get("end-date"), query_mode: values.get("query-mode") },
      {
        uploadToSdc: flags.has("upload-to-sdc"),
        onOutcome: (outcome) => {
          told = told.then(() => tell(outcome, output, verbose));
        },
        signal,
      },
    );
    await told;
    if (!quiet) await output.notice(summary(outcomes));
    return outcomes.some(({ state }) => state === "failed") ? EXIT.failed : EXIT.done;
  },
};
