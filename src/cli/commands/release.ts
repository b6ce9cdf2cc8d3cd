import { type Command, EXIT, MAX_SECONDS, UsageError, wholeNumber } from "../shell.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { RELEASE_TYPES } from "../../protocol/tables.ts";
import { printable } from "../../safe_text.ts";

/** The command `release`. */
export const release: Command = {
  spec: {
    name: "release",
    description:
      "Uploads a manifest, which lists what to release, waits until the SDC has indexed it, and requests the release. " +
      "This requires an API key. The manifest's name is imap_<instrument>_data-release-<number>_<start>_<end>_<version>.txt.",
    options: [
      {
        name: "release-type",
        value: "TYPE",
        choices: RELEASE_TYPES,
        help: "type of release; so far the SDC supports only release, and rejects the others with 501; required",
      },
      { name: "manifest-file", value: "PATH", paths: "files", help: "local path of the manifest; required" },
      {
        name: "index-timeout",
        value: "SECONDS",
        help: "how long to wait until the SDC has indexed the manifest (default: 120)",
      },
      { name: "dry-run", help: "only check the manifest, and print what would be done" },
    ],
    examples: [
      {
        text: "Release one month of data",
        line: "release --release-type release --manifest-file imap_hit_data-release-001_20260101_20260131_v001.txt",
      },
    ],
    whenInterrupted: "run the same command to continue",
  },
  async run({ values, flags, client, output, signal }) {
    const [release_type, manifest_file] = [values.get("release-type"), values.get("manifest-file")];
    if (release_type === undefined || manifest_file === undefined) {
      throw new UsageError("Cannot release: --release-type and --manifest-file are required");
    }
    const seconds = wholeNumber(values, "index-timeout", [0, MAX_SECONDS]);
    const dryRun = flags.has("dry-run");
    const options = { dryRun, signal, ...(seconds === undefined ? {} : { indexTimeoutMs: seconds * 1000 }) };
    const { file_path, message } = await new ImapClient(client).release({ release_type, manifest_file }, options);
    await output.data(
      dryRun ? `would release by ${file_path}\n` : `Requested the release by ${file_path}\n`,
    );
    if (message !== undefined) await output.data(`${printable(message)}\n`);
    return EXIT.done;
  },
};
