import {
  compareVersions,
  type DataLevel,
  type DayLike,
  type Instrument,
  isSpiceType,
  isVersion,
  parseVersion,
  SPICE_FOLDERS,
  type SpiceType,
  type Version,
} from "../names/fields.ts";
import {
  ANCILLARY_EXTENSIONS,
  bareName,
  parseFileName,
  QUICKLOOK_EXTENSIONS,
  readSpiceFile,
  SCIENCE_EXTENSIONS,
  spiceRoot,
} from "../names/file_name.ts";
import { ProtocolError } from "../errors.ts";

// The routes of the API, and what its gateway answers.

/** The prefix of routes for callers with an API key, after the base address (SDC protocol). */
export const API_KEY_PREFIX = "/api-key";
/** The prefix of routes for callers with an access token. */
export const ACCESS_TOKEN_PREFIX = "/authorized";

/** `a b/c` -> `a%20b/c`: encodes each folder, and keeps the slashes. */
function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** The route of queries for science, ancillary and quicklook files. */
const QUERY_ROUTE = "/query";

/** The route of queries for SPICE files. */
const SPICE_QUERY_ROUTE = "/spice-query";

/** The route that lists spin files. */
const SPIN_TABLE_ROUTE = "/spin-table";

/** The route that lists repoint files. */
export const REPOINT_TABLE_ROUTE = "/repoint-table";

/** The route that lists small-forces files, which `GET /spice-query` calls `thruster`. */
const SMALL_FORCES_TABLE_ROUTE = "/small-forces-table";

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

// The route of webpoda, and the APIDs of its packets.

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
 * file (SDC protocol, "webpoda"). A function, since making them when every program starts would take 0.3 ms.
 */
export function instrumentApids(): ReadonlyMap<Instrument, readonly number[]> {
  return new Map<Instrument, readonly number[]>([
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
}

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

// The tables: their columns, and the parameters of their routes.

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

// The parameters of queries, and of orders.

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

// The rows: their types, and how a row of a response becomes one of them.

/**
 * One row of a query's response, whatever its table, under the SDC's own names (SDC protocol, `GET /query` and
 * `GET /spice-query`).
 *
 * Rows of older servers have different formats. The client normalizes three keys: `file_path` is always present,
 * `version` is the one in the file's name, and `ingestion_date` is `YYYY-MM-DD HH:MM:SS` in UTC. All other keys are
 * kept unchanged, including keys that the client does not know. A known key with a value of the wrong type is null. A
 * number that JavaScript does not hold, such as an integer beyond 2^53, or 1e400, is its text. `JSON.stringify` writes it
 * as it was received, and in a copy of the row (`{ ...row }`) as text.
 *
 * @category Find files
 */
export interface FileRecord {
  /** The file's path in the archive, which is also its path below the data directory. */
  readonly file_path: string;
  /** The instrument, for instance `mag`. */
  readonly instrument?: string | null;
  /** The data level, for instance `l1a`. */
  readonly data_level?: string | null;
  /** The product's name, for instance `norm-mago`. */
  readonly descriptor?: string | null;
  /** The day on which the data start, `YYYYMMDD`. */
  readonly start_date?: string | null;
  /** The last day for which an ancillary file is valid, `YYYYMMDD`, or null. */
  readonly end_date?: string | null;
  /** The number of the repointing, or null. */
  readonly repointing?: number | null;
  /** The number of the Carrington rotation, or null. */
  readonly cr?: number | null;
  /** The version in the file's name: `v001` or `v001.0002`; for a SPICE file its digits, for instance `0012`. */
  readonly version?: string | null;
  /** The version's major number. The SDC counts a file named `_v001` as major version 1; servers of 2024 send none. */
  readonly major_version?: number | null;
  /** The version's minor number. */
  readonly minor_version?: number | null;
  /** The file's extension, for instance `cdf`. */
  readonly extension?: string | null;
  /** When the archive indexed the file: `2024-07-09 15:42:23`, UTC. */
  readonly ingestion_date?: string | null;
  /** An identifier that the SDC computes from the path and the versions of a file's inputs, or null. */
  readonly crid?: string | null;
  /** Whether the file is released to the public; not sent by servers of 2024. */
  readonly released?: boolean | null;
  /** Other keys that servers may send. */
  readonly [key: string]: unknown;
}

/**
 * A row of the table of science files (SDC protocol, `GET /query`). A value that is null is taken from the file's name. It is a {@linkcode FileRecord} without unknown keys, so that a compiler finds mistyped ones.
 *
 * @category Find files
 */
export type ScienceRecord = {
  /** The file's path in the archive, which is also its path below the data directory. */
  readonly file_path: string;
  /** The instrument, for instance `mag`. */
  readonly instrument: string;
  /** The data level, for instance `l1a`. */
  readonly data_level: string;
  /** The product's name, for instance `norm-mago`. */
  readonly descriptor: string;
  /** The day on which the data start, `YYYYMMDD`. */
  readonly start_date: string;
  /** The version in the file's name: `v001` or `v001.0002`. */
  readonly version: string;
  /** The number of the repointing, or null. */
  readonly repointing?: number | null;
  /** The number of the Carrington rotation, or null. */
  readonly cr?: number | null;
  /** The version's major number. The SDC counts a file named `_v001` as major version 1; servers of 2024 send none. */
  readonly major_version?: number | null;
  /** The version's minor number. */
  readonly minor_version?: number | null;
  /** The file's extension, for instance `cdf`. */
  readonly extension?: string | null;
  /** When the archive indexed the file: `2024-07-09 15:42:23`, UTC. */
  readonly ingestion_date?: string | null;
  /** An identifier that the SDC computes from the path and the versions of a file's inputs, or null. */
  readonly crid?: string | null;
  /** Whether the file is released to the public; not sent by servers of 2024. */
  readonly released?: boolean | null;
};

/**
 * A row of the table of quicklook files: the same columns as those of science files (SDC protocol, `GET /query`).
 *
 * @category Find files
 */
export type QuicklookRecord = ScienceRecord;

/**
 * A row of the table of ancillary files: it has no data level, and may have an end date (SDC protocol, `GET /query`).
 *
 * @category Find files
 */
export type AncillaryRecord = {
  /** The file's path in the archive, which is also its path below the data directory. */
  readonly file_path: string;
  /** The instrument, for instance `mag`. */
  readonly instrument: string;
  /** The product's name, for instance `l1-cal`. */
  readonly descriptor: string;
  /** The first day for which the file is valid, `YYYYMMDD`. */
  readonly start_date: string;
  /** The last day for which the file is valid, `YYYYMMDD`; null if it is valid until a newer file replaces it. */
  readonly end_date?: string | null;
  /** The version in the file's name, for instance `v001`. */
  readonly version: string;
  /** The file's extension, for instance `csv`. */
  readonly extension?: string | null;
  /** When the archive indexed the file: `2024-07-09 15:42:23`, UTC. */
  readonly ingestion_date?: string | null;
  /** Whether the file is released to the public; not sent by servers of 2024. */
  readonly released?: boolean | null;
};

/**
 * A row of the table of SPICE files (SDC protocol, `GET /spice-query`). The rows of spin, repoint and small-forces
 * files have `start_date` and `end_date` instead of coverage; the client fills in `kernel_type`, `min_date_datetime`,
 * and `max_date_datetime`.
 *
 * @category Find files
 */
export type SpiceRecord = {
  /** The file's path in the archive, which is also its path below the data directory. */
  readonly file_path: string;
  /** The digits of the version in the file's name, for instance `0012`. */
  readonly version?: string | null;
  /** When the archive indexed the file: `2024-07-09 15:42:23`, UTC. */
  readonly ingestion_date?: string | null;
  /** The first day of a spin or small-forces file, as {@linkcode SpiceRecord.min_date_datetime}. */
  readonly start_date?: string | null;
  /** The last day of a spin, repoint or small-forces file. */
  readonly end_date?: string | null;
  /** The name with its folder below `imap/spice`, for instance `lsk/naif0012.tls`; older servers send the bare name. */
  readonly file_name?: string | null;
  /** The name without the digits of its version. */
  readonly file_root?: string | null;
  /** The contents of the file, for instance `leapseconds`. */
  readonly kernel_type?: string | null;
  /** The start of the file's coverage: `2025-10-01, 23:00:00`, UTC, or null. */
  readonly min_date_datetime?: string | null;
  /** The end of the file's coverage, or null. */
  readonly max_date_datetime?: string | null;
  /** The start of the kernel's coverage, in TDB seconds since J2000. */
  readonly min_date_j2000?: number | null;
  /** The end of the kernel's coverage, in TDB seconds since J2000. */
  readonly max_date_j2000?: number | null;
  /** The start of the kernel's coverage, in ticks of the spacecraft clock. */
  readonly min_date_sclk?: string | null;
  /** The end of the kernel's coverage, in ticks of the spacecraft clock. */
  readonly max_date_sclk?: string | null;
  /** The intervals that the kernel covers, in TDB seconds since J2000: an array of pairs of start and end. */
  readonly file_intervals_j2000?: unknown;
  /** The intervals that the kernel covers, as ISO 8601 timestamps: an array of pairs of start and end. */
  readonly file_intervals_datetime?: unknown;
  /** The intervals that the kernel covers, in ticks of the spacecraft clock: an array of pairs of start and end. */
  readonly file_intervals_sclk?: unknown;
  /** A path on the SDC's own machine, of no use elsewhere. */
  readonly sclk_kernel?: string | null;
  /** A path on the SDC's own machine, of no use elsewhere. */
  readonly lsk_kernel?: string | null;
  /** The time of ingestion in seconds since 1970. */
  readonly timestamp?: number | null;
};

/** A JSON object with any keys. A row is changed in place: copying 100,000 rows would double the time of decoding. */
type JsonObject = Record<string, unknown>;

/** Whether a decoded JSON value is an object, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Matches every text with a number that a double may not hold, and few others. */
const MAY_LOSE_DIGITS = /\d{16}|\d[eE][+-]?\d{3}/;

/** The numbers that a double does not hold, as they were received, by the object or array with their texts, and by key. */
const keptNumbers = new WeakMap<object, Map<string, string>>();

/** Whether a double holds a number without losing digits, except those of a fraction. */
function isHeld(number: number, source: string): boolean {
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(number);
  return Number.isFinite(number) && (number !== 0 || /^[-0.]+(?:e|$)/i.test(source));
}

/** `toJSON` of an object or array with kept numbers: JSON has numbers of any length, so it gets them as the server sent them. */
function withKeptNumbers(this: object): unknown {
  const kept = keptNumbers.get(this);
  // Missing in TypeScript's types (ECMAScript 2026).
  const rawJson: unknown = Reflect.get(JSON, "rawJSON");
  const entries = Object.entries(this).map(([key, value]: [string, unknown]): [string, unknown] => {
    const isKept = value !== undefined && kept?.get(key) === value && typeof rawJson === "function";
    return [key, isKept ? Reflect.apply(rawJson, JSON, [value]) : value];
  });
  return Array.isArray(this) ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}

function keepNumber(holder: object, key: string, source: string): void {
  const kept = keptNumbers.get(holder) ?? new Map<string, string>();
  kept.set(key, source);
  if (keptNumbers.has(holder)) return;
  keptNumbers.set(holder, kept);
  Object.defineProperty(holder, "toJSON", { value: withKeptNumbers, configurable: true, writable: true });
}

/**
 * Parses JSON as `JSON.parse` does, and keeps the digits of numbers that a double does not hold, such as integers beyond
 * 2^53 and 1e400: they become their texts, which `JSON.stringify` writes as they were received. A bigint would do so too,
 * but `JSON.stringify` would throw for a copy of the object.
 *
 * @throws {SyntaxError} When the text is not JSON.
 */
export function parseJson(text: string): unknown {
  if (!MAY_LOSE_DIGITS.test(text)) return JSON.parse(text);
  try {
    return JSON.parse(text, function (this: object, key: string, value: unknown, context?: { source?: string }) {
      const source = context?.source;
      if (typeof value !== "number" || source === undefined || isHeld(value, source)) return value;
      keepNumber(this, key, source);
      return source;
    });
  } catch (error) {
    // Values that are nested too deeply for a reviver.
    if (error instanceof RangeError) return JSON.parse(text);
    throw error;
  }
}

/** A known key, and the `typeof` of its values; undefined for nested values. */
interface KnownKey {
  readonly name: string;
  readonly type: ColumnType;
  readonly typeOf: "string" | "number" | "boolean" | undefined;
}

const TYPE_OF = { text: "string", integer: "number", number: "number", boolean: "boolean", json: undefined } as const;

function knownKeys(columns: Readonly<Record<string, Column>>): readonly KnownKey[] {
  return Object.entries(columns).map(([name, { type, decoded = type }]) => ({
    name,
    type: decoded,
    typeOf: TYPE_OF[decoded],
  }));
}

let fileKeys: readonly KnownKey[] | undefined;
let spiceKeys: readonly KnownKey[] | undefined;

/** Returns the possible keys of rows of `GET /spice-query` or `GET /query`. */
function keysOf(table: TableName): readonly KnownKey[] {
  const { science, ancillary, spice, spin } = SDC_TABLES;
  return table === "spice"
    ? spiceKeys ??= knownKeys({ ...science.columns, ...spin.columns, ...spice.columns })
    : fileKeys ??= knownKeys({ ...science.columns, ...ancillary.columns });
}

/** Converts a value to a type; null if that is not possible. */
function ofType(type: ColumnType, value: unknown): unknown {
  switch (type) {
    case "text":
      return typeof value === "string" ? value : typeof value === "number" ? String(value) : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "json":
      return value;
  }
  const number = typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  const isRight = type === "integer" ? Number.isSafeInteger(number) : Number.isFinite(number);
  return isRight ? number : null;
}

/**
 * Makes sure that the values of known keys have the right types: one wrong value must not make the whole response
 * unusable.
 */
function normalizeTypes(row: JsonObject, keys: readonly KnownKey[]): void {
  const kept = keptNumbers.get(row);
  for (const { name, type, typeOf } of keys) {
    const value = row[name];
    // Of a column of texts, the text of a number is the value.
    kept?.delete(name);
    if (value === undefined || value === null || (typeof value === typeOf && type !== "integer")) continue;
    const right = ofType(type, value);
    if (right !== value) row[name] = right;
  }
}

/** Matches ISO 8601 without a time zone or in UTC, and similar formats. */
const MOMENT = /^(\d{4})-?(\d\d)-?(\d\d)(?:,? |T)(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-]00:?00)?$/;

/** The SDC's format today. */
const TODAYS_MOMENT = /^\d{8} \d\d:\d\d:\d\d$/;

/** Normalizes the time of ingestion to `YYYY-MM-DD HH:MM:SS`, UTC, which can be sorted as text. */
function normalizeIngestion(row: JsonObject): void {
  const { ingestion_date: text } = row;
  // Nearly all rows have `2026-04-20 03:04:05` or `20260420 03:04:05`.
  if (typeof text !== "string" || (text.length === 19 && text[4] === "-" && text[10] === " ")) return;
  if (TODAYS_MOMENT.test(text)) {
    row.ingestion_date = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
    return;
  }
  const [, year, month, day, time] = MOMENT.exec(text) ?? [];
  if (time !== undefined) row.ingestion_date = `${year}-${month}-${day} ${time}`;
}

/** Takes the version from the file's name: for `_v001.cdf`, the SDC's row contains `v001.0001`. */
function normalizeVersion(row: JsonObject, path: string): void {
  const { version } = row;
  if (version === undefined && row.minor_version === undefined) return;
  const [start, end] = [path.lastIndexOf("_") + 1, path.lastIndexOf(".")];
  // In nearly all rows, the version is the one in the name.
  if (typeof version === "string" && end - start === version.length && path.startsWith(version, start)) return;
  const named = path.slice(start, end);
  if (isVersion(named)) row.version = named;
}

/** The values that rows of product files must have (SDC protocol: the columns cannot be null). */
const REQUIRED = ["instrument", "data_level", "descriptor", "start_date", "version"] as const;

/** Takes values that are null, or had the wrong type, from the file's name; a name of another form leaves them null. */
function fillFromName(row: JsonObject, path: string): void {
  const { instrument, data_level, descriptor, start_date, version } = row;
  // Nearly all rows have all values.
  if (instrument !== null && data_level !== null && descriptor !== null && start_date !== null && version !== null) {
    return;
  }
  const lacking = REQUIRED.filter((key) => row[key] === null);
  try {
    const named: JsonObject = { ...parseFileName(bareName(path)) };
    for (const key of lacking) if (typeof named[key] === "string") row[key] = named[key];
  } catch {
    // The path is all that is known of the file.
  }
}

/** Folders of SPICE files that determine the type. Small-forces files have been stored in three of them. */
const TYPE_OF_FOLDER: ReadonlyMap<string, SpiceType> = new Map<string, SpiceType>([
  ["spin", "spin"],
  ["repoint", "repoint"],
  ["activities", "thruster"],
  ["small-forces", "thruster"],
  ["thruster", "thruster"],
]);

/** Returns the path of a kernel whose row has only a name: with its folder, as today, or bare, as on older servers. */
function kernelPath({ file_name, kernel_type }: JsonObject): string | undefined {
  if (typeof file_name !== "string" || file_name === "") return undefined;
  if (file_name.startsWith("imap/")) return file_name;
  if (file_name.includes("/")) return `imap/spice/${file_name}`;
  const file = readSpiceFile(file_name);
  const type = Array.isArray(file) ? kernel_type : file.kernel_type;
  return `imap/spice/${isSpiceType(type) ? `${SPICE_FOLDERS[type]}/` : ""}${file_name}`;
}

/**
 * Fills in keys that rows of `GET /spice-query` omit: the type and coverage of spin, repoint, and small-forces files.
 */
function normalizeSpice(row: JsonObject, path: string): void {
  const file = readSpiceFile(bareName(path));
  if (Array.isArray(file)) {
    const type = TYPE_OF_FOLDER.get(path.split("/").at(-2) ?? "");
    if (type !== undefined) row.kernel_type ??= type;
  } else {
    row.kernel_type ??= file.kernel_type;
    if (file.version !== null && row.version !== undefined) row.version = file.version;
  }
  const { start_date, end_date } = row;
  if (start_date !== undefined) row.min_date_datetime ??= start_date;
  if (end_date !== undefined) row.max_date_datetime ??= end_date;
}

/** Converts a received object to a row, or throws a ProtocolError that says why it is not one. */
function normalize(row: JsonObject, table: TableName, count: number): asserts row is JsonObject & FileRecord {
  const path = row.file_path ?? (table === "spice" ? kernelPath(row) : undefined);
  if (typeof path !== "string" || path === "") throw new ProtocolError(`row ${count} has no file_path`);
  row.file_path = path;
  normalizeTypes(row, keysOf(table));
  normalizeIngestion(row);
  if (table === "spice") normalizeSpice(row, path);
  else {
    normalizeVersion(row, path);
    fillFromName(row, path);
  }
}

/**
 * Decodes a row of a table, and normalizes it: see {@linkcode FileRecord}.
 *
 * @param value The result of `JSON.parse`; it is changed in place.
 * @param count The number of the row, for messages: 1 for the first.
 * @throws {ProtocolError} When it is not an object, or does not contain the path of the file.
 */
export function decodeRow(table: TableName, value: unknown, count: number): FileRecord {
  if (!isJsonObject(value)) throw new ProtocolError(`row ${count} is not an object`);
  normalize(value, table, count);
  return value;
}

/**
 * Decodes an array of rows.
 *
 * @throws {ProtocolError} When it is not an array of rows; the message names the wrong row.
 */
export function decodeFileRecords(json: unknown, table: TableName = "science"): FileRecord[] {
  if (!Array.isArray(json)) throw new ProtocolError("it is not an array of files");
  return json.map((value: unknown, index) => decodeRow(table, value, index + 1));
}

/** Returns a row's version as numbers, which the server sends or the text contains; undefined if it has none. */
export function recordVersion({ version, major_version, minor_version }: FileRecord): Version | undefined {
  if (typeof minor_version === "number") return { major: major_version ?? null, minor: minor_version };
  return typeof version === "string" && isVersion(version) ? parseVersion(version) : undefined;
}

/** The names of ancillary files may contain a repointing that the SDC's rows do not. */
const REPOINTING = /-repoint(\d{5})_/;
/** The names of science files may contain a Carrington rotation that the rows of servers of 2024 do not. */
const ROTATION = /-cr(\d{5})_/;

/** Returns a row's own number, or else the one in the file's name. */
export function numberOf(row: FileRecord, key: "repointing" | "cr"): number | null {
  const own = row[key];
  if (own !== undefined && own !== null) return own;
  const digits = (key === "cr" ? ROTATION : REPOINTING).exec(bareName(row.file_path))?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * Returns a row's version as numbers; undefined if it has none. The number of digits depends on the type of SPICE file:
 * `01`, `001`.
 */
export function versionOf(table: TableName, row: FileRecord): Version | undefined {
  if (table !== "spice") return recordVersion(row);
  const digits = /^v?(\d{1,15})$/.exec(row.version ?? "")?.[1];
  return digits === undefined ? undefined : { major: null, minor: Number(digits) };
}

/** Returns a text that is the same for all versions of a file. */
export function fileOf(table: TableName, row: FileRecord): string {
  if (table === "spice") {
    const root = typeof row.file_root === "string" ? row.file_root : spiceRoot(bareName(row.file_path));
    return root ?? JSON.stringify([row.kernel_type, row.start_date, row.end_date, row.max_date_datetime]);
  }
  // Joined, since this runs for each of maybe 100,000 rows.
  return SDC_TABLES[table].sameFile.map((key) => key === "repointing" ? numberOf(row, key) : row[key] ?? "").join("\0");
}

/** Returns the newest version of each file, in the same order. */
export function newestVersions<Row extends FileRecord>(table: TableName, rows: readonly Row[]): Row[] {
  const newest = new Map<string, { readonly row: Row; readonly version: Version | undefined }>();
  for (const row of rows) {
    const file = fileOf(table, row);
    const version = versionOf(table, row);
    const best = newest.get(file);
    const isNewer = best?.version === undefined ||
      (version !== undefined && compareVersions(version, best.version) > 0);
    if (isNewer) newest.set(file, { row, version });
  }
  const kept = new Set([...newest.values()].map(({ row }) => row));
  return rows.filter((row) => kept.has(row));
}

/**
 * Returns all versions of the newest major version of each file, in the same order. Rows without major versions, from
 * older servers, are all kept: those servers send all versions.
 */
export function newestMajorVersions<Row extends FileRecord>(table: TableName, rows: readonly Row[]): Row[] {
  const newest = new Map<string, number>();
  for (const row of rows) {
    if (typeof row.major_version !== "number") continue;
    const file = fileOf(table, row);
    newest.set(file, Math.max(newest.get(file) ?? row.major_version, row.major_version));
  }
  return rows.filter((row) =>
    typeof row.major_version !== "number" || row.major_version === newest.get(fileOf(table, row))
  );
}
