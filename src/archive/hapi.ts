// The HAPI server of the archive, version 3.3 (https://github.com/hapi-server/data-specification).
import type { Sight } from "./access.ts";
import type { Catalog } from "./catalog.ts";
import { type HapiDataset, HapiDatasets, type HapiParameter } from "./hapi_datasets.ts";
import { encodeRecords, estimateBytes, FORMATS, type HapiFormat, type RecordsQuery } from "./hapi_records.ts";
import type { ObjectStore } from "./object_store.ts";
import { isoToTime, timesToMilliseconds } from "../cdf/cdf.ts";
import { isOneOf } from "../names/fields.ts";
import { escapeHtml } from "../display/table.ts";
import { STATUS_TEXT } from "@std/http";
import { pipeline } from "node:stream";
import { createGzip } from "node:zlib";

const VERSION = "3.3";

/** The status codes of HAPI that the archive uses, with their statuses in HTTP and their texts (section 4.2). */
const STATUSES = {
  1200: [200, "OK"],
  1201: [200, "OK - no data for time range"],
  1400: [400, "Bad request - user input error"],
  1401: [400, "Bad request - unknown API parameter name"],
  1402: [400, "Bad request - syntax error in start time"],
  1403: [400, "Bad request - syntax error in stop time"],
  1404: [400, "Bad request - start equal to or after stop"],
  1405: [400, "Bad request - start < startDate and/or stop > stopDate"],
  1406: [404, "Bad request - unknown dataset id"],
  1407: [404, "Bad request - unknown dataset parameter"],
  1408: [400, "Bad request - too much time or data requested"],
  1409: [400, "Bad request - unsupported output format"],
  1410: [400, "Bad request - unsupported include value"],
  1411: [400, "Bad request - out-of-order or duplicate parameters"],
  1412: [400, "Bad request - unsupported resolve_references value"],
  1413: [400, "Bad request - unsupported depth value"],
  1500: [500, "Internal server error"],
} as const;
type Code = keyof typeof STATUSES;

/** A request that cannot be answered. What the caller sent is not repeated in the response. */
class HapiError extends Error {
  readonly code: Code;
  /** What follows the text of the code. */
  readonly detail: string;

  constructor(code: Code, detail = "") {
    super(STATUSES[code][1]);
    this.code = code;
    this.detail = detail;
  }
}

/** The maximum number of bytes of a response in the binary format: some weeks of the fastest instrument. */
export const MAX_DATA_BYTES = 64 * 1024 ** 3;

/** The options of {@linkcode HapiServer}. */
interface HapiOptions {
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  /** The maximum number of bytes of a response in the binary format. */
  readonly maxBytes?: number | undefined;
  /** Called with each error that is not the caller's. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A request for one of HAPI's routes. */
interface HapiRequest {
  readonly request: Request;
  readonly url: URL;
  /** The path behind `/hapi`, with its slash; empty for `/hapi`. */
  readonly route: string;
  readonly sight: Sight;
}

/** Every response may be read by the pages of all sites; browsers send no credentials for them. */
const HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, HEAD",
  // The asterisk does not include this one (Fetch Standard, "CORS non-wildcard request-header name").
  "access-control-allow-headers": "*, authorization",
  "cache-control": "private, no-cache",
  "x-content-type-options": "nosniff",
  "vary": "accept-encoding, authorization, x-api-key",
};
const JSON_TYPE = "application/json; charset=utf-8";
const TYPES: Readonly<Record<HapiFormat, string>> = {
  csv: "text/csv; charset=utf-8",
  binary: "application/octet-stream",
  json: JSON_TYPE,
};

function statusOf(code: Code, detail = ""): { readonly code: Code; readonly message: string } {
  return { code, message: detail === "" ? STATUSES[code][1] : `${STATUSES[code][1]}: ${detail}` };
}

/** The status line: `404 Not Found; HAPI 1406 Bad request - unknown dataset id`. */
function statusLine(code: Code, status: number = STATUSES[code][0]): { status: number; statusText: string } {
  return { status, statusText: code === 1200 ? "OK" : `${STATUS_TEXT[status]}; HAPI ${code} ${STATUSES[code][1]}` };
}

function withStatus(code: Code, content: object = {}, detail = ""): object {
  return { HAPI: VERSION, status: statusOf(code, detail), ...content };
}

function jsonResponse(code: Code, content: object = {}, detail = ""): Response {
  const text = `${JSON.stringify(withStatus(code, content, detail), null, 2)}\n`;
  return new Response(text, { ...statusLine(code), headers: { ...HEADERS, "content-type": JSON_TYPE } });
}

/** The response to callers without the key. */
export function hapiUnauthorized(status: 401 | 403): Response {
  const text = `${JSON.stringify(withStatus(1400, {}, "a key is required"), null, 2)}\n`;
  const headers = { ...HEADERS, "content-type": JSON_TYPE, "www-authenticate": 'Basic realm="IMAP archive"' };
  return new Response(text, { ...statusLine(1400, status), headers });
}

/** The names of parameters of requests: those of HAPI 3, and those of HAPI 2 in their place. */
const HAPI_2: Readonly<Record<string, string>> = { id: "dataset", "time.min": "start", "time.max": "stop" };

/** Reads the parameters of a request. */
function readParameters(search: URLSearchParams, known: readonly string[]): Map<string, string> {
  const given = new Map<string, string>();
  for (const [key, value] of search) {
    const name = Object.hasOwn(HAPI_2, key) ? HAPI_2[key] ?? key : key;
    if (!known.includes(name)) throw new HapiError(1401, `expected ${known.join(", ") || "none"}`);
    if (given.has(name)) throw new HapiError(1400, `${name} is given twice`);
    given.set(name, value);
  }
  const references = given.get("resolve_references");
  if (references !== undefined && references !== "true" && references !== "false") throw new HapiError(1412);
  return given;
}

/**
 * A time of HAPI: a date with a month and a day or with a day of the year, cut anywhere. `2017Z`, `2017-015T23Z`,
 * `2017-01-15T23:00:00.5Z`; the Z may be missing.
 */
const TIME =
  /^(?<year>\d{4})(?:-(?:(?<dayOfYear>\d{3})|(?<month>\d\d)(?:-(?<day>\d\d))?))?(?:(?<=-\d\d-\d\d|-\d{3})T(?<hour>\d\d)(?::(?<minute>\d\d)(?::(?<second>\d\d)(?:\.(?<fraction>\d*))?)?)?)?Z?$/;

/** The first and the last year that TT2000 can represent as a whole. */
const [FIRST_YEAR, LAST_YEAR] = [1708, 2291];

/** Reads a time as TT2000, with more digits where 64 bits are too few; undefined if it is none. */
function readTime(text: string): bigint | undefined {
  const parts = TIME.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const { year, dayOfYear, month = "01", day = "01", hour = "00", minute = "00", second = "00", fraction = "" } = parts;
  const isDayOfYear = dayOfYear !== undefined;
  const date = new Date(`${year}-${isDayOfYear ? "01" : month}-${isDayOfYear ? "01" : day}T00:00:00Z`);
  if (isDayOfYear) date.setUTCDate(Number(dayOfYear));
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() !== Number(year)) return undefined;
  // `Date` turns February 30 into a day in March.
  if (isDayOfYear ? Number(dayOfYear) < 1 : date.getUTCDate() !== Number(day)) return undefined;
  const isMidnight = hour === "24";
  if (isMidnight && (Number(minute) !== 0 || Number(second) !== 0 || /[1-9]/.test(fraction))) return undefined;
  if (isMidnight) date.setUTCDate(date.getUTCDate() + 1);
  const time = `${isMidnight ? "00" : hour}:${minute}:${second}.${fraction.slice(0, 9).padEnd(9, "0")}`;
  const isFar = date.getUTCFullYear() < FIRST_YEAR || date.getUTCFullYear() > LAST_YEAR;
  try {
    if (!isFar) return isoToTime(`${date.toISOString().slice(0, 10)}T${time}Z`, "TT2000");
    if (Number(hour) > 24 || Number(minute) > 59 || Number(second) > 59) return undefined;
    const near = date.getUTCFullYear() < FIRST_YEAR ? `${FIRST_YEAR}-01-01` : `${LAST_YEAR}-12-31`;
    const seconds = ((isMidnight ? 0 : Number(hour)) * 60 + Number(minute)) * 60 + Number(second);
    const more = BigInt(date.getTime() - Date.parse(near) + seconds * 1000) * 1_000_000n;
    return isoToTime(near, "TT2000") + more + BigInt(time.slice(-9));
  } catch {
    return undefined; // 25:00:00, or a leap second where there was none.
  }
}

/** The times of a dataset's first and last records, to the millisecond; the second one is not before the last record. */
function datesOf({ files }: HapiDataset): { readonly startDate: string; readonly stopDate: string } {
  const first = files.reduce((least, file) => file.first < least ? file.first : least, files[0]?.first ?? 0n);
  const last = files.reduce((most, file) => file.last > most ? file.last : most, files[0]?.last ?? 0n);
  return { startDate: isoOf(first, 0), stopDate: isoOf(last, 1) };
}

/** Writes a time in milliseconds, and some more. */
function isoOf(time: bigint, more: number): string {
  return new Date(Math.floor(timesToMilliseconds(BigInt64Array.of(time), "TT2000")[0] ?? 0) + more).toISOString();
}

/**
 * How far from a dataset a span of time may be, in which there are no data. hapiclient divides a span into whole hours,
 * days, or months, and asks for one more behind it.
 */
const MARGIN_MS = 32 * 86_400_000;
const HOUR_MS = 3_600_000;

/** Returns the span of the first hour, at most, of the file with the latest data. */
function sampleOf({ files }: HapiDataset): { sampleStartDate: string; sampleStopDate: string } {
  const latest = files.reduce((a, b) => b.last > a.last ? b : a, files[0] ?? { first: 0n, last: 0n });
  const [start, stop] = [isoOf(latest.first, 0), isoOf(latest.last, 1)];
  const hour = new Date(Date.parse(start) + HOUR_MS).toISOString();
  return { sampleStartDate: start, sampleStopDate: hour < stop ? hour : stop };
}

/** Selects parameters of a dataset; the time is always the first one. */
function selectParameters({ parameters }: HapiDataset, text: string | undefined): readonly HapiParameter[] {
  const [time, ...others] = parameters;
  if (text === undefined || text === "" || time === undefined) return parameters;
  const indices = text.split(",").map((name) => parameters.findIndex((parameter) => parameter.name === name));
  if (indices.includes(-1)) throw new HapiError(1407);
  if (indices.some((index, at) => index <= (indices[at - 1] ?? -1))) throw new HapiError(1411);
  return [time, ...others.filter((_, index) => indices.includes(index + 1))];
}

/** When one of a dataset's files was last modified. */
function modifiedOf({ files }: HapiDataset): Date {
  return new Date(files.reduce((newest, { mtime }) => Math.max(newest, mtime), 0));
}

function infoOf(dataset: HapiDataset, parameters: readonly HapiParameter[]): object {
  return {
    ...datesOf(dataset),
    ...sampleOf(dataset),
    modificationDate: modifiedOf(dataset).toISOString(),
    ...dataset.info,
    parameters: parameters.map(({ info }) => info),
  };
}

/** The response to a HEAD request. The length of records is not known without reading all of them. */
async function headOf({ status, statusText, headers, body }: Response): Promise<Response> {
  if (body !== null) headers.set("content-length", String((await new Response(body).bytes()).length));
  return new Response(null, { status, statusText, headers });
}

/** Whether a caller can read gzip (RFC 9110, section 12.5.3). */
function readsGzip(headers: Headers): boolean {
  const codings = (headers.get("accept-encoding") ?? "").toLowerCase().split(",").map((coding) => coding.trim());
  return codings.some((coding) => /^(gzip|x-gzip|\*)(\s*;|$)/.test(coding) && !/;\s*q=0(\.0*)?\s*$/.test(coding));
}

/** The effort of compression. `CompressionStream` has level 6, which takes three times as long for nearly the same size. */
const GZIP = { level: 3, chunkSize: 64 * 1024 };

/** Compresses a body as it is read. */
function gzip(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const packing = createGzip(GZIP);
  // An error, or the end of the reader, ends both.
  pipeline(iterate(body), packing, () => {});
  const chunks: AsyncIterator<Uint8Array> = packing[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return?.();
    },
  }, { highWaterMark: 0 });
}

/** Yields the chunks of a body, which is canceled if they are not read to the end. */
async function* iterate(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* body;
}

function compressed({ status, statusText, headers, body }: Response): Response {
  if (body === null) return new Response(null, { status, statusText, headers });
  headers.set("content-encoding", "gzip");
  headers.delete("content-length");
  return new Response(gzip(body), { status, statusText, headers });
}

/** Responds to requests below `/hapi`. */
export class HapiServer {
  readonly #options: HapiOptions;
  readonly #datasets: HapiDatasets;

  constructor(options: HapiOptions) {
    const { catalog, store, onError = () => {} } = options;
    this.#options = options;
    this.#datasets = new HapiDatasets({ catalog, store, onError });
  }

  /** Responds to a request. Errors are responses, too. */
  async answer(call: HapiRequest): Promise<Response> {
    const { request, url, route } = call;
    const { method, headers } = request;
    if (method === "OPTIONS") return new Response(null, { status: 204, headers: HEADERS });
    if (route.endsWith("/")) {
      const location = url.pathname.replace(/\/+$/, "") + url.search;
      return new Response(null, { status: 301, headers: { ...HEADERS, location } });
    }
    let response: Response;
    try {
      if (method !== "GET" && method !== "HEAD") throw new HapiError(1400, "expected GET or HEAD");
      response = await this.#route(call);
    } catch (error) {
      if (error instanceof HapiError) {
        response = jsonResponse(error.code, {}, error.detail);
      } else {
        this.#options.onError?.(error);
        response = jsonResponse(1500);
      }
    }
    if (method === "HEAD") return await headOf(response);
    return readsGzip(headers) ? compressed(response) : response;
  }

  async #route(call: HapiRequest): Promise<Response> {
    const { url: { searchParams }, sight } = call;
    switch (call.route) {
      case "":
        readParameters(searchParams, []);
        return this.#page(call, await this.#datasets.list(sight));
      case "/about":
        readParameters(searchParams, []);
        return jsonResponse(1200, {
          id: "IMAP",
          title: "IMAP archive",
          contact: "the operator of this archive",
          description:
            "Data of the Interstellar Mapping and Acceleration Probe (IMAP), read from the CDF files of an archive",
        });
      case "/capabilities":
        readParameters(searchParams, []);
        return jsonResponse(1200, { outputFormats: FORMATS, catalogDepthOptions: ["dataset"] });
      case "/catalog": {
        const given = readParameters(searchParams, ["depth", "resolve_references"]);
        if (!["dataset", ""].includes(given.get("depth") ?? "")) throw new HapiError(1413, "expected dataset");
        return jsonResponse(1200, { catalog: await this.#datasets.list(sight) });
      }
      case "/info": {
        const given = readParameters(searchParams, ["dataset", "parameters", "resolve_references"]);
        const dataset = await this.#find(given, sight);
        const response = jsonResponse(1200, infoOf(dataset, selectParameters(dataset, given.get("parameters"))));
        response.headers.set("last-modified", modifiedOf(dataset).toUTCString());
        return response;
      }
      case "/data":
        return await this.#data(call);
      default:
        throw new HapiError(1400, "there is no such route");
    }
  }

  async #find(given: ReadonlyMap<string, string>, sight: Sight): Promise<HapiDataset> {
    const id = given.get("dataset");
    if (id === undefined) throw new HapiError(1400, "dataset is missing");
    const dataset = await this.#datasets.find(id, sight);
    if (dataset === undefined) throw new HapiError(1406);
    return dataset;
  }

  async #data({ request, url, sight }: HapiRequest): Promise<Response> {
    const known = ["dataset", "start", "stop", "parameters", "include", "format", "resolve_references"];
    const given = readParameters(url.searchParams, known);
    const format = given.get("format") || "csv";
    if (!isOneOf(FORMATS, format)) throw new HapiError(1409, `expected ${FORMATS.join(", ")}`);
    const include = given.get("include");
    if (include !== undefined && include !== "header") throw new HapiError(1410, "expected header");
    if (!given.has("dataset")) throw new HapiError(1400, "dataset is missing");
    const start = readTime(given.get("start") ?? "");
    if (start === undefined) throw new HapiError(1402, "expected a time such as 2026-01-31T00:00:00Z");
    const stop = readTime(given.get("stop") ?? "");
    if (stop === undefined) throw new HapiError(1403, "expected a time such as 2026-01-31T00:00:00Z");
    if (start >= stop) throw new HapiError(1404);
    const dataset = await this.#find(given, sight);
    const query = { dataset, parameters: selectParameters(dataset, given.get("parameters")), start, stop };
    this.#checkSpan(query);
    return await this.#stream(query, { format, hasHeader: include === "header", isHead: request.method === "HEAD" });
  }

  /** Checks that the span has to do with the dataset, and that it is not too long. */
  #checkSpan(query: RecordsQuery): void {
    const { startDate, stopDate } = datesOf(query.dataset);
    const time = (date: string, more: number) => isoToTime(new Date(Date.parse(date) + more).toISOString(), "TT2000");
    if (query.stop <= time(startDate, -MARGIN_MS) || query.start >= time(stopDate, MARGIN_MS)) {
      throw new HapiError(1405, `the dataset is from ${startDate} to ${stopDate}`);
    }
    const bytes = estimateBytes(query);
    if (bytes > (this.#options.maxBytes ?? MAX_DATA_BYTES)) {
      throw new HapiError(1408, "ask for less time, or for fewer parameters");
    }
  }

  /** Sends records as they are read. The first ones are read before, since the status says whether there are any. */
  async #stream(
    query: RecordsQuery,
    { format, hasHeader, isHead }: { format: HapiFormat; hasHeader: boolean; isHead: boolean },
  ): Promise<Response> {
    const { store, onError } = this.#options;
    const chunks = encodeRecords(store, query, format);
    const first = await chunks.next();
    const code = first.done === true ? 1201 : 1200;
    const init = { ...statusLine(code), headers: { ...HEADERS, "content-type": TYPES[format] } };
    if (isHead) {
      await chunks.return(undefined);
      return new Response(null, init);
    }
    const header = { ...infoOf(query.dataset, query.parameters), format };
    const { before, after } = format === "json"
      ? jsonFrame(withStatus(code, header))
      : { before: hasHeader ? hashed(withStatus(code, header)) : "", after: "" };
    const encoder = new TextEncoder();
    const waiting: Uint8Array[] = [];
    if (before !== "") waiting.push(encoder.encode(before));
    if (first.done !== true) waiting.push(first.value);
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const ready = waiting.shift();
        if (ready !== undefined) return controller.enqueue(ready);
        try {
          const { done, value } = await chunks.next();
          if (done !== true) return controller.enqueue(value);
        } catch (error) {
          // The connection is closed before the end, so that the caller notices (section 3.7.5).
          onError?.(error);
          throw error;
        }
        if (after !== "") controller.enqueue(encoder.encode(after));
        controller.close();
      },
      async cancel() {
        await chunks.return(undefined);
      },
    }, { highWaterMark: 0 });
    return new Response(body, init);
  }

  /** The page at `/hapi`, for people. */
  #page({ url }: HapiRequest, datasets: readonly { readonly id: string; readonly title: string }[]): Response {
    const base = url.pathname;
    const link = (path: string, text: string) => `<a href="${escapeHtml(base + path)}">${escapeHtml(text)}</a>`;
    const rows = datasets.map(({ id, title }) =>
      `<li>${link(`/info?dataset=${encodeURIComponent(id)}`, id)} ${escapeHtml(title)}</li>`
    );
    const routes = ["about", "capabilities", "catalog"].map((name) => `<li>${link(`/${name}`, name)}</li>`);
    const html = [
      `<!DOCTYPE html>`,
      `<html lang="en"><head><meta charset="utf-8"><title>HAPI server of an IMAP archive</title>`,
      `<meta name="viewport" content="width=device-width, initial-scale=1"></head>`,
      `<body><h1>HAPI server of an IMAP archive</h1>`,
      `<p>Clients of <a href="https://hapi-server.org">HAPI</a> read its data from <code>${
        escapeHtml(url.origin + base)
      }</code>.</p>`,
      `<ul>${routes.join("")}</ul><h2>Datasets</h2><ul>${rows.join("\n")}</ul></body></html>`,
      "",
    ].join("\n");
    const policy = "default-src 'none'; frame-ancestors 'none'";
    return new Response(html, {
      headers: { ...HEADERS, "content-type": "text/html; charset=utf-8", "content-security-policy": policy },
    });
  }
}

/** Writes a header before records of other formats than JSON: each line begins with `#`. */
function hashed(header: object): string {
  return JSON.stringify(header, null, 2).split("\n").map((line) => `#${line}\n`).join("");
}

/** Writes a header around records: they are the last member of the object. */
function jsonFrame(header: object): { readonly before: string; readonly after: string } {
  return { before: `${JSON.stringify(header, null, 2).slice(0, -2)},\n  "data": [\n`, after: "\n]\n}\n" };
}
