import { type Command, EXIT, type Output, PROGRAM, UsageError } from "../shell.ts";
import { TRANSFER_OPTIONS, transferSettings } from "../transfers.ts";
import { ImapClient } from "../../client/imap_client.ts";
import type { PacketOutcome } from "../../client/webpoda.ts";
import { instrumentApids, QUERY_MODES } from "../../protocol/tables.ts";

/** `20260101`, or `20260101, repointing 12`. */
function whenOf({ date, repointing }: PacketOutcome): string {
  return repointing === null ? date : `${date}, repointing ${repointing}`;
}

/** Prints the result of one day or pointing: files on standard output, everything else on standard error. */
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
      await output.data(`The IMAP SDC already has the packets: ${outcome.file}\n`);
      return;
    case "shorter":
      return await output.notice(
        `warning: webpoda has fewer packets than the IMAP SDC's ${outcome.file}: nothing was written`,
      );
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

const INSTRUMENTS = [...instrumentApids().keys()];
const PATIENCE = TRANSFER_OPTIONS.filter(({ name }) => name === "retries" || name === "stall-timeout");

/** The command `webpoda`. */
export const webpoda: Command = {
  spec: {
    name: "webpoda",
    description:
      "Downloads the raw packets of an instrument from webpoda to level 0 files in the data directory: one file per day, " +
      "or per pointing for glows, hi, lo and ultra. A file that differs from the newest one at the SDC is kept under the " +
      "next minor version. This requires a webpoda token.",
    options: [
      { name: "instrument", value: "NAME", choices: INSTRUMENTS, help: "instrument; required" },
      {
        name: "start-date",
        value: "DATE",
        help: "first day: YYYYMMDD, YYYY-MM-DD, YYYY-DDD, today, yesterday, or 7d for seven days ago; required",
      },
      { name: "end-date", value: "DATE", help: "last day, inclusive (default: the first day)" },
      {
        name: "query-mode",
        value: "MODE",
        choices: QUERY_MODES,
        help: "time that the days refer to: Earth received time or spacecraft time (default: ert)",
      },
      { name: "upload-to-sdc", help: "also upload each new file to the SDC" },
      ...PATIENCE,
    ],
    examples: [
      { text: "Packets received yesterday", line: "webpoda --instrument mag --start-date yesterday" },
      {
        text: "All packets of a range of days, uploaded to the SDC",
        line: "webpoda --instrument hi --start-date 20260101 --end-date 20260107 --query-mode sct --upload-to-sdc",
      },
    ],
    whenInterrupted: "the files listed above are complete; run the same command to continue",
  },
  async run({ values, flags, client: settings, output, quiet, verbose, signal }) {
    const [instrument, start_date] = [values.get("instrument"), values.get("start-date")];
    if (instrument === undefined || start_date === undefined) {
      throw new UsageError("Cannot fetch packets: --instrument and --start-date are required");
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
