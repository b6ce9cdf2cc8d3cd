import { transferDisplay } from "../progress.ts";
import { type Command, EXIT, UsageError } from "../shell.ts";
import { concurrencyOf, TRANSFER_OPTIONS, transferSettings } from "../transfers.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { METAKERNEL_TYPES } from "../../client/metakernel.ts";

/** The command `metakernel`. */
export const metakernel: Command = {
  spec: {
    name: "metakernel",
    description:
      "Downloads the SPICE kernels that cover a range of days to the data directory, and writes a metakernel, a .tm file " +
      "that loads them in the right order. Gaps in coverage are listed by category.",
    options: [
      {
        name: "start-date",
        value: "DATE",
        help:
          "first day: YYYYMMDD, YYYY-MM-DD, YYYY-DDD, today, yesterday, or 7d for seven days ago; or a time (UTC) such as " +
          "2026-01-31T12:00; required",
      },
      { name: "end-date", value: "DATE", help: "last day, inclusive, or a time (UTC); required" },
      {
        name: "types",
        value: "TYPE",
        words: METAKERNEL_TYPES,
        isList: true,
        help: `types of kernels, separated by commas (default: all): ${METAKERNEL_TYPES.join(", ")}`,
      },
      { name: "require-coverage", help: "fail, and download nothing, if kernels do not cover all of the days" },
      {
        name: "output",
        value: "FILE",
        paths: "files",
        help: "path of the metakernel (default: imap_metakernel_<first day>_<last day>.tm in the data directory)",
      },
      ...TRANSFER_OPTIONS.filter(({ name }) => name !== "dry-run"),
    ],
    examples: [
      { text: "All kernels of a month", line: "metakernel --start-date 2026-01-01 --end-date 2026-01-31" },
      {
        text: "Only if the attitude is known at all times",
        line: "metakernel --start-date 7d --end-date yesterday --require-coverage",
      },
      {
        text: "Only the kernels that convert times and frames, under another name",
        line:
          "metakernel --start-date 20260101 --end-date 20260101 --types leapseconds,spacecraft_clock,imap_frames --output frames.tm",
      },
    ],
    showsProgress: true,
    whenInterrupted: "the kernels received so far are kept; run the same command to continue",
  },
  async run({ values, flags, client: settings, output, quiet, verbose, signal }) {
    const [start_date, end_date] = [values.get("start-date"), values.get("end-date")];
    if (start_date === undefined || end_date === undefined) {
      throw new UsageError("Cannot make a metakernel: --start-date and --end-date are required");
    }
    const client = new ImapClient({ ...settings, ...transferSettings(values) });
    const concurrency = concurrencyOf(values);
    const display = await transferDisplay(output, { quiet, plain: verbose });
    try {
      const { path, kernels, gaps } = await client.metakernel({ start_date, end_date }, {
        types: values.get("types")?.split(",").map((type) => type.trim()),
        requireCoverage: flags.has("require-coverage"),
        path: values.get("output"),
        concurrency,
        onProgress: display.onProgress,
        signal,
      });
      display.stop();
      await output.data(kernels.map((kernel) => `Successfully downloaded the file to: ${kernel}\n`).join(""));
      await output.data(`Successfully wrote the metakernel to: ${path}\n`);
      if (gaps.length > 0 && !quiet) await output.notice(gaps.toText().trimEnd());
    } finally {
      display.stop();
    }
    return EXIT.done;
  },
};
