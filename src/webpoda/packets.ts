import { writeAll } from "../disk.ts";
import { InputError, ProtocolError, ResponseError } from "../errors.ts";
import { Call, type Reply } from "../http/call.ts";
import { guardCredentials, type Transport } from "../http/transport.ts";
import { isCalendarDate, startOfDay } from "../names/calendar_date.ts";
import type { Instrument } from "../names/vocabulary.ts";
import { type PacketRoute, packetRoute, PROJECTIONS } from "../protocol/routes.ts";
import { excerpt } from "../safe_text.ts";

/** The time from the end of one repointing to the end of the next. */
export interface Pointing extends TimeSpan {
  /** The number of the repointing at its start. */
  readonly repointing: number;
}

/** `2026-01-31 00:15:00.123456`; a T may replace the space, and the fraction may be shorter. */
const MOMENT = /^(\d{4}-\d{2}-\d{2})[ T]((?:[01]\d|2[0-3]):[0-5]\d:[0-6]\d)(?:\.(\d{1,9}))?Z?$/;

/**
 * Converts a time of a repointing table to the format of {@linkcode TimeSpan}; undefined for `nan`, which means that
 * the repointing has not ended.
 */
function momentOf(text: string): string | undefined {
  const [, day = "", time = "", fraction = ""] = MOMENT.exec(text) ?? [];
  if (isCalendarDate(day.replaceAll("-", ""))) return `${day}T${time}.${fraction.slice(0, 6).padEnd(6, "0")}`;
  if (/^nan$/i.test(text)) return undefined;
  throw new ProtocolError(`it has "${excerpt(text, 40)}" instead of a time`);
}

/**
 * Reads the pointings from a repointing table (CSV; Python client 1.3.0). A pointing whose start or end is not known yet is
 * omitted.
 *
 * @throws {ProtocolError} When it is not such a table; the message says what is wrong, without naming the file.
 */
export function readPointings(table: string): Pointing[] {
  const [header = "", ...lines] = table.split("\n").map((line) => line.trim());
  const names = header.split(",").map((name) => name.trim());
  const [endAt, idAt] = [names.indexOf("repoint_end_utc"), names.indexOf("repoint_id")];
  if (endAt < 0 || idAt < 0) throw new ProtocolError("it has no columns repoint_end_utc and repoint_id");
  const ends = lines.filter((line) => line !== "").map((line) => {
    const fields = line.split(",").map((field) => field.trim());
    const id = fields[idAt] ?? "";
    if (!/^\d{1,5}$/.test(id)) throw new ProtocolError(`it has "${excerpt(id, 40)}" instead of a number`);
    return { repointing: Number(id), end: momentOf(fields[endAt] ?? "") };
  });
  return ends.flatMap(({ repointing, end: from }, index) => {
    const to = ends[index + 1]?.end;
    return from === undefined || to === undefined || to <= from ? [] : [{ repointing, from, to }];
  });
}

/** Returns the pointings that overlap a time span. */
export function pointingsIn(pointings: readonly Pointing[], { from, to }: TimeSpan): Pointing[] {
  return pointings.filter((pointing) => pointing.from < to && pointing.to > from);
}

/** A half-open time span, in UTC: `2026-01-31T00:00:00.000000`. */
export interface TimeSpan {
  readonly from: string;
  /** Exclusive. */
  readonly to: string;
}

/**
 * The minutes by which a day's file extends into the neighboring days, so that groups of packets stay together (SDC
 * protocol).
 */
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

/** Returns the time span from the start of the first day to the end of the last; both YYYYMMDD. */
export function spanOfDays(first: string, last: string): TimeSpan {
  return { from: moment(startOfDay(first).getTime()), to: moment(startOfDay(last).getTime() + DAY_MS) };
}

/** Returns the time span of a day's file: the day, with the instrument's margin on both sides. */
export function spanOfFile(instrument: Instrument, day: string): TimeSpan {
  const margin = (MARGIN_MINUTES.get(instrument) ?? 0) * MINUTE_MS;
  const start = startOfDay(day).getTime();
  return { from: moment(start - margin), to: moment(start + DAY_MS + margin) };
}

/** The URL of webpoda, and the token of the caller. */
interface WebpodaSettings {
  readonly webpodaUrl: string;
  readonly webpodaToken: string | undefined;
}

/** Creates an error about the token, with how to make one: on the command line, or in code. */
function tokenError(message: string): InputError {
  return new InputError((nameOf) => {
    const option = nameOf("webpoda_token");
    const howTo = option.startsWith("--")
      ? `set IMAP_WEBPODA_TOKEN or use ${option}; printf %s 'user:password' | base64 makes one`
      : 'set IMAP_WEBPODA_TOKEN, or configure({ webpodaToken: btoa("user:password") })';
    return `${message}; ${howTo}`;
  });
}

/** Returns the user and password in a token; undefined if it is not a token. */
function credentialsIn(token: string): string | undefined {
  try {
    const text = atob(token);
    return text.includes(":") ? text : undefined;
  } catch {
    return undefined;
  }
}

/** The packets to fetch, or to list the times of. */
interface PacketRequest extends PacketRoute {
  /** The clock that the span refers to: `time` for the time on board, `ert` for the time of reception on Earth. */
  readonly clock: "time" | "ert";
  readonly span: TimeSpan;
}

/** A line: a packet's time on board, without the fraction of the second. A leap second is the 60th. */
const TIME = /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)$/;

/** Whether a text is a time on board, on an existing day. */
function isTime(text: string): boolean {
  const [, day = ""] = TIME.exec(text) ?? [];
  return isCalendarDate(day.replaceAll("-", ""));
}

/** The APIDs of the packets, and the time span in which they were received on Earth. */
interface TimesRequest {
  readonly apids: readonly number[];
  readonly received: TimeSpan;
  readonly signal: AbortSignal | undefined;
}

/** The packets of a file. */
interface PacketsOfFile {
  /** The file contains the packets in this order, one APID after another. */
  readonly apids: readonly number[];
  readonly span: TimeSpan;
  readonly signal: AbortSignal | undefined;
  /** Creates the file's folder, or throws if nothing may be written there. Called when the first packet arrives. */
  readonly prepare: () => void;
}

/** One request to webpoda, with its retries. */
class PacketCall {
  readonly #call: Call;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(call: Call, { apid, form, clock, span }: PacketRequest, authorization: string) {
    this.#call = call;
    // The query is a DAP2 expression (SDC protocol, "webpoda").
    this.#url = call.apiUrl(packetRoute({ apid, form }));
    this.#url.search = `${clock}>=${span.from}&${clock}<${span.to}&${PROJECTIONS[form]}`;
    this.#headers = { authorization, accept: "*/*" };
  }

  /** Reads all chunks; after a failure, starts again from the first one. `begin` is called before each attempt. */
  async read(begin: () => Promise<void> | void, take: (chunk: Uint8Array) => Promise<void> | void): Promise<void> {
    await this.#call.retry(async () => {
      await begin();
      const reply = await this.#open();
      for await (const chunk of reply.chunks()) await take(chunk);
    });
  }

  /**
   * Returns a response with packets, or with their times. A redirect is an error: the token must not be sent to its
   * target.
   */
  async #open(): Promise<Reply> {
    const { action } = this.#call;
    const { host } = this.#url;
    const reply = await this.#call.send({ url: this.#url, headers: this.#headers, showQuery: true });
    const { status } = reply;
    if (status === 401 || status === 403) {
      await reply.discard();
      const advice = "check the webpoda token (IMAP_WEBPODA_TOKEN), the base64 of user:password";
      throw new ResponseError(`${host} answered ${status}; ${advice}`, { action, status });
    }
    if (reply.isRedirect || reply.headers.get("content-type")?.startsWith("text/html")) {
      await reply.discard();
      const what = reply.isRedirect ? "a redirect" : "a page";
      throw new ProtocolError(`${host} answered with ${what} instead; is it webpoda's address?`, { action });
    }
    if (!reply.ok) throw await reply.refusal();
    return reply;
  }
}

/** Access to webpoda: packets on demand. */
export class Webpoda {
  /** A separate transport: its requests contain the token, and not the SDC's key. */
  readonly #transport: Transport;
  readonly #authorization: string;

  /**
   * Sets up access; nothing is sent.
   *
   * @param transport The SDC's transport; its timeout, retries, and log are used.
   * @throws {InputError} When there is no token, when it is not the base64 of `user:password`, or when it would be sent over
   *   plain HTTP to a host on the internet; the message does not show it.
   */
  constructor(transport: Transport, { webpodaUrl, webpodaToken }: WebpodaSettings) {
    if (webpodaToken === undefined) throw tokenError("Cannot ask webpoda: there is no token");
    const credentials = credentialsIn(webpodaToken);
    if (credentials === undefined) {
      throw tokenError("Cannot use the webpoda token: expected the base64 of user:password");
    }
    const password = credentials.slice(credentials.indexOf(":") + 1);
    const secrets = [webpodaToken, credentials, password].filter((secret) => secret !== "");
    guardCredentials(webpodaUrl, "webpoda token", secrets);
    const { origin } = new URL(webpodaUrl);
    this.#transport = {
      ...transport,
      api: { base: webpodaUrl, variable: "IMAP_WEBPODA_URL", origin, headers: {}, secrets },
    };
    this.#authorization = `Basic ${webpodaToken}`;
  }

  /**
   * Asks for the times on board of the packets that were received on Earth in a time span.
   *
   * @param take Called with each time, `2026-01-31T12:00:00`; after a retry, some times are repeated. Times are not
   *   stored, since there may be millions.
   */
  async packetTimes({ apids, received, signal }: TimesRequest, take: (time: string) => void): Promise<void> {
    for (const apid of apids) {
      const action = `fetch packet times of APID "${apid}"`;
      const takeLine = (line: string) => {
        const time = line.trim();
        if (isTime(time)) take(time);
        else if (time !== "") {
          throw new ProtocolError(`webpoda sent "${excerpt(time, 60)}" instead of a time`, { action });
        }
      };
      let decoder = new TextDecoder();
      let rest = "";
      const begin = () => {
        decoder = new TextDecoder();
        rest = "";
      };
      await this.#call(action, { apid, form: "txt", clock: "ert", span: received }, signal).read(begin, (chunk) => {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        lines.forEach(takeLine);
        // Text without line breaks is not a list of times.
        if (rest.length > 100) takeLine(rest);
      });
      takeLine(rest);
    }
  }

  /**
   * Streams packets to a new file, in constant memory. If a stream breaks off, the packets of its APID are fetched
   * again from the start. The file has been flushed when this returns.
   *
   * @returns The size of the file in bytes; if 0, no file exists.
   */
  async writePackets({ apids, span, signal, prepare }: PacketsOfFile, path: string): Promise<number> {
    let file: Deno.FsFile | undefined;
    let size = 0;
    try {
      for (const apid of apids) {
        const start = size;
        const action = `fetch packets of APID "${apid}"`;
        const begin = async () => {
          await file?.truncate(start);
          size = await file?.seek(start, Deno.SeekMode.Start) ?? 0;
        };
        await this.#call(action, { apid, form: "bin", clock: "time", span }, signal).read(begin, async (chunk) => {
          if (file === undefined) prepare();
          file ??= await Deno.open(path, { write: true, createNew: true });
          await writeAll(file, chunk);
          size += chunk.length;
        });
      }
      await file?.sync();
    } finally {
      file?.close();
    }
    if (size === 0 && file !== undefined) await Deno.remove(path);
    return size;
  }

  #call(action: string, request: PacketRequest, signal: AbortSignal | undefined): PacketCall {
    return new PacketCall(new Call(this.#transport, { action, signal }), request, this.#authorization);
  }
}
