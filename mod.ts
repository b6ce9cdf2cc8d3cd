/**
 * Data of NASA's IMAP spacecraft from its Science Data Center (SDC): query, download, upload.
 *
 * @example Find files, look at them, fetch one
 * ```ts
 * import { assert } from "@std/assert";
 * import * as imap from "@imap-sdc/data-access";
 *
 * const files = await imap.query({ instrument: "mag", data_level: "l0" });
 * await files.show();
 * const path = await imap.download("imap_mag_l0_raw_20250502_v001.pkts");
 * assert(path.endsWith("imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts"));
 * ```
 *
 * @module
 */
export { configure, download, query, upload } from "./src/client/default_client.ts";
export type { CallOptions, DownloadOptions, TransferOptions, UploadOptions } from "./src/client/call_options.ts";
export { type Downloadable, ImapClient, type ImapClientOptions } from "./src/client/imap_client.ts";
export { type DownloadRows, QueryResult } from "./src/client/query_result.ts";
export { type Repeat, TransferReport } from "./src/client/transfer_report.ts";
export type { ClientOptions } from "./src/config.ts";
export {
  ConnectionError,
  ImapError,
  type ImapErrorOptions,
  InputError,
  ProtocolError,
  ResponseError,
} from "./src/errors.ts";
export type { MimeBundle } from "./src/display/notebook.ts";
export type { HttpEvent, HttpLog } from "./src/http/events.ts";
export { archivePath } from "./src/names/archive_path.ts";
export { DATA_LEVELS, type DataLevel } from "./src/names/data_levels.ts";
export { formatFileName, type ImapFile, parseFileName } from "./src/names/file_name.ts";
export { FileNameError, type FileNameProblem } from "./src/names/file_name_error.ts";
export { type Instrument, INSTRUMENTS } from "./src/names/instruments.ts";
export { SCIENCE_EXTENSIONS, type ScienceFile } from "./src/names/science_file.ts";
export type { Shard } from "./src/names/shard.ts";
export { compareVersions, formatVersion, parseVersion, type Version } from "./src/names/version.ts";
export type { FileRecord } from "./src/protocol/file_record.ts";
export type { QueryParameters } from "./src/protocol/query_parameters.ts";
export type { DownloadPlan, OnProgress, Outcome, TransferEvent } from "./src/transfer/outcome.ts";
export type { IfPresent } from "./src/transfer/plan_download.ts";
export { VERSION } from "./src/version.ts";
