import { transferDisplay } from "../progress.ts";
import { type Command, UsageError } from "../shell.ts";
import { concurrencyOf, reportTransfer, TRANSFER_OPTIONS, transferSettings } from "../transfers.ts";
import { ImapClient } from "../../client/imap_client.ts";
import type { Outcome } from "../../transfer/batch.ts";

/** The line for a file; the Python client's words where it is the only one. */
function line(count: number): (outcome: Outcome) => string {
  return ({ state, file }) => {
    if (state === "planned") return `would send ${file}`;
    if (state === "skipped") return `The IMAP SDC has the file already: ${file}`;
    return `Successfully uploaded the file to the IMAP SDC${count === 1 ? "" : `: ${file}`}`;
  };
}

/** `upload`: sends files. */
export const upload: Command = {
  spec: {
    name: "upload",
    description:
      "Sends files to the SDC. Their names decide their places in the archive; the folders they lie in do not " +
      "count. All are checked first, and nothing is sent when one is wrong.",
    argument: { name: "FILE...", paths: "files", help: "paths of files on this machine" },
    options: [
      { name: "skip-existing", help: "a file that the archive has already is no failure" },
      ...TRANSFER_OPTIONS,
    ],
    examples: [
      { text: "A file of this folder", line: "upload imap_codice_l0_hskp_20240724_v001.pkts" },
      { text: "Many, and only look whether they can be sent", line: "upload --dry-run new/*.cdf" },
      { text: "Go on where a broken run stopped", line: "upload --skip-existing new/*.cdf" },
    ],
    showsProgress: true,
    whenInterrupted: "with --skip-existing the same command goes on from there",
  },
  async run({ values, flags, rest, client: settings, output, quiet, verbose, signal }) {
    if (rest.length === 0) throw new UsageError("Cannot upload: no file is named");
    const client = new ImapClient({ ...settings, ...transferSettings(values) });
    const concurrency = concurrencyOf(values);
    const display = await transferDisplay(output, { quiet: quiet || flags.has("dry-run"), plain: verbose });
    try {
      const report = await client.upload(rest, {
        concurrency,
        dryRun: flags.has("dry-run"),
        skipExisting: flags.has("skip-existing"),
        onProgress: display.onProgress,
        signal,
      });
      display.stop();
      return await reportTransfer({ command: "upload", report, line: line(rest.length), output, quiet });
    } finally {
      display.stop();
    }
  },
};
