import { ImapClient } from "../../client/imap_client.ts";
import type { Command } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { writeData } from "../output.ts";
import { UsageError } from "../usage_error.ts";

/** `download`: fetches a file. */
export const download: Command = {
  spec: {
    name: "download",
    summary: "fetch a file into the data directory",
    description: "Fetches a file from the SDC into the data directory, in the SDC's own folders. " +
      "A file that is there already is not fetched again.",
    argument: { name: "FILE", help: "file name, or its full path in the archive" },
    options: [],
    examples: [
      { text: "Into the working folder", line: "download imap_mag_l0_raw_20250502_v001.pkts" },
      { text: "Into another folder", line: "download imap_mag_l0_raw_20250502_v001.pkts --data-dir /data" },
      {
        text: "By the path that a query shows",
        line: "download imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts",
      },
    ],
  },
  async run({ rest, client, signal }) {
    const [file, second] = rest;
    if (file === undefined) throw new UsageError("Cannot download: no file is named");
    if (second !== undefined) throw new UsageError(`Cannot download "${second}" as well: one file at a time`);
    const path = await new ImapClient(client).download(file, { signal });
    await writeData(`Successfully downloaded the file to: ${path}\n`);
    return EXIT.done;
  },
};
