/**
 * Finds, downloads, and uploads data of NASA's IMAP spacecraft at its Science Data Center (SDC).
 *
 * ## Find files
 *
 * A query names what the files have in common: the instrument, the data level (`l0` is raw telemetry, `l1` calibrated, `l2`
 * and `l3` for science), the descriptor of the product, and days. The result is an array of rows, and shows itself as a
 * table in notebooks, in the REPL, and in `console.log`.
 *
 * ```ts
 * import * as imap from "@imap-sdc/data-access";
 *
 * const files = await imap.query({ instrument: "mag", data_level: "l0", start_date: "2025-05-01" });
 * await files.show();
 * const newest = files.latest().sortBy("start_date");
 * ```
 *
 * {@linkcode catalog} lists what there is. Values can be lists (`instrument: ["mag", "swe"]`), and descriptors and file
 * names can be patterns (`descriptor: "norm*"`). {@linkcode QueryParameters} has all of them.
 *
 * ## Look at them
 *
 * ```ts
 * import * as imap from "@imap-sdc/data-access";
 *
 * const files = await imap.query({ instrument: "glows" });
 * await files.coverage(); // a chart of the days that have files
 * await files.summary(); // a chart of their number, by instrument and data level
 * const hist = files.filter((file) => file.descriptor === "hist"); // still a result with a table
 * const perDay = Object.groupBy(files, (file) => file.start_date ?? "none");
 * ```
 *
 * ## Download them
 *
 * Files go to the data directory, in the SDC's folders. A file there is always complete: downloads are checked and then
 * renamed into place, and interrupted downloads resume.
 *
 * ```ts
 * import * as imap from "@imap-sdc/data-access";
 *
 * const path = await imap.download("imap_mag_l0_raw_20250502_v001.pkts");
 * const files = await imap.query({ instrument: "glows", data_level: "l1a" });
 * const report = await files.download({ concurrency: 8 });
 * if (report.failed.length > 0) await report.retry();
 * ```
 *
 * ## Open them
 *
 * ```ts
 * import * as imap from "@imap-sdc/data-access";
 *
 * const dataset = await imap.open("imap_glows_l1b_hist_20110921_v001.cdf");
 * await dataset.show(); // the variables of a CDF file, or what packets there are
 * ```
 *
 * `@imap-sdc/data-access/cdf` reads CDF files without anything else, in browsers too.
 *
 * ## Settings and errors
 *
 * Settings come from {@linkcode configure}, or from environment variables such as `IMAP_DATA_DIR`; {@linkcode settings}
 * shows them. An {@linkcode ImapClient} has its own settings. Wrong input is an {@linkcode InputError} before anything is
 * sent or written; every other failure is an {@linkcode ImapError} of another kind, and says what to do.
 *
 * ```ts
 * import * as imap from "@imap-sdc/data-access";
 *
 * imap.configure({ dataDir: await Deno.makeTempDir() });
 * try {
 *   await imap.query({ instrument: "glow" });
 * } catch (error) {
 *   if (!(error instanceof imap.InputError)) throw error;
 *   console.log(error.message); // Cannot query instrument "glow": expected one of ... (did you mean "glows"?)
 * }
 * ```
 *
 * In a notebook, `imap.help()` lists the functions, and `imap.help("query")` shows parameters, values, and examples.
 *
 * @module
 */
// Deno decodes the source map of each module that is the first to import another one (0.15 ms): this one imports all that it
// loads.
import "./src/client/options.ts";
import "./src/config.ts";
import "./src/display/table.ts";
import "./src/display/notebook.ts";
import "./src/http/transport.ts";
import "./src/errors.ts";
import "./src/names/fields.ts";
import "./src/names/file_name.ts";
import "./src/protocol/tables.ts";
import "./src/views/records.ts";
import "./src/client/query_result.ts";
import "./src/views/transfers.ts";

export {
  catalog,
  cli,
  configure,
  download,
  Help,
  help,
  ialirt,
  ialirtDownload,
  jobLog,
  jobs,
  lineage,
  local,
  localPath,
  lock,
  metakernel,
  open,
  openAll,
  print,
  query,
  queryRows,
  readLock,
  release,
  releaseManifest,
  reprocess,
  settings,
  spaceWeather,
  sync,
  upload,
  watch,
  webpoda,
} from "./src/client/default_client.ts";
export type {
  CallOptions,
  DownloadOptions,
  QueryOptions,
  TransferOptions,
  UploadOptions,
} from "./src/client/options.ts";
export type { ApidSummary, ChainBreak, ChainBreakReason, PacketSummary, SequenceGap } from "./src/ccsds/packets.ts";
export type { FileContentKind } from "./src/dataset/open_file.ts";
export type { CatalogEntry } from "./src/client/catalog.ts";
export type {
  Dataset,
  DatasetValues,
  DatasetVariable,
  OpenOptions,
  PlotOptions,
  ReadOptions,
  ReadValuesOptions,
  ValueRow,
  VariableCard,
  VariableDimension,
  VariableRole,
} from "./src/client/dataset.ts";
export type { NewFile, SyncOptions, WatchOptions } from "./src/client/sync.ts";
export type { SyncReport } from "./src/client/sync_report.ts";
export type { SyncChange } from "./src/mirror/sync.ts";
export type { SupersededChoice } from "./src/mirror/sync_plan.ts";
export { ClientSettings, type Downloadable, ImapClient, type ImapClientOptions } from "./src/client/imap_client.ts";
export type {
  IalirtFile,
  IalirtList,
  IalirtParameters,
  SpaceWeatherInstrument,
  SpaceWeatherOptions,
  SpaceWeatherParameters,
  SpaceWeatherRecord,
} from "./src/client/ialirt.ts";
export type { Lineage, LineageJson, LineageOptions } from "./src/client/lineage.ts";
export type { LineageEdge, LineageNode, LineageSource, LineageState } from "./src/dataset/lineage.ts";
export type {
  LocalDirectory,
  LocalParameters,
  LocalProduct,
  OtherFileRecord,
  PartialFileRecord,
  PrunedFile,
  PruneOptions,
} from "./src/client/local.ts";
export type { OtherReason } from "./src/mirror/local_directory.ts";
export type {
  ArchiveChange,
  ArchiveChangeState,
  CitationFormat,
  DifferenceState,
  FileDifference,
  LockContents,
  LockDownloadOptions,
  LockedFile,
  LockedQuery,
  LockFile,
  LockOptions,
  LockUpdateOptions,
  VerifyOptions,
  VerifyProgress,
} from "./src/client/lock.ts";
export type { MetakernelOptions, MetakernelParameters, MetakernelReport } from "./src/client/metakernel.ts";
export {
  ProcessingInput,
  ProcessingInputCollection,
  type ProcessingInputSelection,
  type ProcessingInputType,
} from "./src/client/processing_inputs.ts";
export {
  type ColumnName,
  type DownloadRows,
  QueryResult,
  type QueryResultOrigin,
  type RowGroups,
  type RowKey,
} from "./src/client/query_result.ts";
export type { ManifestOptions, ManifestParameters } from "./src/client/orders.ts";
export type { ReleaseOptions, ReleaseParameters, ReleaseReport } from "./src/client/orders.ts";
export type { JobsOptions, ReprocessOptions, ReprocessReport } from "./src/client/orders.ts";
export { RecordList, type SortOptions } from "./src/client/record_list.ts";
export { type Repeat, TransferReport } from "./src/views/transfers.ts";
export type { PacketOutcome, PacketState, WebpodaOptions, WebpodaParameters } from "./src/client/webpoda.ts";
export { QUERY_MODES, type QueryMode } from "./src/protocol/tables.ts";
export type { ClientOptions } from "./src/config.ts";
export {
  ConnectionError,
  CoverageError,
  type CoverageGap,
  FileError,
  ImapError,
  type ImapErrorOptions,
  InputError,
  type InputErrorOptions,
  type InputProblem,
  ProtocolError,
  ResponseError,
  TimeoutError,
} from "./src/errors.ts";
export type { MimeBundle } from "./src/display/notebook.ts";
export { PendingPicture, Picture, type PictureSource } from "./src/display/notebook.ts";
export type { Decision, HttpEvent, HttpLog } from "./src/http/transport.ts";
export { ANCILLARY_EXTENSIONS, type AncillaryFile } from "./src/names/file_name.ts";
export type { DayLike, TemporalDay } from "./src/names/fields.ts";
export { archivePath } from "./src/names/file_name.ts";
export { DATA_LEVELS, type DataLevel } from "./src/names/fields.ts";
export type { DependencyFile } from "./src/names/file_name.ts";
export {
  type FileKind,
  type FileNameParts,
  formatFileName,
  type ImapFile,
  parseFileName,
} from "./src/names/file_name.ts";
export { FileNameError, type FileNameProblem } from "./src/errors.ts";
export { type Instrument, INSTRUMENTS } from "./src/names/fields.ts";
export { isValidOn } from "./src/names/file_name.ts";
export type { ProductParts } from "./src/names/file_name.ts";
export { QUICKLOOK_EXTENSIONS, type QuicklookFile } from "./src/names/file_name.ts";
export type { ReleaseFile } from "./src/names/file_name.ts";
export { SCIENCE_EXTENSIONS, type ScienceFile } from "./src/names/file_name.ts";
export type { Shard } from "./src/transfer/batch.ts";
export type { SpiceParts } from "./src/names/file_name.ts";
export type { SpiceFile } from "./src/names/file_name.ts";
export { SPICE_TYPES, type SpiceType } from "./src/names/fields.ts";
export type { ValidityParts } from "./src/names/file_name.ts";
export { compareVersions, formatVersion, parseVersion, type Version } from "./src/names/fields.ts";
export type { FileRecord } from "./src/protocol/tables.ts";
export {
  type OneOrMore,
  type QueryParameters,
  type TableName,
  TABLES,
  type WordOrText,
} from "./src/protocol/tables.ts";
export type { AncillaryRecord, QuicklookRecord, ScienceRecord, SpiceRecord } from "./src/protocol/tables.ts";
export type { JobParameters, JobRecord, JobState, ReprocessParameters } from "./src/sdc/orders.ts";
export type { QueryProgress } from "./src/sdc/run_query.ts";
export type { DownloadPlan, OnProgress, Outcome, TransferEvent } from "./src/transfer/batch.ts";
export type { IfPresent } from "./src/transfer/download.ts";
export { VERSION } from "./src/version.ts";
