import type { FileRecord } from "../protocol/file_record.ts";
import type { QueryParameters } from "../protocol/query_parameters.ts";
import type { CallOptions, DownloadOptions, UploadOptions } from "./call_options.ts";
import { type Downloadable, ImapClient, type ImapClientOptions } from "./imap_client.ts";
import type { QueryResult } from "./query_result.ts";
import type { TransferReport } from "./transfer_report.ts";

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
 * Finds the files that meet all of the given conditions (SDC protocol, `GET /query`).
 *
 * @param parameters The conditions, at least one. Dates are `YYYYMMDD`; `start_date` and `end_date` both compare with the
 *   day on which a file's data start, inclusive.
 * @returns The rows, sorted by path: an array that shows itself as a table.
 * @throws {InputError} When a condition is wrong; nothing was sent then.
 * @throws {ConnectionError} When no answer came, after retries.
 * @throws {ResponseError} When the server refused.
 * @throws {ProtocolError} When something other than the SDC answered.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { query } from "@imap-sdc/data-access";
 *
 * const files = await query({ instrument: "glows", data_level: "l1a", descriptor: "hist" });
 * for (const file of files) assert(file.file_path.startsWith("imap/glows/l1a/"));
 * ```
 */
export function query(parameters: QueryParameters, options: CallOptions = {}): Promise<QueryResult> {
  return client.query(parameters, options);
}

/**
 * Downloads one file below the data directory, in the archive's own layout. A file that is there already is left as it is
 * and nothing is sent. What stands at the path afterwards is whole: it was checked before it took its name.
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
