import type { CatalogEntry } from "./catalog.ts";
import type { Dataset, OpenOptions } from "./dataset.ts";
import {
  checkChanges,
  type ClientSettings,
  type Downloadable,
  ImapClient,
  type ImapClientOptions,
} from "./imap_client.ts";
import type {
  IalirtFile,
  IalirtParameters,
  SpaceWeatherOptions,
  SpaceWeatherParameters,
  SpaceWeatherRecord,
} from "./ialirt.ts";
import type { Lineage, LineageOptions } from "./lineage.ts";
import type { LocalDirectory, LocalParameters } from "./local.ts";
import type { LockFile, LockOptions } from "./lock.ts";
import type { MetakernelOptions, MetakernelParameters, MetakernelReport } from "./metakernel.ts";
import type { CallOptions, DownloadOptions, QueryOptions, UploadOptions } from "./options.ts";
import type {
  JobsOptions,
  ManifestOptions,
  ManifestParameters,
  ReleaseOptions,
  ReleaseParameters,
  ReleaseReport,
  ReprocessOptions,
  ReprocessReport,
} from "./orders.ts";
import type { QueryResult } from "./query_result.ts";
import type { RecordList } from "./record_list.ts";
import type { NewFile, SyncOptions, WatchOptions } from "./sync.ts";
import type { SyncReport } from "./sync_report.ts";
import type { TransferReport } from "../views/transfers.ts";
import type { PacketOutcome, WebpodaOptions, WebpodaParameters } from "./webpoda.ts";
import type { MimeBundle } from "../display/notebook.ts";
import { JUPYTER_DISPLAY, notebookKernel } from "../errors.ts";
import type { AncillaryRecord, FileRecord, QueryParameters, ScienceRecord, SpiceRecord } from "../protocol/tables.ts";
import type { JobParameters, JobRecord, ReprocessParameters } from "../sdc/orders.ts";

/**
 * Makes a promise display its value in a notebook, as the last value of a cell: someone may have forgotten `await`.
 *
 * @param promise The promise of a call. It is returned.
 */
function displayed<Value>(promise: Promise<Value>): Promise<Value> {
  if (notebookKernel() === undefined) return promise;
  const display = async (): Promise<MimeBundle> => {
    const value = await promise;
    if (isDisplayed(value)) return await value[JUPYTER_DISPLAY]();
    const text = Deno.inspect(value);
    const { escapeHtml } = await import("../display/table.ts");
    return { "text/plain": text, "text/html": `<pre>${escapeHtml(text)}</pre>` };
  };
  return Object.defineProperty(promise, JUPYTER_DISPLAY, { value: display });
}

let options: ImapClientOptions = {};
let client: ImapClient | undefined;

/** Returns the client of the library's functions, which is created when one of them is first called. */
function defaultClient(): ImapClient {
  return client ??= new ImapClient(options);
}

/**
 * Changes settings of the default client for all later calls. Omitted settings are unchanged; `undefined` resets a
 * setting to the environment or the default.
 *
 * @param changes The settings to change.
 * @throws {InputError} When there is no such setting, or its value has the wrong type. No setting is changed.
 *
 * @example
 * ```ts
 * import { configure } from "@imap-sdc/data-access";
 *
 * configure({ timeoutMs: 60_000 });
 * ```
 *
 * @category Settings
 */
export function configure(changes: ImapClientOptions): void {
  checkChanges(changes);
  options = { ...options, ...changes };
  client = undefined;
}

/**
 * Loads a module of the command line. Its path is not a literal in an `import()`: all commands would be in the graph of
 * every program, which takes 2 ms.
 */
function load<Module>(path: string): Promise<Module> {
  return import(new URL(path, import.meta.url).href);
}

/** What the command line's help exports. */
interface HelpModule {
  libraryHelp(topic: string | undefined, commands: unknown): Promise<MimeBundle>;
}

/**
 * Explains the library, or one of its functions: parameters, values, and examples, from the same tables as the command
 * line's help.
 *
 * @param topic The name of a function, such as `query`, or the function; of what functions return, `files` or `dataset`; or of a
 *   method, such as `plot`. Default: a list of all functions.
 * @returns Help that displays itself as the last value of a cell, and anywhere with `await help("query").show()`.
 *
 * @example
 * ```ts
 * import * as imap from "@imap-sdc/data-access";
 *
 * await imap.help("query").show();
 * ```
 *
 * @category Notebook
 */
export function help(topic?: string | { readonly name: string }): Help {
  return new Help(async () => {
    const [help, main] = await Promise.all([
      load<HelpModule>("../cli/help.ts"),
      load<{ readonly COMMANDS: unknown }>("../cli/main.ts"),
    ]);
    return await help.libraryHelp(typeof topic === "string" ? topic : topic?.name, main.COMMANDS);
  });
}

/**
 * Changes settings of the default client until the returned function is called, which restores their earlier values. A
 * setting that was changed again in the meantime keeps its newest value.
 */
export function configureUntil(changes: ImapClientOptions): () => void {
  const before = options;
  configure(changes);
  return () => {
    const names = Object.keys(changes);
    const isSame = (name: string) => Reflect.get(options, name) === Reflect.get(changes, name);
    configure(Object.fromEntries(names.filter(isSame).map((name) => [name, Reflect.get(before, name)])));
  };
}

/**
 * Runs a command line, as `!imap-data-access ...` does in a Python notebook, and shows its output below the cell. It uses
 * the settings of this module's functions. The Stop button ends it. A command that fails shows its message and its exit
 * code, and is not an error of the cell.
 *
 * @param line The arguments after `imap-data-access`, as in a shell: `query --instrument mag --descriptor 'norm*'`. Only
 *   quotation marks have a meaning. A list of arguments is passed on unchanged.
 * @throws {InputError} When a quotation mark is not closed.
 *
 * @example
 * ```ts
 * import { cli } from "@imap-sdc/data-access";
 *
 * await cli("query --instrument glows --data-level l1a");
 * ```
 *
 * @category Notebook
 */
export async function cli(line: string | readonly string[]): Promise<void> {
  const { runCommandLine } = await import("./cell_call.ts");
  await runCommandLine(line, options);
}

/** Whether a value displays itself in a notebook. */
function isDisplayed(value: unknown): value is { [JUPYTER_DISPLAY](): MimeBundle | Promise<MimeBundle> } {
  return typeof value === "object" && value !== null && JUPYTER_DISPLAY in value;
}

/**
 * Shows values below the cell, as `print` does in Python: texts as they are, tables and charts in full, anything else as
 * `console.log` shows it. Unlike the output of `console.log`, it never ends up below another cell. Outside of notebooks it
 * writes to standard output.
 *
 * @param values What to show. Texts and other simple values are joined with spaces.
 *
 * @example
 * ```ts
 * import * as imap from "@imap-sdc/data-access";
 *
 * const files = await imap.query({ instrument: "mag", data_level: "l0" });
 * await imap.print("The first of", files.length, "files:", files[0]);
 * ```
 *
 * @category Notebook
 */
export async function print(...values: unknown[]): Promise<void> {
  const { showBundle } = await import("../display/notebook.ts");
  let texts: string[] = [];
  const flush = async () => {
    if (texts.length > 0) await showBundle({ "text/plain": texts.join(" ").replace(/\n?$/, "\n") });
    texts = [];
  };
  for (const value of values) {
    if (isDisplayed(value)) {
      await flush();
      await showBundle(await value[JUPYTER_DISPLAY]());
    } else texts.push(typeof value === "string" ? value : Deno.inspect(value));
  }
  await flush();
}

/**
 * Help that displays itself: in a notebook as the last value of a cell, and anywhere with `show()`.
 *
 * @example
 * ```ts
 * import { help } from "@imap-sdc/data-access";
 *
 * await help("download").show();
 * ```
 *
 * @category Notebook
 */
export class Help {
  readonly #load: () => Promise<MimeBundle>;

  /** Creates help from the function that loads it when it is displayed. */
  constructor(load: () => Promise<MimeBundle>) {
    this.#load = load;
  }

  /** Shows the help: in a notebook as an output of the running cell, otherwise as text on standard output. */
  async show(): Promise<void> {
    const { showBundle } = await import("../display/notebook.ts");
    await showBundle(await this.#load());
  }

  /** Returns the help as text. */
  async toText(): Promise<string> {
    return (await this.#load())["text/plain"];
  }

  /** Returns what a notebook shows for the help. */
  [JUPYTER_DISPLAY](): Promise<MimeBundle> {
    return this.#load();
  }

  /** Returns what `console.log` and the REPL show, which cannot wait until the help is loaded. */
  [Symbol.for("Deno.customInspect")](): string {
    return "Help: await help().show() shows it";
  }
}

/**
 * Returns the settings of the default client: the address, the data directory, and where each setting comes from. In a
 * notebook they display themselves as a table; secrets are shown as `set`.
 *
 * @throws {InputError} When a setting is wrong.
 *
 * @example
 * ```ts
 * import { settings } from "@imap-sdc/data-access";
 *
 * await settings().show();
 * console.log(settings().dataDir);
 * ```
 *
 * @category Settings
 */
export function settings(): ClientSettings {
  return defaultClient().settings();
}

/**
 * Finds SPICE files that meet all conditions (SDC protocol, `GET /spice-query`). The client filters the rows by dates,
 * versions, and names, since the SDC's server does not support these conditions.
 *
 * @param parameters The conditions. Only this table has `type`.
 * @returns The rows, sorted by path.
 * @throws The same errors as for science files.
 *
 * @example
 * ```ts
 * import { query } from "@imap-sdc/data-access";
 *
 * const kernels = await query({ table: "spice", type: "leapseconds", version: "latest" });
 * for (const kernel of kernels) console.log(kernel.file_path, kernel.version);
 * ```
 *
 * @category Find files
 */
export function query(
  parameters: QueryParameters & { table: "spice" },
  options?: QueryOptions,
): Promise<QueryResult<SpiceRecord>>;
/**
 * Finds ancillary files that meet all conditions (SDC protocol, `GET /query`).
 *
 * @param parameters The conditions.
 * @returns The rows, sorted by path.
 * @throws The same errors as for science files.
 *
 * @example
 * ```ts
 * import { query } from "@imap-sdc/data-access";
 *
 * const files = await query({ table: "ancillary", instrument: "mag", version: "latest" });
 * for (const file of files) console.log(file.file_path, file.start_date, file.end_date);
 * ```
 */
export function query(
  parameters: QueryParameters & { table: "ancillary" },
  options?: QueryOptions,
): Promise<QueryResult<AncillaryRecord>>;
/**
 * Finds the files that meet all conditions (SDC protocol, `GET /query`). A condition may have several values; descriptors
 * and file names may be patterns. A query whose result is too large for one response is split into several requests.
 *
 * @param parameters The conditions, at least one. Days are `20260131`, `2026-01-31`, `2026-031`, `today`, `yesterday`,
 *   `7d`, a `Date`, or a value of `Temporal`, all in UTC.
 *   `start_date` and `end_date` are both compared with a file's start date, inclusive. Without `major_version`, the
 *   newest major version of each file is found.
 * @returns The rows, sorted by path: an array that displays itself as a table.
 * @throws {InputError} When a condition is wrong, or the table does not have it. Nothing was sent.
 * @throws {ConnectionError} When there is no response after retries.
 * @throws {ResponseError} When the server rejects the query.
 * @throws {ProtocolError} When the response is not the SDC's.
 *
 * @example
 * ```ts
 * import { query } from "@imap-sdc/data-access";
 *
 * const files = await query({ instrument: "glows", data_level: ["l1a", "l1b"], descriptor: "hi*" });
 * console.log(new Set(files.map((file) => file.data_level))); // Set(2) { "l1a", "l1b" }
 * ```
 */
export function query(
  parameters: QueryParameters & { table?: "science" | "quicklook" | undefined; filename?: undefined },
  options?: QueryOptions,
): Promise<QueryResult<ScienceRecord>>;
/**
 * Finds files of any table, for a table or a file name that is known only at run time.
 *
 * @param parameters The conditions.
 * @returns The rows, sorted by path.
 * @throws The same errors as for science files.
 *
 * @example
 * ```ts
 * import { query } from "@imap-sdc/data-access";
 *
 * const files = await query({ filename: "naif0012.tls" });
 * console.log(files.map((file) => file.file_path)); // [ "imap/spice/lsk/naif0012.tls" ]
 * ```
 */
export function query(parameters: QueryParameters, options?: QueryOptions): Promise<QueryResult>;
export function query(parameters: QueryParameters, options: QueryOptions = {}): Promise<QueryResult> {
  return displayed(defaultClient().query(parameters, options));
}

/**
 * Finds files as `query` does, but yields each row as soon as it is received, for results that are too large for
 * memory. `version: "latest"`, and other conditions that compare versions in the client, need all rows first.
 *
 * @param parameters The conditions, as for `query`.
 * @returns The rows, sorted by path within a response; a result that was split by date is in the order of its slices.
 * @throws The same errors as `query`, when the first row is requested.
 *
 * @example
 * ```ts
 * import { queryRows } from "@imap-sdc/data-access";
 *
 * for await (const file of queryRows({ instrument: "glows" })) console.log(file.file_path);
 * ```
 *
 * @category Find files
 */
export function queryRows(parameters: QueryParameters, options: QueryOptions = {}): AsyncGenerator<FileRecord> {
  return defaultClient().queryRows(parameters, options);
}

/**
 * Lists the products of the archive: the number of files, and the first and last day, for each instrument, data level,
 * and descriptor. Only the newest major version of each file is counted, unless `major_version` is given.
 *
 * @param parameters Conditions as for `query`. Without any, a whole table is counted, which may take many requests.
 * @returns The products, sorted by instrument, data level and descriptor: an array that displays itself as a table, with
 *   a strip of the days that have files.
 * @throws The same errors as `query`.
 *
 * @example
 * ```ts
 * import { catalog } from "@imap-sdc/data-access";
 *
 * const products = await catalog({ instrument: "mag" });
 * for (const { data_level, descriptor, files } of products) console.log(data_level, descriptor, files);
 * ```
 *
 * @category Find files
 */
export function catalog(
  parameters: QueryParameters = {},
  options: QueryOptions = {},
): Promise<RecordList<CatalogEntry>> {
  return displayed(defaultClient().catalog(parameters, options));
}

/**
 * Downloads one file to the data directory, in the archive's own folders (SDC protocol, `GET /download`). A file that is
 * already there is kept, and nothing is sent. The file at the returned path is complete: its length and checksum were
 * verified before it was renamed into place.
 *
 * In a notebook, a panel shows the progress and the outcome, unless `progress` is false. The Stop button cancels the
 * download and keeps the Jupyter kernel running; the next call resumes the download.
 *
 * @param file A file name; its full path in the archive, `imap/...`, which is used unchanged; or a row of a query.
 * @returns The path of the file on this machine.
 * @throws {FileNameError} When the name does not follow the SDC's convention.
 * @throws {InputError} When a path is not in the archive.
 * @throws {ResponseError} 404 when the archive does not have the file; 403 when it is not released to the public.
 * @throws {ConnectionError} When the file was not received completely after retries. The next call resumes.
 *
 * @example
 * ```ts
 * import { download } from "@imap-sdc/data-access";
 *
 * const path = await download("imap_mag_l0_raw_20250502_v001.pkts");
 * const bytes = await Deno.readFile(path);
 * console.log(bytes.length > 0); // true
 * ```
 *
 * @category Download and upload
 */
export function download(file: string | FileRecord, options?: DownloadOptions): Promise<string>;
/**
 * Downloads many files, several at a time, each as for a single file. One failure does not stop the rest.
 *
 * @param files File names, paths and rows; for instance the result of a query.
 * @returns The outcome of each file.
 * @throws {InputError} When a name or path is wrong. Nothing was downloaded.
 *
 * @example
 * ```ts
 * import { download } from "@imap-sdc/data-access";
 *
 * const names = ["imap_mag_l0_raw_20250502_v000.pkts", "imap_mag_l0_raw_20250502_v001.pkts"];
 * const report = await download(names, { concurrency: 2 });
 * console.log(report.paths.length, report.failed.length);
 * ```
 */
export function download(
  files: Iterable<string | FileRecord> & object,
  options?: DownloadOptions,
): Promise<TransferReport>;
/** Downloads one file or several, for callers that do not know which. */
export function download(files: Downloadable, options?: DownloadOptions): Promise<string | TransferReport>;
export function download(files: Downloadable, options?: DownloadOptions): Promise<string | TransferReport> {
  return displayed(defaultClient().download(files, options));
}

/**
 * Brings the data directory up to date with a query: fetches new files, new versions, and files that the archive has
 * delivered again. What it has seen is remembered in `.imap-data-access/` of the data directory, so that the next run asks
 * only for what was ingested since. Several processes and machines can share a data directory.
 *
 * Files that were changed here are reported and not touched, and so are files that the archive no longer has; see
 * {@linkcode SyncOptions}. A run that is killed is continued by the next one.
 *
 * @param parameters The query, with at least one parameter, and none for days of ingestion.
 * @returns What changed: new, redelivered, superseded, gone, changed here, failed.
 * @throws {InputError} When a parameter or an option is wrong. Nothing was sent or written.
 * @throws {FileError} When what was remembered is damaged, or was written by a newer version. No data were changed.
 *
 * @example
 * ```ts
 * import { sync } from "@imap-sdc/data-access";
 *
 * const report = await sync({ instrument: "glows", data_level: "l1a" });
 * console.log(report.summary()); // ... unchanged; ...
 * const plan = await sync({ instrument: "glows", data_level: "l1a" }, { dryRun: true });
 * console.log(plan.changes.length); // 0
 * ```
 *
 * @category Between runs
 */
export function sync(parameters: QueryParameters, options: SyncOptions = {}): Promise<SyncReport> {
  return displayed(defaultClient().sync(parameters, options));
}

/**
 * Keeps the data directory up to date with a query, as {@linkcode sync} does every 15 minutes, and yields each new or
 * redelivered file once, when it is complete. It never ends by itself: leave the loop with `break`, or pass a signal.
 *
 * A file counts as handed over when the loop asks for the next one, or is left; after a kill, the file in hand is yielded
 * once more. Work that may fail belongs in `onFile` of {@linkcode sync}, which is tried again. A poll that fails, for
 * instance without a network, is reported, and the next one tries again.
 *
 * @param parameters The query, with at least one parameter, and none for days of ingestion.
 * @returns The new files, without an end.
 * @throws {InputError} When a parameter or an option is wrong. Nothing was sent or written.
 * @throws {FileError} When what was remembered is damaged, or was written by a newer version. No data were changed.
 *
 * @example
 * ```ts
 * import { watch } from "@imap-sdc/data-access";
 *
 * for await (const { path } of watch({ instrument: "glows", data_level: "l1b" }, { intervalMs: 60_000 })) {
 *   console.log(path); // ...
 *   break;
 * }
 * ```
 *
 * @category Between runs
 */
export function watch(parameters: QueryParameters, options: WatchOptions = {}): AsyncGenerator<NewFile> {
  return defaultClient().watch(parameters, options);
}

/**
 * Uploads one file (SDC protocol, `GET /upload`). Its name determines its path in the archive. It is checked first,
 * then streamed from disk. In a notebook, a panel shows the progress, as for `download`.
 *
 * @param path The file on this machine.
 * @returns The file's path in the archive. Queries find it once the archive has indexed it.
 * @throws {InputError} When the file does not exist, is empty, or its name does not follow the SDC's convention. Nothing was
 *   sent.
 * @throws {ResponseError} 409 when the archive already has a file of that name; 401, 403 or 404 without a valid API key.
 *
 * @example
 * ```ts
 * import { upload } from "@imap-sdc/data-access";
 *
 * const folder = await Deno.makeTempDir();
 * const path = `${folder}/imap_codice_l0_hskp_20240725_v001.pkts`;
 * await Deno.writeTextFile(path, "packets");
 * console.log(await upload(path)); // imap/codice/l0/2024/07/imap_codice_l0_hskp_20240725_v001.pkts
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @category Download and upload
 */
export function upload(path: string, options?: UploadOptions): Promise<string>;
/**
 * Uploads many files, several at a time. All are checked first; nothing is sent if one of them is wrong.
 *
 * @param paths The files on this machine.
 * @returns The outcome of each file.
 * @throws {InputError} With all problems. Nothing was sent.
 *
 * @example
 * ```ts
 * import { upload } from "@imap-sdc/data-access";
 *
 * const error = await upload(["missing.cdf", "notes.txt"]).catch((error) => error);
 * console.log(error.message); // Cannot upload "missing.cdf": ... Nothing was sent
 * ```
 */
export function upload(paths: Iterable<string> & object, options?: UploadOptions): Promise<TransferReport>;
/** Uploads one file or several, for callers that do not know which. */
export function upload(paths: string | Iterable<string>, options?: UploadOptions): Promise<string | TransferReport>;
export function upload(paths: string | Iterable<string>, options?: UploadOptions): Promise<string | TransferReport> {
  return displayed(defaultClient().upload(paths, options));
}

/**
 * Asks the SDC to reprocess the products of a range of days (SDC protocol, `POST /reprocess`). This needs credentials.
 *
 * @param parameters The days and the products. Default: the products of all instruments.
 * @returns What was requested, and the SDC's response.
 * @throws {InputError} When a parameter is wrong or another one is missing. Nothing was sent.
 * @throws {ConnectionError} When there is no response. The request is not retried, since it may have arrived.
 * @throws {ResponseError} When the server rejects it.
 *
 * @example
 * ```ts
 * import { reprocess } from "@imap-sdc/data-access";
 *
 * const days = { start_date: "2025-05-01", end_date: "2025-05-31" };
 * const { parameters } = await reprocess({ ...days, instrument: "mag", descriptor: "norm" });
 * console.log(parameters.start_date); // 20250501
 * ```
 *
 * @category Processing and release
 */
export function reprocess(parameters: ReprocessParameters, options: ReprocessOptions = {}): Promise<ReprocessReport> {
  return displayed(defaultClient().reprocess(parameters, options));
}

/**
 * Releases data to the public: uploads the manifest, waits until the archive has indexed it, and requests the release
 * (SDC protocol, `GET /release`). This needs an API key. After a canceled call, the same call resumes.
 *
 * @param parameters The type of release, and the path of the manifest on this machine.
 * @returns The manifest's path in the archive, and the SDC's response.
 * @throws {InputError} When the type, the file or its name is wrong, or there is no API key. Nothing was sent.
 * @throws {ResponseError} 409 when the archive has another manifest of that name; 501 when the SDC does not support the type.
 * @throws {ImapError} When the archive has not indexed the manifest in time.
 *
 * @example
 * ```ts
 * import { ImapClient } from "@imap-sdc/data-access";
 *
 * const folder = await Deno.makeTempDir();
 * const manifest_file = `${folder}/imap_mag_data-release-001_20250501_20250531_v001.txt`;
 * await Deno.writeTextFile(manifest_file, "# no lines: nothing is released");
 * const client = new ImapClient({ apiKey: "my-key" });
 * const { file_path } = await client.release({ release_type: "release", manifest_file });
 * console.log(file_path); // imap/release/mag/...
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @category Processing and release
 */
export function release(parameters: ReleaseParameters, options: ReleaseOptions = {}): Promise<ReleaseReport> {
  return displayed(defaultClient().release(parameters, options));
}

/**
 * Downloads raw packets from webpoda to level 0 files in the data directory: one file per day, or per pointing for
 * glows, hi, lo and ultra (SDC protocol, "webpoda"). This needs a token, which is sent only to webpoda. A file gets the
 * next free minor version. It is stored only if its bytes differ from those of the archive's newest version.
 *
 * @param parameters The instrument and the days. With `query_mode: "ert"`, the days are those of reception on Earth;
 *   with `"sct"`, days of spacecraft time.
 * @returns The outcome of each day or pointing, in order. One failure does not stop the rest.
 * @throws {InputError} When a parameter is wrong, or there is no token. Nothing was sent.
 * @throws {ResponseError} 401 or 403 when the token is wrong.
 *
 * @example
 * ```ts
 * import { ImapClient } from "@imap-sdc/data-access";
 *
 * const client = new ImapClient({ webpodaToken: btoa("user:password"), webpodaUrl: Deno.env.get("IMAP_DATA_ACCESS_URL") });
 * const outcomes = await client.webpoda({ instrument: "swe", start_date: "20250502", query_mode: "sct" });
 * for (const { date, state } of outcomes) console.log(date, state);
 * ```
 *
 * @category Real-time data and packets
 */
export function webpoda(parameters: WebpodaParameters, options: WebpodaOptions = {}): Promise<PacketOutcome[]> {
  return displayed(defaultClient().webpoda(parameters, options));
}

/**
 * Lists jobs of the SDC's processing, the newest first: those of reprocessing requests, and those that the SDC started
 * itself (SDC protocol, `GET /processing-jobs`). The SDC lists the newest 500 matches.
 *
 * @param parameters The conditions; values must be equal. Default: all jobs.
 * @returns The jobs: an array that displays itself as a table.
 * @throws {InputError} When a condition is wrong. Nothing was sent.
 * @throws {ResponseError} When the server rejects it.
 *
 * @example
 * ```ts
 * import { jobs } from "@imap-sdc/data-access";
 *
 * for (const { instrument, status } of await jobs({ instrument: "mag", status: "succeeded" })) {
 *   console.log(instrument, status);
 * }
 * ```
 *
 * @category Processing and release
 */
export function jobs(parameters: JobParameters = {}, options: JobsOptions = {}): Promise<RecordList<JobRecord>> {
  return displayed(defaultClient().jobs(parameters, options));
}

/**
 * Gets the log of a job as text (SDC protocol, `GET /processing-logs`). The SDC sends up to 1 MB of it.
 *
 * @param job A row of `jobs`, or its `job_log_stream_id`.
 * @throws {InputError} When it does not identify a log, or the job has no log yet. Nothing was sent.
 * @throws {ResponseError} 500 when the SDC does not have the log.
 *
 * @example
 * ```ts
 * import { jobLog, jobs, reprocess } from "@imap-sdc/data-access";
 *
 * await reprocess({ start_date: "20250501", end_date: "20250501", instrument: "swapi" });
 * const [job] = await jobs({ instrument: "swapi" });
 * if (job !== undefined) console.log(await jobLog(job)); // ...swapi...
 * ```
 *
 * @category Processing and release
 */
export function jobLog(job: JobRecord | string, options: CallOptions = {}): Promise<string> {
  return displayed(defaultClient().jobLog(job, options));
}

/**
 * Downloads the SPICE kernels that cover a range of days to the data directory, and writes a metakernel: a `.tm` file
 * with their paths, in the order in which SPICE must load them (SDC protocol, `GET /metakernel`).
 *
 * @param parameters The first and the last day, both inclusive, or two times.
 * @param options `types` limits the kernels; with `requireCoverage`, gaps are an error.
 * @returns The path of the metakernel, its kernels, and the gaps in their coverage by category.
 * @throws {InputError} When a parameter is wrong, or SPICE cannot read the paths. Nothing was sent.
 * @throws {CoverageError} When there are gaps and `requireCoverage` is set. Nothing was downloaded.
 * @throws {ImapError} When no kernel covers any part of the time span, or a kernel cannot be downloaded. The next call
 * resumes.
 *
 * @example
 * ```ts
 * import { metakernel } from "@imap-sdc/data-access";
 *
 * const days = { start_date: "2025-05-01", end_date: "2025-05-02" };
 * const { path, kernels, gaps } = await metakernel(days, { types: ["leapseconds"] });
 * console.log(await Deno.readTextFile(path)); // ...KERNELS_TO_LOAD...
 * console.log(kernels[0], gaps.length); // ...naif0012.tls 0
 * ```
 *
 * @category SPICE kernels
 */
export function metakernel(
  parameters: MetakernelParameters,
  options: MetakernelOptions = {},
): Promise<MetakernelReport> {
  return displayed(defaultClient().metakernel(parameters, options));
}

/**
 * Writes a release manifest, which `release` uploads. Its name contains the days, and its lines list the data to
 * release (SDC protocol, `GET /release`). Nothing is sent.
 *
 * @param parameters The instrument, the number, the days, and the products of the release.
 * @returns The path of the manifest. An existing file with the same contents is kept.
 * @throws {InputError} When a parameter is wrong, or a different manifest of that name exists. Nothing was written.
 *
 * @example
 * ```ts
 * import { releaseManifest } from "@imap-sdc/data-access";
 *
 * const folder = await Deno.makeTempDir();
 * const days = { start_date: "2026-01-01", end_date: "2026-01-31" };
 * const products = ["l1a/norm-mago", "l2", "ancillary"];
 * const path = await releaseManifest({ instrument: "mag", release_number: 1, ...days, products }, { folder });
 * console.log(path); // ...imap_mag_data-release-001_20260101_20260131_v001.txt
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @category Processing and release
 */
export function releaseManifest(parameters: ManifestParameters, options: ManifestOptions = {}): Promise<string> {
  return displayed(defaultClient().releaseManifest(parameters, options));
}

/**
 * Gets the public real-time data of IMAP (SDC protocol, "I-ALiRT"): of the last hour, or of a range of days. Days are
 * requested one by one, since a response of I-ALiRT contains up to 1 MB. No credentials are sent.
 *
 * @param parameters The instrument and the days. Default: all six science instruments, and the last hour.
 * @returns The measurements in chronological order: an array that displays itself as a table.
 * @throws {InputError} When a parameter is wrong. Nothing was sent.
 * @throws {ResponseError} When the server rejects it, for instance because one hour has more than 1 MB.
 *
 * @example
 * ```ts
 * import { ImapClient } from "@imap-sdc/data-access";
 *
 * const data = [{ instrument: "mag", time_utc: "2026-01-01T00:00:00", mag_B_magnitude: 5.2 }];
 * const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => Response.json({ data }));
 * const client = new ImapClient({ ialirtUrl: `http://127.0.0.1:${server.addr.port}` }); // by default the real one
 * const records = await client.spaceWeather({ instrument: "mag", start_date: "2026-01-01" });
 * console.log(records[0]?.mag_B_magnitude); // 5.2
 * await server.shutdown();
 * ```
 *
 * @category Real-time data and packets
 */
export function spaceWeather(
  parameters: SpaceWeatherParameters = {},
  options: SpaceWeatherOptions = {},
): Promise<RecordList<SpaceWeatherRecord>> {
  return displayed(defaultClient().spaceWeather(parameters, options));
}

/**
 * Lists files of I-ALiRT (SDC protocol, "I-ALiRT"): data files, packets, logs, files from ground stations, or the
 * newest file. I-ALiRT lists up to 1,000 files. No credentials are sent.
 *
 * @param parameters The list and its conditions; `archive`, `packets` and `logs` need a year.
 * @returns The files: an array that displays itself as a table.
 * @throws {InputError} When a parameter is wrong, or the list does not have it. Nothing was sent.
 * @throws {ResponseError} When the server rejects it.
 *
 * @example
 * ```ts
 * import { ImapClient } from "@imap-sdc/data-access";
 *
 * const files = ["imap_ialirt_l1_realtime_20260101_v001.cdf"];
 * const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => Response.json({ files }));
 * const client = new ImapClient({ ialirtUrl: `http://127.0.0.1:${server.addr.port}` }); // by default the real one
 * const [file] = await client.ialirt({ year: 2026, month: 1 });
 * console.log(file?.file_name); // imap_ialirt_l1_realtime_20260101_v001.cdf
 * await server.shutdown();
 * ```
 *
 * @category Real-time data and packets
 */
export function ialirt(
  parameters: IalirtParameters,
  options: SpaceWeatherOptions = {},
): Promise<RecordList<IalirtFile>> {
  return displayed(defaultClient().ialirt(parameters, options));
}

/**
 * Downloads data files of I-ALiRT to the data directory, in the SDC's folders, as `download` does for files of the SDC.
 * No credentials are sent.
 *
 * @param files Names, or rows of the list `archive` of `ialirt`.
 * @returns The outcome of each file. One failure does not stop the rest.
 * @throws {InputError} When a name does not follow the SDC's convention. Nothing was downloaded.
 *
 * @example
 * ```ts
 * import { ialirtDownload } from "@imap-sdc/data-access";
 *
 * const names = ["imap_ialirt_l1_realtime_20260101_v001.cdf"];
 * const { outcomes } = await ialirtDownload(names, { dryRun: true });
 * console.log(outcomes[0]?.path); // ...imap/ialirt/l1/2026/01/imap_ialirt_l1_realtime_20260101_v001.cdf
 * ```
 *
 * @category Real-time data and packets
 */
export function ialirtDownload(
  files: Iterable<string | IalirtFile>,
  options: DownloadOptions = {},
): Promise<TransferReport> {
  return displayed(defaultClient().ialirtDownload(files, options));
}

/**
 * Returns the path of a file in the data directory, whether or not the file exists: `construct_path` of the Python
 * client.
 *
 * @param file A file name; its full path in the archive, `imap/...`; or a row of a query.
 * @throws {FileNameError} When the name does not follow the SDC's convention.
 * @throws {InputError} When a path is not in the archive.
 *
 * @example
 * ```ts
 * import { localPath } from "@imap-sdc/data-access";
 *
 * const path = await localPath("imap_mag_l0_raw_20250502_v001.pkts");
 * console.log(path); // .../imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts
 * ```
 *
 * @category Download and upload
 */
export function localPath(file: string | FileRecord): Promise<string> {
  return displayed(defaultClient().localPath(file));
}

/**
 * Writes a lock file: the exact files of a data set, with their sizes and hashes, so that others can download and check the
 * same bytes. Files that are not here are downloaded first. It is a Data Package (version 2, https://datapackage.org).
 *
 * @param file The path of the lock file, whose name ends with `.json`. A bare name that is not in the working directory is in
 *   the data directory.
 * @param what A query, whose days are written in place of `today` and `7d`; or a name of a file, names, or rows of a query. Default:
 *   all files of the data directory.
 * @returns The lock file, which displays itself as a table of its files.
 * @throws {InputError} When a parameter is wrong, or the lock file exists and `force` is not true.
 * @throws {ImapError} When there are no files, or one of them cannot be downloaded. No lock file is written.
 *
 * @example
 * ```ts
 * import { lock } from "@imap-sdc/data-access";
 *
 * const locked = await lock("hist.lock.json", { instrument: "glows", data_level: "l1b" }, { force: true });
 * await locked.show();
 * const changes = await locked.diff(); // what is newer in the archive
 * if (changes.length > 0) await locked.update();
 * ```
 *
 * @category Between runs
 */
export function lock(
  file: string,
  what?: QueryParameters | string | Iterable<string | FileRecord>,
  options?: LockOptions,
): Promise<LockFile> {
  return displayed(defaultClient().lock(file, what, options));
}

/**
 * Reads a lock file, to verify, download, compare, update, or cite its files.
 *
 * @param file The path of the lock file. A bare name that is not in the working directory is in the data directory.
 * @throws {FileError} When it cannot be read, is damaged, or was written by a newer version of this program.
 *
 * @example
 * ```ts
 * import { lock, readLock } from "@imap-sdc/data-access";
 *
 * await lock("figure2.lock.json", ["imap_glows_l1b_hist_20110921_v001.cdf"], { force: true });
 * const locked = await readLock("figure2.lock.json");
 * await locked.download({ frozen: true });
 * const differences = await locked.verify({ extra: false });
 * console.log(differences.length); // 0
 * ```
 *
 * @category Between runs
 */
export function readLock(file: string): Promise<LockFile> {
  return displayed(defaultClient().readLock(file));
}

/**
 * Opens a file to look into it. What is not on this machine yet is downloaded first.
 *
 * @param file A row of a query; the name of a file, or its path in the archive; or a path on this machine.
 * @param options `remote`: whether to read only the parts that are needed over HTTP, instead of downloading the file.
 * @returns The open file, which displays itself: a CDF file with its variables, a file of packets with its APIDs, a text with
 * its first lines. It does not need to be closed.
 * @throws {InputError} When it is neither a file here nor the name of a file in the archive.
 * @throws {FileError} When the file cannot be read. {CdfError} When a CDF file is damaged.
 *
 * @example
 * ```ts
 * import { open } from "@imap-sdc/data-access";
 *
 * const dataset = await open("imap_glows_l1b_hist_20110921_v001.cdf");
 * await dataset.show();
 * const { values, times } = await dataset.read("epoch", { from: "2011-09-20" });
 * console.log(values, times);
 * ```
 *
 * @category Open files
 */
export function open(file: string | URL | FileRecord, options?: OpenOptions): Promise<Dataset> {
  return displayed(defaultClient().open(file, options));
}

/**
 * Lists what is in the data directory, without asking the archive: the complete files with their sizes, superseded versions,
 * partial files, and what is not the SDC's. Nothing outside its folder `imap` is looked at.
 *
 * @param parameters Conditions of a query that file names can answer. Default: everything.
 * @param options `signal` cancels it.
 * @returns What is there: it displays itself as a table of products, and can remove what is not needed.
 * @throws {InputError} When a parameter is wrong, or only the archive can answer it.
 * @throws {FileError} When the data directory does not exist, or cannot be read.
 *
 * @example
 * ```ts
 * import { download, local } from "@imap-sdc/data-access";
 *
 * await download("imap_glows_l1a_hist_20110921_v001.cdf");
 * const here = await local({ instrument: "glows", data_level: "l1a" });
 * console.log(here.toText()); // ... glows ... hist ...
 * for (const { file_path, size } of here.files) console.log(file_path, size);
 * ```
 *
 * @category Between runs
 */
export function local(parameters: LocalParameters = {}, options: CallOptions = {}): Promise<LocalDirectory> {
  return displayed(defaultClient().local(parameters, options));
}

/**
 * Opens CDF files of one product as one data set: the days of a month, or the pointings of a query's result. It has the methods
 * of a single file. The newest version of each file is read, and records are in the order of their times, also where the files
 * of two days overlap; all of them are kept. Only the files that a span of time needs are opened, and those that are not on
 * this machine are downloaded then. The times of a file are those from the day in its name to that of the next file, and an
 * hour more at both ends.
 *
 * @param files Rows of a query, names of files in the archive, or paths on this machine.
 * @param options `remote` reads the files over HTTP instead, only the parts that are needed. `signal` cancels what is downloaded
 * later, too.
 * @returns The data set, which displays itself with the variables of one of the files. A single file is the same as with `open`.
 * @throws {InputError} When there are no files, or when they are of different products or no CDF files. Reading a variable that
 * differs between the files (its type, shape, units, or FILLVAL), or that one of them does not have, throws one too.
 *
 * @example
 * ```ts
 * import { openAll, query } from "@imap-sdc/data-access";
 *
 * const files = await query({ instrument: "glows", data_level: "l1b", descriptor: "hist" });
 * const dataset = await openAll(files);
 * console.log(dataset.files.length, await dataset.timeSpan());
 * const { shape } = await dataset.read("epoch");
 * console.log(shape);
 * ```
 *
 * @category Open files
 */
export function openAll(files: Iterable<string | URL | FileRecord>, options?: OpenOptions): Promise<Dataset> {
  return displayed(defaultClient().openAll(files, options));
}

/**
 * Finds out where a file came from: the files that it was made from, what those were made from, and so on. CDF files name them
 * in the attribute `Parents`; with an API key or an access token, the lists of inputs that the SDC's jobs were started with are
 * read, too. Files that are not on this machine are looked up in the archive, and only the parts of them that are needed are
 * read.
 *
 * @param file The path of a file on this machine, a file name, a path in the archive, or a row of a query.
 * @param options How far to go, and whether to download what is not here.
 * @returns The files and what each was made from: it displays itself as a graph in notebooks, and as a tree elsewhere. Files that
 * are missing are part of it, and say where they are.
 * @throws {InputError} When an option is wrong, or the name is not of the SDC's form.
 * @throws {ResponseError} When neither this machine nor the archive has the file itself.
 *
 * @example
 * ```ts
 * import { lineage } from "@imap-sdc/data-access";
 *
 * const origin = await lineage("imap_glows_l1b_hist_20110921_v001.cdf", { levels: 2 });
 * console.log(origin.toText()); // Lineage of imap_glows_l1b_hist_20110921_v001.cdf: ...
 * for (const { name, state } of origin.nodes) console.log(name, state);
 * ```
 *
 * @category Between runs
 */
export function lineage(file: string | URL | FileRecord, options: LineageOptions = {}): Promise<Lineage> {
  return displayed(defaultClient().lineage(file, options));
}
