import { ImapClient } from "../../client/imap_client.ts";
import type { Command } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { writeData } from "../output.ts";
import { UsageError } from "../usage_error.ts";

/** `upload`: sends a file. */
export const upload: Command = {
  spec: {
    name: "upload",
    summary: "send a file to the SDC",
    description:
      "Sends a file to the SDC. Its name decides its place in the archive; the folder it lies in does not count.",
    argument: { name: "FILE", help: "path of the file on this machine" },
    options: [],
    examples: [
      { text: "A file of this folder", line: "upload imap_codice_l0_hskp_20240724_v001.pkts" },
      {
        text: "With an API key from a file",
        line: 'upload /data/new/imap_mag_l1a_burst_20260105_v001.0001.cdf --api-key "$(cat key)"',
      },
    ],
  },
  async run({ rest, client, signal }) {
    const [file, second] = rest;
    if (file === undefined) throw new UsageError("Cannot upload: no file is named");
    if (second !== undefined) throw new UsageError(`Cannot upload "${second}" as well: one file at a time`);
    await new ImapClient(client).upload(file, { signal });
    await writeData("Successfully uploaded the file to the IMAP SDC\n");
    return EXIT.done;
  },
};
