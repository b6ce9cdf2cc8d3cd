import { type Command, EXIT, MAX_SECONDS, UsageError, wholeNumber } from "../shell.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { RELEASE_TYPES } from "../../protocol/tables.ts";

/** `release`: makes data public. */
export const release: Command = {
  spec: {
    name: "release",
    description:
      "Uploads a manifest, which says what is released, waits until the SDC has indexed it, and asks for the release. It " +
      "needs an API key. The manifest's name is imap_<instrument>_data-release-<number>_<start>_<end>_<version>.txt.",
    options: [
      {
        name: "release-type",
        value: "TYPE",
        choices: RELEASE_TYPES,
        help: "what to do; so far the SDC supports release alone; needed",
      },
      { name: "manifest-file", value: "PATH", paths: "files", help: "the manifest on this machine; needed" },
      {
        name: "index-timeout",
        value: "SECONDS",
        help: "how long to wait until the SDC has indexed the manifest (else 120)",
      },
      { name: "dry-run", help: "only check, and print what would be done" },
    ],
    examples: [
      {
        text: "A release of a month",
        line: "release --release-type release --manifest-file imap_hit_data-release-001_20260101_20260131_v001.txt",
      },
    ],
    whenInterrupted: "the same command goes on from there",
  },
  async run({ values, flags, client, output, signal }) {
    const [release_type, manifest_file] = [values.get("release-type"), values.get("manifest-file")];
    if (release_type === undefined || manifest_file === undefined) {
      throw new UsageError("Cannot release: --release-type and --manifest-file are needed");
    }
    const seconds = wholeNumber(values, "index-timeout", [0, MAX_SECONDS]);
    const dryRun = flags.has("dry-run");
    const options = { dryRun, signal, ...(seconds === undefined ? {} : { indexTimeoutMs: seconds * 1000 }) };
    const { file_path } = await new ImapClient(client).release({ release_type, manifest_file }, options);
    await output.data(
      dryRun ? `would release by ${file_path}\n` : `The SDC was asked for the release by ${file_path}\n`,
    );
    return EXIT.done;
  },
};
