import { InputError, ProtocolError, ResponseError } from "../errors.ts";
import { bodyPieces, exchange, isRedirect, refusalOf } from "../http/request.ts";
import { guardCredentials, retry, type Transport } from "../http/transport.ts";
import { isCalendarDate } from "../names/calendar_date.ts";
import type { Instrument } from "../names/vocabulary.ts";
import { type PacketRoute, packetRoute, PROJECTIONS } from "../protocol/webpoda.ts";
import { excerpt } from "../safe_text.ts";

/** Which packets, or whose times. */
interface PacketRequest extends PacketRoute {
  /** The clock that the span is of: `time` on board, `ert` when Earth received them. */
  readonly clock: "time" | "ert";
  readonly span: TimeSpan;
  readonly signal: AbortSignal | undefined;
}

/** How messages begin, behind `Cannot `. */
function packetAction({ apid, form }: PacketRoute): string {
  return `fetch ${form === "bin" ? "packets" : "packet times"} of APID "${apid}"`;
}

/** The address: its query is a DAP2 expression (SDC protocol, "webpoda"). */
function packetUrl({ transport }: Webpoda, { apid, form, clock, span }: PacketRequest): URL {
  const url = new URL(`${transport.api.base}${packetRoute({ apid, form })}`);
  url.search = `${clock}>=${span.from}&${clock}<${span.to}&${PROJECTIONS[form]}`;
  return url;
}

/** An answer that has packets in it, or their times. A redirect is none: where it leads, the token must not go. */
async function open(webpoda: Webpoda, request: PacketRequest): Promise<Response> {
  const { transport, authorization } = webpoda;
  const { signal } = request;
  const [action, url] = [packetAction(request), packetUrl(webpoda, request)];
  const headers = { authorization, accept: "*/*" };
  const response = await exchange(transport, { action, method: "GET", url, headers, showQuery: true, signal });
  const { status } = response;
  if (status === 401 || status === 403) {
    await response.body?.cancel();
    const advice = "check the webpoda token (IMAP_WEBPODA_TOKEN), the base64 of user:password";
    throw new ResponseError(`Cannot ${action}: ${url.host} answered ${status} to it; ${advice}`, { status });
  }
  if (isRedirect(response) || response.headers.get("content-type")?.startsWith("text/html")) {
    await response.body?.cancel();
    const what = isRedirect(response) ? "a redirect" : "a page";
    throw new ProtocolError(`Cannot ${action}: ${url.host} answered with ${what} instead; is it webpoda's address?`);
  }
  if (!response.ok) throw await refusalOf(transport, { action, url, signal }, response);
  return response;
}

/**
 * Asks webpoda once, and gives out what comes, piece by piece.
 *
 * @throws {ConnectionError} When it breaks off or stalls. {ResponseError} When the answer is no.
 */
async function* packetBytes(webpoda: Webpoda, request: PacketRequest): AsyncGenerator<Uint8Array> {
  const { transport: { timeoutMs, api } } = webpoda;
  const { host } = new URL(api.base);
  const action = packetAction(request);
  const { body } = await open(webpoda, request);
  yield* bodyPieces(body, { action, host, timeoutMs, signal: request.signal });
}

/** A line: a packet's time on board, whose fraction of a second is cut off. A leap second is the 60th. */
const TIME = /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)$/;

/** Whether a calendar and a clock show it. */
function isTime(text: string): boolean {
  const [, day = ""] = TIME.exec(text) ?? [];
  return isCalendarDate(day.replaceAll("-", ""));
}

/** Whose packets, and when Earth received them. */
interface TimesRequest {
  readonly apids: readonly number[];
  readonly received: TimeSpan;
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks when the packets that Earth received in a span were made on board.
 *
 * @param take Is told each time, `2026-01-31T12:00:00`; in a retry some come again. Nothing is kept: there may be millions.
 */
export async function packetTimes(
  webpoda: Webpoda,
  { apids, received, signal }: TimesRequest,
  take: (time: string) => void,
): Promise<void> {
  const { retries, log } = webpoda.transport;
  for (const apid of apids) {
    const request = { apid, form: "txt", clock: "ert", span: received, signal } as const;
    const action = packetAction(request);
    const takeLine = (line: string) => {
      const time = line.trim();
      if (isTime(time)) take(time);
      else if (time !== "") {
        throw new ProtocolError(`Cannot ${action}: webpoda sent "${excerpt(time, 60)}" where a time belongs`);
      }
    };
    await retry(async () => {
      const decoder = new TextDecoder();
      let rest = "";
      for await (const piece of packetBytes(webpoda, request)) {
        const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        lines.forEach(takeLine);
        // What has no end of a line is no list of times.
        if (rest.length > 100) takeLine(rest);
      }
      takeLine(rest);
    }, { action, retries, log, signal });
  }
}

/** The time from the end of one repointing to the end of the next one. */
export interface Pointing extends TimeSpan {
  /** The number of the repointing that it begins with. */
  readonly repointing: number;
}

/** `2026-01-31 00:15:00.123456`; a T may stand for the space, the fraction may be shorter. */
const MOMENT = /^(\d{4}-\d{2}-\d{2})[ T]((?:[01]\d|2[0-3]):[0-5]\d:[0-6]\d)(?:\.(\d{1,9}))?Z?$/;

/** A table's moment in the form of this program; undefined for `nan`: the repointing has not ended. */
function momentOf(text: string): string | undefined {
  const [, day = "", time = "", fraction = ""] = MOMENT.exec(text) ?? [];
  if (isCalendarDate(day.replaceAll("-", ""))) return `${day}T${time}.${fraction.slice(0, 6).padEnd(6, "0")}`;
  if (/^nan$/i.test(text)) return undefined;
  throw new ProtocolError(`it has no time where "${excerpt(text, 40)}" stands`);
}

/**
 * Reads the pointings from a table of repointings (CSV; Python client 1.3.0). One whose beginning or end is not known yet
 * is left out.
 *
 * @throws {ProtocolError} When it is no such table; the message goes on behind what is wrong with it.
 */
export function readPointings(table: string): Pointing[] {
  const [header = "", ...lines] = table.split("\n").map((line) => line.trim());
  const names = header.split(",").map((name) => name.trim());
  const [endAt, idAt] = [names.indexOf("repoint_end_utc"), names.indexOf("repoint_id")];
  if (endAt < 0 || idAt < 0) throw new ProtocolError("it has no columns repoint_end_utc and repoint_id");
  const ends = lines.filter((line) => line !== "").map((line) => {
    const fields = line.split(",").map((field) => field.trim());
    const id = fields[idAt] ?? "";
    if (!/^\d{1,5}$/.test(id)) throw new ProtocolError(`it has no number where "${excerpt(id, 40)}" stands`);
    return { repointing: Number(id), end: momentOf(fields[endAt] ?? "") };
  });
  return ends.flatMap(({ repointing, end: from }, index) => {
    const to = ends[index + 1]?.end;
    return from === undefined || to === undefined || to <= from ? [] : [{ repointing, from, to }];
  });
}

/** The pointings that have some of a time in them. */
export function pointingsIn(pointings: readonly Pointing[], { from, to }: TimeSpan): Pointing[] {
  return pointings.filter((pointing) => pointing.from < to && pointing.to > from);
}

/** A time from its first moment up to one that is no part of it. Moments are UTC, `2026-01-31T00:00:00.000000`. */
export interface TimeSpan {
  readonly from: string;
  readonly to: string;
}

/** How many minutes a day's file reaches into the days beside it, so that groups of packets stay whole (SDC protocol). */
const MARGIN_MINUTES: ReadonlyMap<Instrument, number> = new Map<Instrument, number>([
  ["hit", 20],
  ["mag", 30],
  ["swapi", 1],
  ["swe", 1],
  ["codice", 7],
]);

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

function moment(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace("Z", "000");
}

function midnight(day: string): number {
  return Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6, 8)));
}

/** From the start of the first day to the end of the last one; both YYYYMMDD. */
export function spanOfDays(first: string, last: string): TimeSpan {
  return { from: moment(midnight(first)), to: moment(midnight(last) + DAY_MS) };
}

/** The time whose packets a day's file has: the day, and the instrument's margin on both sides. */
export function spanOfFile(instrument: Instrument, day: string): TimeSpan {
  const margin = (MARGIN_MINUTES.get(instrument) ?? 0) * MINUTE_MS;
  return { from: moment(midnight(day) - margin), to: moment(midnight(day) + DAY_MS + margin) };
}

/** Access to webpoda, packets on demand. */
export interface Webpoda {
  /** Its own: what it must not show is the token, and there is no key of the SDC's in it. */
  readonly transport: Transport;
  /** What shows who asks; for the origin of the transport alone. */
  readonly authorization: string;
}

/** Where webpoda is and who asks. */
interface WebpodaSettings {
  readonly webpodaUrl: string;
  readonly webpodaToken: string | undefined;
}

/** How to make a token, for messages. */
const HOW_TO = "set IMAP_WEBPODA_TOKEN or use --webpoda-token; printf %s 'user:password' | base64 makes one";

/** The user and password in a token; undefined when it is none. */
function credentialsIn(token: string): string | undefined {
  try {
    const text = atob(token);
    return text.includes(":") ? text : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes access to webpoda from settings. Nothing is sent.
 *
 * @param transport The SDC's, whose patience and log are taken over.
 * @throws {InputError} When there is no token, or it is no base64 of `user:password`, or it would go over plain HTTP
 *   to the open internet; the message does not show it.
 */
export function createWebpoda(transport: Transport, { webpodaUrl, webpodaToken }: WebpodaSettings): Webpoda {
  if (webpodaToken === undefined) throw new InputError(`Cannot ask webpoda: there is no token; ${HOW_TO}`);
  const credentials = credentialsIn(webpodaToken);
  if (credentials === undefined) {
    throw new InputError(`Cannot use the webpoda token: expected the base64 of user:password; ${HOW_TO}`);
  }
  const password = credentials.slice(credentials.indexOf(":") + 1);
  const secrets = [webpodaToken, credentials, password].filter((secret) => secret !== "");
  guardCredentials(webpodaUrl, "webpoda token", secrets);
  const { origin } = new URL(webpodaUrl);
  const api = { base: webpodaUrl, origin, headers: {}, secrets };
  return { transport: { ...transport, api }, authorization: `Basic ${webpodaToken}` };
}

/** The packets of a file. */
interface PacketsOfFile {
  /** In this order they stand in the file, one APID behind the other. */
  readonly apids: readonly number[];
  readonly span: TimeSpan;
  readonly signal: AbortSignal | undefined;
  /** Makes the file's folder, or throws when it leads to where nothing may be written. Called when there is a packet. */
  readonly prepare: () => void;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
}

/**
 * Streams packets from webpoda to a new file, in constant memory. An APID whose stream breaks is fetched again, from its
 * own start. The bytes are on the disk when this returns.
 *
 * @returns How many bytes the file has; with 0 there is no file.
 */
export async function writePackets(webpoda: Webpoda, packets: PacketsOfFile, path: string): Promise<number> {
  const { apids, span, signal, prepare } = packets;
  const { retries, log } = webpoda.transport;
  let file: Deno.FsFile | undefined;
  let size = 0;
  try {
    for (const apid of apids) {
      const request = { apid, form: "bin", clock: "time", span, signal } as const;
      const start = size;
      await retry(async () => {
        await file?.truncate(start);
        size = await file?.seek(start, Deno.SeekMode.Start) ?? 0;
        for await (const piece of packetBytes(webpoda, request)) {
          if (file === undefined) prepare();
          file ??= await Deno.open(path, { write: true, createNew: true });
          await writeAll(file, piece);
          size += piece.length;
        }
      }, { action: packetAction(request), retries, log, signal });
    }
    await file?.sync();
  } finally {
    file?.close();
  }
  if (size === 0 && file !== undefined) await Deno.remove(path);
  return size;
}
