import {
  type Command,
  type CommandInput,
  EXIT,
  type ExitCode,
  MAX_SECONDS,
  optionName,
  UsageError,
  wholeNumber,
} from "../shell.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { InputError, printable } from "../../errors.ts";
import { DATA_LEVELS, INSTRUMENTS } from "../../names/fields.ts";
import { RELEASE_DATA_TYPES, RELEASE_TYPES } from "../../protocol/tables.ts";

/** The options that describe a manifest to write, by parameter. */
const MANIFEST_OPTIONS = {
  instrument: "instrument",
  release_number: "release-number",
  start_date: "start-date",
  end_date: "end-date",
  version: "manifest-version",
  products: "products",
} as const;

/** Writes a manifest to the working directory, for `--write-manifest`. Sends nothing. */
async function writeManifest({ values, flags, client, output }: CommandInput): Promise<ExitCode> {
  const stray = ["release-type", "manifest-file", "index-timeout"].find((name) => values.has(name));
  if (stray !== undefined || flags.has("dry-run")) {
    throw new UsageError(
      `Cannot use --write-manifest together with --${stray ?? "dry-run"}: it only writes a manifest, to release later`,
    );
  }
  const { version } = MANIFEST_OPTIONS;
  const written = new ImapClient(client).releaseManifest({
    instrument: values.get(MANIFEST_OPTIONS.instrument) ?? "",
    release_number: values.get(MANIFEST_OPTIONS.release_number) ?? "",
    start_date: values.get(MANIFEST_OPTIONS.start_date) ?? "",
    end_date: values.get(MANIFEST_OPTIONS.end_date) ?? "",
    products: values.get(MANIFEST_OPTIONS.products)?.split(",") ?? [],
    ...(values.has(version) ? { version: values.get(version) } : {}),
  });
  const path = await written.catch((error: unknown) => {
    if (!(error instanceof InputError)) throw error;
    // --version prints the version of the program.
    throw new UsageError(error.messageFor((name) => name === "version" ? `--${version}` : optionName(name)));
  });
  await output.data(`Successfully wrote the manifest to: ${path}\n`);
  return EXIT.done;
}

/** The command `release`. */
export const release: Command = {
  spec: {
    name: "release",
    description:
      "Uploads a manifest, which lists what to release, waits until the SDC has indexed it, and requests the release. " +
      "This requires an API key. The manifest's name is imap_<instrument>_data-release-<number>_<start>_<end>_<version>.txt, " +
      "and each of its lines is instrument, data_type, descriptor, true or false. It is checked before it is sent.",
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
      {
        name: "write-manifest",
        help: "only write a manifest to the working directory, from the options below; nothing is sent",
      },
      { name: "instrument", value: "NAME", words: INSTRUMENTS, help: "instrument of the manifest" },
      { name: "release-number", value: "N", help: "number of the release, 1 to 999" },
      {
        name: "start-date",
        value: "DATE",
        help: "first day of the release: YYYYMMDD, YYYY-MM-DD, YYYY-DDD, today, yesterday, or 7d",
      },
      { name: "end-date", value: "DATE", help: "last day of the release, inclusive" },
      {
        name: "products",
        value: "LIST",
        isList: true,
        words: [...RELEASE_DATA_TYPES, ...DATA_LEVELS],
        help:
          "what to release: a data level, ancillary, or all, for all products of that kind; or with a descriptor, such as " +
          "l1a/norm-mago; separate several with commas",
      },
      { name: "manifest-version", value: "VERSION", help: "version of the manifest (default: v001)" },
    ],
    examples: [
      {
        text: "Release one month of data",
        line: "release --release-type release --manifest-file imap_hit_data-release-001_20260101_20260131_v001.txt",
      },
      {
        text: "Write the manifest first",
        line:
          "release --write-manifest --instrument hit --release-number 1 --start-date 20260101 --end-date 20260131 --products l1a,l2/standard,ancillary",
      },
    ],
    whenInterrupted: "run the same command to continue",
  },
  async run(input) {
    const { values, flags, client, output, signal } = input;
    if (flags.has("write-manifest")) return await writeManifest(input);
    const stray = Object.values(MANIFEST_OPTIONS).find((name) => values.has(name));
    if (stray !== undefined) throw new UsageError(`Cannot use --${stray} without --write-manifest`);
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
