import type { CatalogEntry } from "./catalog.ts";
import { type Downloadable, ImapClient, type ImapClientOptions } from "./imap_client.ts";
import type { DownloadOptions, QueryOptions, UploadOptions } from "./options.ts";
import type { ReleaseOptions, ReleaseParameters, ReleaseReport, ReprocessOptions, ReprocessReport } from "./orders.ts";
import type { QueryResult } from "./query_result.ts";
import type { TransferReport } from "./transfer_report.ts";
import type { PacketOutcome, WebpodaOptions, WebpodaParameters } from "./webpoda.ts";
import type { AncillaryRecord, FileRecord, SpiceRecord } from "../protocol/rows.ts";
import type { QueryParameters } from "../protocol/tables.ts";
import type { ReprocessParameters } from "../sdc/orders.ts";

let options: ImapClientOptions = {};
let client = new ImapClient();

/**
 * Changes settings of the default client, for all calls that come after. What is not named stays as it was; `undefined`
 * takes a setting back, so that the environment or the default counts again.
 *
 * @example
 * ```ts
 * import { configure } from "@imap-sdc/data-access";
 *
 * configure({ timeoutMs: 60_000 });
 * ```
 */
export function configure(changes: ImapClientOptions): void {
  options = { ...options, ...changes };
  client = new ImapClient(options);
}

/**
 * Finds SPICE files that meet all of the given conditions (SDC protocol, `GET /spice-query`).
 *
 * @param parameters The conditions, as for the other tables; `type` is for this one alone.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { query } from "@imap-sdc/data-access";
 *
 * const kernels = await query({ table: "spice", type: "leapseconds", version: "latest" });
 * for (const kernel of kernels) assert(kernel.kernel_type === "leapseconds");
 * ```
 */
export function query(
  parameters: QueryParameters & { table: "spice" },
  options?: QueryOptions,
): Promise<QueryResult<SpiceRecord>>;
/**
 * Finds ancillary files that meet all of the given conditions (SDC protocol, `GET /query`).
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { query } from "@imap-sdc/data-access";
 *
 * const files = await query({ table: "ancillary", instrument: "mag", version: "latest" });
 * for (const file of files) assert(file.file_path.startsWith("imap/ancillary/mag/"));
 * ```
 */
export function query(
  parameters: QueryParameters & { table: "ancillary" },
  options?: QueryOptions,
): Promise<QueryResult<AncillaryRecord>>;
/**
 * Finds the files that meet all of the given conditions (SDC protocol, `GET /query`). A condition may have several values;
 * descriptors and file names may be patterns. An answer that is too large to leave the server is asked for in parts.
 *
 * @param parameters The conditions, at least one. Days are `20260131`, `2026-01-31`, `today`, `yesterday` or `7d`;
 *   `start_date` and `end_date` both compare with the day on which a file's data start, inclusive.
 * @returns The rows, sorted by path: an array that shows itself as a table.
 * @throws {InputError} When a condition is wrong, or the table does not know it; nothing was sent then.
 * @throws {ConnectionError} When no answer came, after retries.
 * @throws {ResponseError} When the server refused.
 * @throws {ProtocolError} When something other than the SDC answered.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { query } from "@imap-sdc/data-access";
 *
 * const files = await query({ instrument: "glows", data_level: ["l1a", "l1b"], descriptor: "hi*" });
 * for (const file of files) assert(file.file_path.startsWith("imap/glows/l1"));
 * ```
 */
export function query(parameters: QueryParameters, options?: QueryOptions): Promise<QueryResult>;
export function query(parameters: QueryParameters, options: QueryOptions = {}): Promise<QueryResult> {
  return client.query(parameters, options);
}

/**
 * Finds files as `query` does, and gives each out as soon as it has come: for results too many to hold.
 *
 * @returns The rows: those of one answer by path, those of a large one that came in parts by their days.
 * @throws As `query` does, when the first row is asked for.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { queryRows } from "@imap-sdc/data-access";
 *
 * for await (const file of queryRows({ instrument: "glows" })) assert(file.instrument === "glows");
 * ```
 */
export function queryRows(parameters: QueryParameters, options: QueryOptions = {}): AsyncGenerator<FileRecord> {
  return client.queryRows(parameters, options);
}

/**
 * Counts what there is: for each instrument, level and descriptor how many files, and their first and last day.
 *
 * @param parameters Conditions as for `query`; without any, all of a table is counted, which may take many answers.
 * @returns The products, by instrument, level and descriptor.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { catalog } from "@imap-sdc/data-access";
 *
 * const products = await catalog({ instrument: "mag" });
 * for (const { data_level, files } of products) assert(data_level !== null && files > 0);
 * ```
 */
export function catalog(parameters: QueryParameters = {}, options: QueryOptions = {}): Promise<CatalogEntry[]> {
  return client.catalog(parameters, options);
}

/**
 * Downloads one file below the data directory, in the archive's own layout. A file that is there already is left as it is
 * and nothing is sent. What stands at the path afterwards is whole: it was checked before it took its name.
 *
 * In a notebook a panel shows how it goes, and then what became of it; `progress: false` leaves it out. The Stop button ends
 * the download alone: the kernel goes on, what came is kept, and the next call goes on from there.
 *
 * @param file A file name, with or without folders, or a row of a query, whose own path then counts.
 * @returns The path of the file on this machine.
 * @throws {FileNameError} When the name is none of the SDC's.
 * @throws {ResponseError} 404 when the archive has no such file.
 * @throws {ConnectionError} When the file did not come whole, after retries. What came is kept: the next call goes on.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { download } from "@imap-sdc/data-access";
 *
 * const path = await download("imap_mag_l0_raw_20250502_v001.pkts");
 * assert((await Deno.stat(path)).size > 0);
 * ```
 */
export function download(file: string | FileRecord, options?: DownloadOptions): Promise<string>;
/**
 * Downloads many files, several at once, as the function does for one. A file that fails does not stop the others.
 *
 * @param files Names and rows; a whole result of a query, for instance.
 * @returns What became of each file.
 * @throws {InputError} When a name is none of the SDC's; nothing was fetched then.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { download } from "@imap-sdc/data-access";
 *
 * const names = ["imap_mag_l0_raw_20250502_v000.pkts", "imap_mag_l0_raw_20250502_v001.pkts"];
 * const report = await download(names, { concurrency: 2 });
 * assert(report.failed.length === 0 && report.paths.length === 2);
 * ```
 */
export function download(files: Iterable<string | FileRecord>, options?: DownloadOptions): Promise<TransferReport>;
export function download(files: Downloadable, options?: DownloadOptions): Promise<string | TransferReport> {
  return client.download(files, options);
}

/**
 * Uploads one file; its name decides its place in the archive. It is checked first, then streamed from the disk.
 * In a notebook a panel shows how it goes, as for `download`, and the Stop button ends the upload alone.
 *
 * @param path The file on this machine.
 * @returns The file's path in the archive. Queries find it as soon as the archive has indexed it.
 * @throws {InputError} When there is no such file, it is empty, or its name is none of the SDC's; nothing was sent then.
 * @throws {ResponseError} 409 when the archive has a file of that name; 403 when it wants credentials.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { upload } from "@imap-sdc/data-access";
 *
 * const folder = await Deno.makeTempDir();
 * const path = `${folder}/imap_codice_l0_hskp_20240725_v001.pkts`;
 * await Deno.writeTextFile(path, "packets");
 * assert((await upload(path)).startsWith("imap/codice/l0/2024/07/"));
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function upload(path: string, options?: UploadOptions): Promise<string>;
/**
 * Uploads many files, several at once. All are checked first, and nothing is sent when one is wrong.
 *
 * @param paths The files on this machine.
 * @returns What became of each file.
 * @throws {InputError} With all that is wrong; nothing was sent then.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { upload } from "@imap-sdc/data-access";
 *
 * const error = await upload(["missing.cdf", "notes.txt"]).catch((error) => error);
 * assert(error.message.includes("missing.cdf") && error.message.includes("Nothing was sent"));
 * ```
 */
export function upload(paths: Iterable<string>, options?: UploadOptions): Promise<TransferReport>;
export function upload(paths: string | Iterable<string>, options?: UploadOptions): Promise<string | TransferReport> {
  return client.upload(paths, options);
}

/**
 * Asks the SDC to make products of some days again (SDC protocol, `POST /reprocess`). It needs credentials.
 *
 * @param parameters The days, and which products; without an instrument those of all.
 * @returns What was asked for, and what the SDC answered.
 * @throws {InputError} When a parameter is wrong or lacks another; nothing was sent then.
 * @throws {ConnectionError} When no answer came. The order is not sent again by itself: it may have arrived.
 * @throws {ResponseError} When the server refused.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { reprocess } from "@imap-sdc/data-access";
 *
 * const days = { start_date: "2025-05-01", end_date: "2025-05-31" };
 * const { parameters } = await reprocess({ ...days, instrument: "mag", descriptor: "norm" });
 * assert(parameters.start_date === "20250501");
 * ```
 */
export function reprocess(parameters: ReprocessParameters, options: ReprocessOptions = {}): Promise<ReprocessReport> {
  return client.reprocess(parameters, options);
}

/**
 * Releases data to the public: uploads the manifest that says which, waits until the archive has indexed it, and asks for
 * the release (SDC protocol, `GET /release`). It needs an API key. The same call again goes on where an earlier one stopped.
 *
 * @param parameters The type of release, and the path of the manifest on this machine.
 * @returns The manifest's path in the archive, and what the SDC answered.
 * @throws {InputError} When the type, the file or its name is wrong, or there is no API key; nothing was sent then.
 * @throws {ResponseError} 409 when the archive has another manifest of that name.
 * @throws {ImapError} When the archive has not indexed the manifest in time.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { ImapClient } from "@imap-sdc/data-access";
 *
 * const folder = await Deno.makeTempDir();
 * const manifest_file = `${folder}/imap_mag_data-release-001_20250501_20250531_v001.txt`;
 * await Deno.writeTextFile(manifest_file, "# nothing is withheld");
 * const client = new ImapClient({ apiKey: "my-key" });
 * const { file_path } = await client.release({ release_type: "release", manifest_file });
 * assert(file_path.startsWith("imap/release/mag/"));
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function release(parameters: ReleaseParameters, options: ReleaseOptions = {}): Promise<ReleaseReport> {
  return client.release(parameters, options);
}

/**
 * Fetches raw packets on demand from webpoda into level 0 files of the data directory: one for each day, and for glows, hi,
 * lo and ultra one for each pointing (SDC protocol, "webpoda"). It needs a token, which goes to webpoda alone. A file takes
 * the next minor version that is free in the archive, and is only kept when the archive's newest one has other bytes.
 *
 * @param parameters The instrument and the days; `query_mode` says whose days: `ert`, those on which Earth received the
 *   packets, or `sct`, those of spacecraft time.
 * @returns What became of each day or pointing, in order. One that fails does not stop the others.
 * @throws {InputError} When a parameter is wrong, or there is no token; nothing was sent then.
 * @throws {ResponseError} 401 or 403 when the token is wrong.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { ImapClient } from "@imap-sdc/data-access";
 *
 * const client = new ImapClient({ webpodaToken: btoa("user:password"), webpodaUrl: Deno.env.get("IMAP_DATA_ACCESS_URL") });
 * const outcomes = await client.webpoda({ instrument: "swe", start_date: "20250502", query_mode: "sct" });
 * assert(outcomes.every(({ date }) => date === "20250502"));
 * ```
 */
export function webpoda(parameters: WebpodaParameters, options: WebpodaOptions = {}): Promise<PacketOutcome[]> {
  return client.webpoda(parameters, options);
}
