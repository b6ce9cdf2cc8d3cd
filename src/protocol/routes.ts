import type { Instrument } from "../names/vocabulary.ts";
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
 * content type does not tell, since some routes send plain text as `text/html`.
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
