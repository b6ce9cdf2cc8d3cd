import type { DataLevel, DayLike, Instrument, SpiceType } from "../names/fields.ts";
import { ANCILLARY_EXTENSIONS, QUICKLOOK_EXTENSIONS, SCIENCE_EXTENSIONS } from "../names/file_name.ts";

/** The prefix of routes for callers with an API key, after the base address (SDC protocol). */
export const API_KEY_PREFIX = "/api-key";
/** The prefix of routes for callers with an access token. */
export const ACCESS_TOKEN_PREFIX = "/authorized";

/** `a b/c` -> `a%20b/c`: encodes each folder, and keeps the slashes. */
function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** The route of queries for science, ancillary and quicklook files. */
export const QUERY_ROUTE = "/query";

/** The route of queries for SPICE files. */
export const SPICE_QUERY_ROUTE = "/spice-query";

/** The route that lists spin files. */
export const SPIN_TABLE_ROUTE = "/spin-table";

/** The route that lists repoint files. */
export const REPOINT_TABLE_ROUTE = "/repoint-table";

/** The route that lists small-forces files, which `GET /spice-query` calls `thruster`. */
export const SMALL_FORCES_TABLE_ROUTE = "/small-forces-table";

/** The route of metakernels, which list the SPICE kernels that cover a time span. */
export const METAKERNEL_ROUTE = "/metakernel";

/** The route that lists processing jobs. */
export const PROCESSING_JOBS_ROUTE = "/processing-jobs";

/** The route of a job's log; anything may follow it, and the query identifies the log. */
export const PROCESSING_LOGS_ROUTE = "/processing-logs";

/** The route that requests reprocessing, with POST. */
export const REPROCESS_ROUTE = "/reprocess";

/** The route that requests the release of data to the public. */
export const RELEASE_ROUTE = "/release";

/** The route that responds with a presigned URL to GET a file from. `archivePath` is its full path in the archive. */
export function downloadRoute(archivePath: string): string {
  return `/download/${encodePath(archivePath)}`;
}

/** The route that responds with a presigned URL to PUT a file to. */
export function uploadRoute(fileName: string): string {
  return `/upload/${encodeURIComponent(fileName)}`;
}

/** The purpose of a request to the API. `path` is decoded and does not begin with a slash. */
export type Route =
  | { readonly to: "query" | "spice-query" | "spin-table" | "repoint-table" | "small-forces-table" }
  | { readonly to: "metakernel" | "processing-jobs" | "processing-logs" | "reprocess" | "release" }
  | { readonly to: "download" | "upload"; readonly path: string };

/** Routes without a further path. */
const FIXED_ROUTES: ReadonlyMap<string, Route> = new Map([
  [QUERY_ROUTE, { to: "query" }],
  [SPICE_QUERY_ROUTE, { to: "spice-query" }],
  [SPIN_TABLE_ROUTE, { to: "spin-table" }],
  [REPOINT_TABLE_ROUTE, { to: "repoint-table" }],
  [SMALL_FORCES_TABLE_ROUTE, { to: "small-forces-table" }],
  [METAKERNEL_ROUTE, { to: "metakernel" }],
  [PROCESSING_JOBS_ROUTE, { to: "processing-jobs" }],
  [REPROCESS_ROUTE, { to: "reprocess" }],
  [RELEASE_ROUTE, { to: "release" }],
]);

function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined; // A percent sign without two hexadecimal digits.
  }
}

/**
 * Parses the path of a request, with or without the prefix for callers with credentials.
 *
 * @returns Undefined if the API has no such route.
 */
export function readRoute(pathname: string): Route | undefined {
  const prefix = [API_KEY_PREFIX, ACCESS_TOKEN_PREFIX].find((prefix) => pathname.startsWith(`${prefix}/`)) ?? "";
  const rest = pathname.slice(prefix.length);
  // The gateway accepts anything after /query.
  const fixed = FIXED_ROUTES.get(rest.startsWith(`${QUERY_ROUTE}/`) ? QUERY_ROUTE : rest.replace(/(?<=.)\/$/, ""));
  if (fixed !== undefined) return fixed;
  if (rest.startsWith(`${PROCESSING_LOGS_ROUTE}/`)) return { to: "processing-logs" };
  const match = /^\/(download|upload)(?:\/(.*))?$/s.exec(rest);
  const path = decodePath(match?.[2] ?? "");
  if (match === null || path === undefined) return undefined;
  return { to: match[1] === "download" ? "download" : "upload", path };
}

/**
 * Returns the message of a body that the gateway itself sent: a JSON object with a `message`. The services behind it
 * send strings, text, or an `error` (SDC protocol, "Gateway").
 *
 * @returns Undefined if a service sent the body.
 */
export function gatewayMessage(body: string): string | undefined {
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json !== "object" || json === null || "error" in json || !("message" in json)) return undefined;
    return typeof json.message === "string" ? json.message : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether a body is a web page, which the SDC's API never sends: the page of another server, or a login page. The
 * content type does not say, since some routes send plain text as `text/html`.
 */
export function isWebPage(body: string): boolean {
  return /^\s*(?:<!--.*?-->\s*)?<(?:!doctype html|html|head|body)\b/is.test(body);
}

/** The folder of packets at webpoda, packets on demand, whose origin is `https://lasp.colorado.edu` (SDC protocol). */
const WEBPODA_ROUTE = "/ops/imap/poda/dap2/apids/SID1";

/** The purpose of a request to webpoda. */
export interface PacketRoute {
  /** The application process identifier of the packets. */
  readonly apid: number;
  /** `bin` for packets, `txt` for their times. */
  readonly form: "bin" | "txt";
}

/** Returns the path of the packets of an APID, or of their times. */
export function packetRoute({ apid, form }: PacketRoute): string {
  return `${WEBPODA_ROUTE}/apid_${apid}.${form}`;
}

/** Parses the path of a request; undefined if it is not for packets. An APID has eleven bits (CCSDS 133.0-B). */
export function readPacketRoute(pathname: string): PacketRoute | undefined {
  const [, apid, form] = /^\/apid_(\d{1,4})\.(bin|txt)$/.exec(pathname.replace(WEBPODA_ROUTE, "")) ?? [];
  if (!pathname.startsWith(`${WEBPODA_ROUTE}/`) || apid === undefined || Number(apid) > 0x7ff) return undefined;
  return { apid: Number(apid), form: form === "bin" ? "bin" : "txt" };
}

/** What follows the time span in a request: the packets themselves, or their times as text (DAP2). */
export const PROJECTIONS = {
  bin: "project(packet)",
  txt: `project(time)&formatTime("yyyy-MM-dd'T'HH:mm:ss")`,
} as const;

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/**
 * The application process identifiers (APIDs) whose packets make up an instrument's level 0 file, in their order in the
 * file (SDC protocol, "webpoda").
 */
export const INSTRUMENT_APIDS: ReadonlyMap<Instrument, readonly number[]> = new Map<Instrument, readonly number[]>([
  ["codice", [1136, 1152, 1153, ...range(1155, 1162), ...range(1168, 1174)]],
  ["glows", [1480, 1481]],
  ["hi", [740, 754, 769, 770, 772, 804, 818, 833, 834, 836]],
  ["hit", range(1251, 1253)],
  ["idex", [1418, 1419, 1424]],
  ["lo", [673, 676, 677, ...range(705, 708)]],
  ["mag", [1052, 1068]],
  ["swapi", [1184, 1188]],
  ["swe", [1330, 1334, 1344]],
  [
    "ultra",
    [
      ...range(865, 877),
      ...range(880, 889),
      ...range(896, 901),
      ...range(929, 941),
      ...range(944, 953),
      ...range(960, 965),
    ],
  ],
  ["spacecraft", [594]],
  ["ialirt", [478]],
]);

/**
 * The two ways to select packets: `ert` by the time of reception on Earth, `sct` by the time of creation on board.
 *
 * @example
 * ```ts
 * import { QUERY_MODES } from "@imap-sdc/data-access";
 *
 * console.log(QUERY_MODES.includes("ert")); // true
 * ```
 *
 * @category Real-time data and packets
 */
export const QUERY_MODES = ["ert", "sct"] as const;

/**
 * A way to select packets.
 *
 * @category Real-time data and packets
 */
export type QueryMode = typeof QUERY_MODES[number];

/** The dialect of a server: that of today, or that of October 2024 (SDC protocol). */
export type Dialect = "now" | "2024";

/** The type of a column in the JSON of a row. `json` means nested values. */
export type ColumnType = "text" | "integer" | "number" | "boolean" | "json";

/** One column of a table of the SDC. */
export interface Column {
  /** The type in the JSON of a response. */
  readonly type: ColumnType;
  /** The type in a decoded row, if different. */
  readonly decoded?: ColumnType;
  /** Whether it can be null in a response. */
  readonly nullable: boolean;
  /** The header of its column in a displayed table. */
  readonly label: string;
  /**
   * The format of a text: a day `YYYYMMDD`, or a moment, whose format in responses depends on the table and on the
   * server.
   */
  readonly form?: "day" | "moment";
  /** Whether displayed tables always or never show the column. Default: only if a row has a value. */
  readonly display?: "always" | "never";
  /** Whether it exists only in today's dialect. Default: false. */
  readonly since?: "now";
}

/** The kind of value of a request's parameter. */
export type ParameterKind =
  | "text"
  | "path"
  | "file name"
  | "day"
  | "moment"
  | "seconds"
  | "integer"
  | "version"
  | "flag"
  | "table"
  | "instrument"
  | "data level"
  | "extension"
  | "SPICE type";

/** A parameter of a request for a table. */
export interface Parameter {
  readonly kind: ParameterKind;
  /** A description, for documentation. */
  readonly help: string;
  /** Whether it exists only in today's dialect. Default: false. */
  readonly since?: "now";
  /** Whether the server's list in `X is not a valid query parameter` omits it, although it is accepted. */
  readonly isUnlisted?: true;
}

/** A table of the SDC, as in requests and responses: the only description of its route, columns, and parameters. */
export interface SdcTable {
  /** The path of its requests. */
  readonly route: string;
  /**
   * The parameters of every request to it. `table=science` is not sent: it is the default, and servers of 2024 reject
   * it.
   */
  readonly always: Readonly<Record<string, string>>;
  readonly columns: Readonly<Record<string, Column>>;
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** The extensions of its files; empty if they depend on the names. */
  readonly extensions: readonly string[];
  /** The columns that identify a file regardless of its version, as used by the server's `latest`. */
  readonly sameFile: readonly string[];
}

/** The columns of product files: science and quicklook. */
const PRODUCT_COLUMNS = {
  /** The file's path in the archive, which is also its path below the data directory. */
  file_path: { type: "text", nullable: false, label: "File Path", display: "never" },
  /** The instrument, for instance `mag`. */
  instrument: { type: "text", nullable: false, label: "Instrument", display: "always" },
  /** The data level, for instance `l1a`. */
  data_level: { type: "text", nullable: false, label: "Data Level", display: "always" },
  /** The product's name, for instance `norm-mago`. */
  descriptor: { type: "text", nullable: false, label: "Descriptor", display: "always" },
  /** The day on which the data start, `YYYYMMDD`. */
  start_date: { type: "text", nullable: false, label: "Start Date", form: "day", display: "always" },
  /** The number of the repointing, or null. */
  repointing: { type: "integer", nullable: true, label: "Repointing", display: "always" },
  /** The version in the file's name: `v001` or `v001.0002`. */
  version: { type: "text", nullable: false, label: "Version", display: "always" },
  /** The version's major number. The SDC counts a file named `_v001` as major version 1. */
  major_version: { type: "integer", nullable: false, label: "Major Version", display: "never", since: "now" },
  /** The version's minor number. */
  minor_version: { type: "integer", nullable: false, label: "Minor Version", display: "never", since: "now" },
  /** The number of the Carrington rotation, or null. */
  cr: { type: "integer", nullable: true, label: "CR", since: "now" },
  /** The file's extension, for instance `cdf`. */
  extension: { type: "text", nullable: false, label: "Extension", display: "never" },
  /** When the archive indexed the file: `YYYY-MM-DD HH:MM:SS`, UTC. */
  ingestion_date: { type: "text", nullable: false, label: "Ingestion Date", form: "moment" },
  /** An identifier that the SDC computes from the path and the versions of a file's inputs, or null. */
  crid: { type: "text", nullable: true, label: "CRID", since: "now" },
  /** Whether the file is released to the public. */
  released: { type: "boolean", nullable: false, label: "Released", since: "now" },
} as const satisfies Readonly<Record<string, Column>>;

const ANCILLARY_COLUMNS = {
  file_path: PRODUCT_COLUMNS.file_path,
  instrument: PRODUCT_COLUMNS.instrument,
  descriptor: PRODUCT_COLUMNS.descriptor,
  /** The first day for which the file is valid, `YYYYMMDD`. */
  start_date: PRODUCT_COLUMNS.start_date,
  /** The last day for which the file is valid, `YYYYMMDD`; null if it is valid until a newer file replaces it. */
  end_date: { type: "text", nullable: true, label: "End Date", form: "day", display: "always" },
  version: PRODUCT_COLUMNS.version,
  extension: PRODUCT_COLUMNS.extension,
  ingestion_date: PRODUCT_COLUMNS.ingestion_date,
  released: PRODUCT_COLUMNS.released,
} as const satisfies Readonly<Record<string, Column>>;

const KERNEL_COLUMNS = {
  /** The name with its folder below `imap/spice`: `ck/imap_2025_274_2025_276_001.ah.bc`; older servers send the bare name. */
  file_name: { type: "text", nullable: false, label: "File Name", display: "never" },
  /** The name without the digits of its version. */
  file_root: { type: "text", nullable: false, label: "File Root", display: "never" },
  /** The contents of the kernel, for instance `leapseconds`. */
  kernel_type: { type: "text", nullable: false, label: "Kernel Type", display: "always" },
  /** The version: a number in responses; in a decoded row the digits in the file's name, for instance `001`. */
  version: { type: "integer", decoded: "text", nullable: true, label: "Version", display: "always" },
  /** The start of the kernel's coverage, in TDB seconds since J2000. */
  min_date_j2000: { type: "number", nullable: true, label: "Min Date J2000", display: "never" },
  /** The end of the kernel's coverage, in TDB seconds since J2000. */
  max_date_j2000: { type: "number", nullable: true, label: "Max Date J2000", display: "never" },
  /** The intervals that the kernel covers, in TDB seconds since J2000: pairs of start and end. */
  file_intervals_j2000: { type: "json", nullable: true, label: "Intervals J2000", display: "never" },
  /** The start of the kernel's coverage: `2025-10-01, 23:00:00`, UTC. */
  min_date_datetime: { type: "text", nullable: true, label: "Min Date", form: "moment", display: "always" },
  /** The end of the kernel's coverage. */
  max_date_datetime: { type: "text", nullable: true, label: "Max Date", form: "moment", display: "always" },
  /** The intervals that the kernel covers, as ISO 8601 timestamps: pairs of start and end. */
  file_intervals_datetime: { type: "json", nullable: true, label: "Intervals", display: "never" },
  /** The start of the kernel's coverage, in ticks of the spacecraft clock. */
  min_date_sclk: { type: "text", nullable: true, label: "Min Date SCLK", display: "never" },
  /** The end of the kernel's coverage, in ticks of the spacecraft clock. */
  max_date_sclk: { type: "text", nullable: true, label: "Max Date SCLK", display: "never" },
  /** The intervals that the kernel covers, in ticks of the spacecraft clock: pairs of start and end. */
  file_intervals_sclk: { type: "json", nullable: true, label: "Intervals SCLK", display: "never" },
  /** A path on the SDC's own machine, of no use elsewhere. */
  sclk_kernel: { type: "text", nullable: true, label: "SCLK Kernel", display: "never" },
  /** A path on the SDC's own machine, of no use elsewhere. */
  lsk_kernel: { type: "text", nullable: true, label: "LSK Kernel", display: "never" },
  ingestion_date: PRODUCT_COLUMNS.ingestion_date,
  /** The time of ingestion in seconds since 1970. */
  timestamp: { type: "number", nullable: true, label: "Timestamp", display: "never" },
} as const satisfies Readonly<Record<string, Column>>;

const REPOINT_COLUMNS = {
  file_path: PRODUCT_COLUMNS.file_path,
  /** The end of the file's coverage. */
  end_date: { type: "text", nullable: true, label: "End Date", form: "moment", display: "always" },
  /** The version's digits. */
  version: PRODUCT_COLUMNS.version,
  ingestion_date: PRODUCT_COLUMNS.ingestion_date,
} as const satisfies Readonly<Record<string, Column>>;

/** Spin files and small-forces files. */
const SPAN_COLUMNS = {
  file_path: PRODUCT_COLUMNS.file_path,
  /** The start of the file's coverage. */
  start_date: { type: "text", nullable: true, label: "Start Date", form: "moment", display: "always" },
  end_date: REPOINT_COLUMNS.end_date,
  version: PRODUCT_COLUMNS.version,
  ingestion_date: PRODUCT_COLUMNS.ingestion_date,
} as const satisfies Readonly<Record<string, Column>>;

/** The parameters of `GET /query` for all tables, in the order of the server's own list. */
const PAGE_PARAMETERS = {
  limit: { kind: "integer", help: "The most rows to answer with.", since: "now", isUnlisted: true },
  offset: { kind: "integer", help: "How many rows of the sorted answer to leave out.", since: "now", isUnlisted: true },
} as const satisfies Readonly<Record<string, Parameter>>;

const TABLE_PARAMETER = {
  kind: "table",
  help: "Which table to search. Default: science.",
  since: "now",
  isUnlisted: true,
} as const satisfies Parameter;

const INGESTION_PARAMETERS = {
  ingestion_start_date: { kind: "day", help: "Files indexed on this day (UTC) or later.", since: "now" },
  ingestion_end_date: { kind: "day", help: "Files indexed on this day (UTC) or earlier.", since: "now" },
} as const satisfies Readonly<Record<string, Parameter>>;

const COMMON_PARAMETERS = {
  table: TABLE_PARAMETER,
  extension: { kind: "extension", help: "The file's extension." },
  file_path: { kind: "path", help: "The file's full path in the archive." },
  instrument: { kind: "instrument", help: "The instrument." },
  descriptor: { kind: "text", help: "The product's name." },
  start_date: { kind: "day", help: "Files whose start date is this day or later." },
  end_date: { kind: "day", help: "Files whose start date is this day or earlier." },
  ingestion_date: { kind: "moment", help: "The moment at which the file was indexed." },
  ...INGESTION_PARAMETERS,
  released: { kind: "flag", help: "`true` for released files, `false` for all others.", since: "now" },
  ...PAGE_PARAMETERS,
} as const satisfies Readonly<Record<string, Parameter>>;

const PRODUCT_PARAMETERS = {
  ...COMMON_PARAMETERS,
  data_level: { kind: "data level", help: "The data level." },
  repointing: { kind: "integer", help: "The number of the repointing." },
  major_version: {
    kind: "integer",
    help: "The version's major number. Without it, the newest major version of each file is found.",
    since: "now",
  },
  minor_version: { kind: "integer", help: "The version's minor number.", since: "now" },
  cr: { kind: "integer", help: "The number of the Carrington rotation.", since: "now" },
  crid: { kind: "text", help: "The identifier that the SDC computed for the file.", since: "now" },
} as const satisfies Readonly<Record<string, Parameter>>;

const INGEST_DAYS = {
  start_ingest_date: { kind: "day", help: "Files indexed at or after the start of this day (UTC)." },
  end_ingest_date: { kind: "day", help: "Files indexed at or before the start of this day (UTC)." },
} as const satisfies Readonly<Record<string, Parameter>>;

/** Parameters of the tables of spin, repoint and small-forces files. */
const SPAN_PARAMETERS = {
  file_path: COMMON_PARAMETERS.file_path,
  start_date: { kind: "day", help: "Files that start at or after the start of this day (UTC)." },
  end_date: { kind: "day", help: "Files that end at or before the start of this day (UTC)." },
  latest: { kind: "flag", help: "Makes the SDC's server crash; never sent." },
  ...INGEST_DAYS,
} as const satisfies Readonly<Record<string, Parameter>>;

/**
 * The tables of the SDC (SDC protocol): routes, columns, parameters. The checks of queries, the displayed tables, the
 * archive's SQL, and the OpenAPI document are derived from this.
 *
 * `spin`, `repoint` and `thruster` are also reached by `GET /spice-query` with that `type`.
 */
export const SDC_TABLES = {
  science: {
    route: QUERY_ROUTE,
    always: {},
    columns: PRODUCT_COLUMNS,
    parameters: {
      ...PRODUCT_PARAMETERS,
      version: {
        kind: "version",
        help: "`v001` for a minor version, `v001.0002` for major and minor version.",
        isUnlisted: true,
      },
      latest: {
        kind: "flag",
        help: "`true` for the newest version of each file; ignored beside a major version.",
        since: "now",
        isUnlisted: true,
      },
    },
    extensions: SCIENCE_EXTENSIONS,
    sameFile: ["instrument", "data_level", "descriptor", "start_date", "repointing"],
  },
  ancillary: {
    route: QUERY_ROUTE,
    always: { table: "ancillary" },
    columns: ANCILLARY_COLUMNS,
    parameters: { ...COMMON_PARAMETERS, version: { kind: "version", help: "The version, `v001`." } },
    extensions: ANCILLARY_EXTENSIONS,
    // Rows have no repointing, but names may.
    sameFile: ["instrument", "descriptor", "start_date", "end_date", "repointing"],
  },
  quicklook: {
    route: QUERY_ROUTE,
    always: { table: "quicklook" },
    columns: PRODUCT_COLUMNS,
    parameters: PRODUCT_PARAMETERS,
    extensions: QUICKLOOK_EXTENSIONS,
    sameFile: ["instrument", "data_level", "descriptor", "start_date", "repointing"],
  },
  spice: {
    route: SPICE_QUERY_ROUTE,
    always: {},
    columns: KERNEL_COLUMNS,
    parameters: {
      type: {
        kind: "SPICE type",
        help:
          "A type of kernel; `kernels` for all of them; `spin`, `repoint` or `thruster` for the rows of those tables.",
      },
      file_name: { kind: "file name", help: "The bare name; the whole path of a spin, repoint or thruster file." },
      start_time: {
        kind: "seconds",
        help: "Kernels whose coverage ends at this time or later: TDB seconds since J2000.",
      },
      end_time: {
        kind: "seconds",
        help: "Kernels whose coverage starts at this time or earlier: TDB seconds since J2000.",
      },
      latest: { kind: "flag", help: "`true` for the highest version of each kernel, found before all other filters." },
      ...INGEST_DAYS,
    },
    extensions: [],
    sameFile: ["file_root"],
  },
  spin: {
    route: SPIN_TABLE_ROUTE,
    always: {},
    columns: SPAN_COLUMNS,
    parameters: SPAN_PARAMETERS,
    extensions: [],
    sameFile: ["start_date", "end_date"],
  },
  repoint: {
    route: REPOINT_TABLE_ROUTE,
    always: {},
    columns: REPOINT_COLUMNS,
    parameters: SPAN_PARAMETERS,
    extensions: [],
    sameFile: ["end_date"],
  },
  thruster: {
    route: SMALL_FORCES_TABLE_ROUTE,
    always: {},
    columns: SPAN_COLUMNS,
    parameters: SPAN_PARAMETERS,
    extensions: [],
    sameFile: ["start_date", "end_date"],
  },
} as const satisfies Readonly<Record<string, SdcTable>>;

/** The name of a table of the SDC. */
export type SdcTableName = keyof typeof SDC_TABLES;

/** Selects the columns, or the parameters, of a dialect. */
function namesIn(entries: Readonly<Record<string, Column | Parameter>>, dialect: Dialect): string[] {
  return Object.entries(entries).filter(([, { since }]) => since === undefined || dialect === since)
    .map(([name]) => name);
}

/** Returns the columns of a table's rows, in order. */
export function columnNames(table: SdcTableName, dialect: Dialect = "now"): string[] {
  return namesIn(SDC_TABLES[table].columns, dialect);
}

/** Returns the parameters of requests for a table. */
export function parameterNames(table: SdcTableName, dialect: Dialect = "now"): string[] {
  return namesIn(SDC_TABLES[table].parameters, dialect);
}

/**
 * Returns the parameter that a server does not support, if the text of its 400 response says so (SDC protocol, `GET
 * /query`).
 */
export function refusedParameter(text: string): string | undefined {
  return /^(\w{1,40}) is not a valid query parameter/.exec(text)?.[1];
}

/**
 * One value or several; a file must have one of them.
 *
 * @category Find files
 */
export type OneOrMore<Value> = Value | readonly Value[];

/**
 * A known word, which editors complete, or another text, which is checked when the query is sent.
 *
 * @category Find files
 */
export type WordOrText<Word extends string> = Word | (string & Record<never, never>);

/**
 * The tables that can be searched (SDC protocol): science files, ancillary files, quicklook files, SPICE files.
 *
 * @example
 * ```ts
 * import { TABLES } from "@imap-sdc/data-access";
 *
 * console.log(TABLES.join(", ")); // science, ancillary, quicklook, spice
 * ```
 *
 * @category Find files
 */
export const TABLES = ["science", "ancillary", "quicklook", "spice"] as const;

/**
 * The name of a table.
 *
 * @category Find files
 */
export type TableName = typeof TABLES[number];

/** The type of SPICE files that means all kernels: every type except those with their own table. */
export const ALL_KERNELS = "kernels";

/** The `major_version` that means every major version. It is not sent. */
export const ALL_MAJORS = "all";

/**
 * What to search for, under the SDC's own names (SDC protocol, `GET /query` and `GET /spice-query`). A file is found when
 * it meets all conditions. A parameter that the table does not have is an error.
 *
 * Days are `20260131`, `2026-01-31`, `2026-031`, `today`, `yesterday` or `7d` (seven days ago), a `Date`, or a value of
 * `Temporal`, all in UTC: see {@linkcode DayLike}.
 *
 * The client filters the rows by conditions that the SDC's server does not support: patterns, times of day, `released`,
 * and for SPICE files dates, versions, and names.
 *
 * @category Find files
 */
export interface QueryParameters {
  /** The table to search: `science`, `ancillary`, `quicklook` or `spice`. Default: that of `filename`, or `science`. */
  table?: WordOrText<TableName> | undefined;
  /** The instrument, for instance `mag`. Not for SPICE files. */
  instrument?: OneOrMore<WordOrText<Instrument>> | undefined;
  /** The data level, for instance `l1a`. Science and quicklook files. */
  data_level?: OneOrMore<WordOrText<DataLevel>> | undefined;
  /** The product's name, for instance `hist`, or a pattern such as `hi-*`. Not for SPICE files. */
  descriptor?: OneOrMore<string> | undefined;
  /**
   * The type of SPICE files, for instance `leapseconds`, or `kernels` for all types but `spin`, `repoint` and `thruster`.
   * SPICE files. Default: all types.
   */
  type?: OneOrMore<WordOrText<SpiceType | "kernels">> | undefined;
  /** Files that start on or after this day. SPICE files: those that cover this day or a later one. */
  start_date?: DayLike | undefined;
  /** Files that start on or before this day. SPICE files: those that cover this day or an earlier one. */
  end_date?: DayLike | undefined;
  /** Files that the archive ingested on or after this day or time: `2026-01-31`, `2026-01-31T12:00`. */
  ingestion_start_date?: DayLike | undefined;
  /** Files that the archive ingested on or before this day or time. */
  ingestion_end_date?: DayLike | undefined;
  /** Files that the archive ingested today. */
  today?: boolean | undefined;
  /** Files that the archive ingested in the last days, and today; 0 means only today. */
  days_ago?: number | string | undefined;
  /** The number of the repointing, or `repoint00012`. Not for SPICE files. */
  repointing?: OneOrMore<number | string> | undefined;
  /** The number of the Carrington rotation, or `cr02309`. Science and quicklook files. */
  cr?: OneOrMore<number | string> | undefined;
  /** The identifier that the SDC computed for a file. Science and quicklook files. */
  crid?: OneOrMore<string> | undefined;
  /**
   * `v001`, `v001.0002`, or `latest` for the newest version of each file among those that meet the other conditions.
   * `v001` means minor version 1; without `major_version`, the newest major version with this minor version is found.
   *
   * Two files are versions of the same file if they have the same instrument, data level, descriptor, start date and
   * repointing; ancillary files also the same end date; SPICE files the same name without its version.
   */
  version?: OneOrMore<WordOrText<"latest">> | undefined;
  /**
   * The version's major number, or `all`. Default: the newest major version of each science file, as at the SDC. `all`
   * finds every major version, with one request for each. Science and quicklook files.
   */
  major_version?: OneOrMore<number | WordOrText<"all">> | undefined;
  /** The version's minor number. Without `major_version`, the newest major version with this minor version is found. */
  minor_version?: OneOrMore<number | string> | undefined;
  /** The extension, for instance `cdf`. Not for SPICE files. */
  extension?: OneOrMore<string> | undefined;
  /**
   * `true` for released files, `false` for all others. Servers of 2024 do not send this; all of their files count as
   * released.
   */
  released?: boolean | "true" | "false" | undefined;
  /**
   * A file's name, or a pattern such as `*_l1a_*`: `*` matches any text, `?` matches one character. All major versions
   * are searched. Names of SPICE files are case-insensitive.
   */
  filename?: OneOrMore<string> | undefined;
  /** A file's full path in the archive: `imap/swe/l0/2024/01/imap_swe_l0_sci_20240105_v001.pkts`. */
  file_path?: OneOrMore<string> | undefined;
}

/** The name of a query's parameter. */
export type QueryParameterName = keyof QueryParameters;

/** The parameters of a request, checked. All values are text. */
export type WireQuery = Readonly<Record<string, string>>;

/** The parameters of `POST /reprocess`, which are in the query of its URL. The two dates are required. */
export const REPROCESS_PARAMETERS = [
  "start_date",
  "end_date",
  "instrument",
  "data_level",
  "descriptor",
  "reprocessing",
] as const;

/** The parameters of `GET /release`. Both are required. */
export const RELEASE_PARAMETERS = ["release_type", "manifest_file"] as const;

/** The types of release. The SDC supports only the first so far. */
export const RELEASE_TYPES = ["release", "early-release", "unrelease"] as const;

/** The values of `data_type` in a manifest's line besides data levels. */
export const RELEASE_DATA_TYPES = ["all", "ancillary"] as const;

/** One line of a release manifest: `mag, l1a, norm-mago, true` (SDC protocol, `GET /release`). */
interface ManifestLine {
  /** The instrument, for example `mag`. */
  readonly instrument: string;
  /** A data level; `ancillary`; or `all` for both. */
  readonly data_type: string;
  /** The name of one product, or `all`. */
  readonly descriptor: string;
  /** Whether the products are released; the SDC ignores lines with `false`. */
  readonly released: boolean;
}

/**
 * Parses a line of a release manifest.
 *
 * @returns Null for an empty line, a comment, or the header. Undefined for an invalid line.
 */
export function readManifestLine(line: string): ManifestLine | null | undefined {
  // For the SDC, a byte order mark is a part of the first word.
  if (line.startsWith("\ufeff")) return undefined;
  const text = line.trim();
  if (text === "" || text.startsWith("#")) return null;
  const [instrument = "", data_type = "", descriptor = "", flag = "", ...more] = text.split(",").map((field) =>
    field.trim()
  );
  if (instrument === "instrument") return null;
  const released = /^(true|false)$/i.test(flag) ? flag.toLowerCase() === "true" : undefined;
  if (released === undefined || more.length > 0) return undefined;
  return instrument === "" || data_type === "" || descriptor === ""
    ? undefined
    : { instrument, data_type, descriptor, released };
}
