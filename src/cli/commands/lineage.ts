import { transferDisplay } from "../progress.ts";
import { type Command, EXIT, UsageError, wholeNumber } from "../shell.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { textTable } from "../../display/table.ts";
import { MAX_LINEAGE_LEVELS } from "../../dataset/lineage.ts";
import { printableJson } from "../../errors.ts";
import { lineageTable } from "../../client/lineage.ts";

const FORMATS = ["tree", "table", "json", "svg"] as const;

/** The command `lineage`. */
export const lineage: Command = {
  spec: {
    name: "lineage",
    description:
      "Shows which files a product was made from, what those were made from, and so on. It reads the attribute Parents of " +
      "each file and, with an API key or an access token, the SDC's list of the inputs of the job. Of files that are not " +
      "here, only the parts that are needed are read from the archive. Parents that are missing are named.",
    argument: {
      name: "FILE",
      paths: "files",
      help: "path on this machine, or name of a file in the archive",
    },
    options: [
      {
        name: "levels",
        value: "N",
        help: `how many levels above the file to follow, 1 for its parents (default: ${MAX_LINEAGE_LEVELS})`,
      },
      { name: "offline", help: "look only at files on this machine" },
      { name: "download", help: "download all files of the lineage that are not here" },
      { name: "output-format", value: "FORMAT", choices: FORMATS, help: "output format" },
    ],
    examples: [
      { text: "Where a product came from", line: "lineage imap_mag_l2_norm-dsrf_20250907_v001.0001.cdf" },
      { text: "Only its parents", line: "lineage imap_mag_l2_norm-dsrf_20250907_v001.0001.cdf --levels 1" },
      {
        text: "Get everything it was made from",
        line: "lineage imap_mag_l2_norm-dsrf_20250907_v001.0001.cdf --download",
      },
      { text: "For other programs", line: "lineage data.cdf --offline --output-format json" },
    ],
    whenInterrupted: "run the same command to continue",
  },
  async run({ rest: [file, ...others], values, flags, client, output, quiet, verbose, signal }) {
    if (file === undefined || others.length > 0) {
      throw new UsageError(`Cannot show the lineage of ${file === undefined ? "no file" : "several files"}: name one`);
    }
    const levels = wholeNumber(values, "levels", [1, MAX_LINEAGE_LEVELS]);
    const [offline, download] = [flags.has("offline"), flags.has("download")];
    if (offline && download) throw new UsageError("Cannot use --offline together with --download");
    const display = download ? await transferDisplay(output, { quiet, plain: verbose }) : undefined;
    const { onProgress } = display ?? {};
    const found = await new ImapClient(client).lineage(file, { levels, offline, download, onProgress, signal })
      .finally(() => display?.stop());
    const format = values.get("output-format") ?? "tree";
    const texts = {
      tree: () => found.toText({ columns: output.look().columns ?? Infinity }),
      table: () => textTable(lineageTable(found), Infinity, output.look()),
      json: () => `${printableJson(JSON.stringify(found, undefined, 2))}\n`,
      svg: () => found.toSvg(),
    } as const;
    const text = FORMATS.find((name) => name === format) ?? "tree";
    await output.data(await texts[text]());
    // The files that should have been downloaded, but are not here.
    const failed = download ? found.missing.filter(({ state }) => state === "archive" || state === "refused") : [];
    return failed.length > 0 ? EXIT.failed : EXIT.done;
  },
};
