import { transferDisplay } from "../progress.ts";
import { type Command, UsageError } from "../shell.ts";
import { concurrencyOf, plannedSize, reportTransfer, TRANSFER_OPTIONS, transferSettings } from "../transfers.ts";
import { ImapClient } from "../../client/imap_client.ts";
import type { Outcome } from "../../transfer/batch.ts";

/** Returns the line for a file; for a single file it is the Python client's. */
function line(count: number): (outcome: Outcome) => string {
  return (outcome) => {
    const { state, file } = outcome;
    if (state === "planned") return `would send ${file}${plannedSize(outcome)}`;
    if (state === "skipped") return `The IMAP SDC already has the file: ${file}`;
    return `Successfully uploaded the file to the IMAP SDC${count === 1 ? "" : `: ${file}`}`;
  };
}

/** The command `upload`. */
export const upload: Command = {
  spec: {
    name: "upload",
    description:
      "Uploads files to the SDC. A file's name determines its path in the archive; the local directory does not " +
      "matter. All files are checked first, and nothing is sent if one of them is wrong.",
    argument: { name: "FILE...", paths: "files", help: "paths of local files" },
    options: [
      { name: "skip-existing", help: "skip files that the archive already has" },
      ...TRANSFER_OPTIONS,
    ],
    examples: [
      { text: "One file", line: "upload imap_codice_l0_hskp_20240724_v001.pkts" },
      { text: "Only check whether many files can be uploaded", line: "upload --dry-run new/*.cdf" },
      { text: "Continue after an interrupted upload", line: "upload --skip-existing new/*.cdf" },
    ],
    showsProgress: true,
    whenInterrupted: "run the same command with --skip-existing to continue",
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
