import { CALL_KINDS, type CallOptions, checkOptions, KINDS, type KindsOf } from "./options.ts";
import { readyQuery } from "./query.ts";
import { downloadOne, uploadOne, urlSource } from "./transfers.ts";
import type { Settings } from "../config.ts";
import { syncFolder, writeAll } from "../disk.ts";
import {
  checkObject,
  excerpt,
  fileError,
  ImapError,
  InputError,
  joinInputErrors,
  ProtocolError,
  ResponseError,
  shown,
  unknownParameter,
  wrongValue,
} from "../errors.ts";
import { Call, type Reply } from "../http/call.ts";
import { guardCredentials, type Transport } from "../http/transport.ts";
import {
  addDays,
  asWord,
  closestName,
  type DayLike,
  dayOf,
  daysBetween,
  formatVersion,
  type Instrument,
  isCalendarDate,
  isInstrument,
  oneOfWords,
  startOfDay,
} from "../names/fields.ts";
import { archivePath, formatFileName } from "../names/file_name.ts";
import {
  ACCESS_TOKEN_PREFIX,
  API_KEY_PREFIX,
  decodeFileRecords,
  type FileRecord,
  instrumentApids,
  type PacketRoute,
  packetRoute,
  PROJECTIONS,
  QUERY_MODES,
  type QueryMode,
  recordVersion,
  REPOINT_TABLE_ROUTE,
  type WordOrText,
} from "../protocol/tables.ts";
import { DAY_FORMS, endBeforeStart, readDay } from "../sdc/plan_query.ts";
import { readJson } from "../sdc/replies.ts";
import { DataFolders, localPath } from "../transfer/local_files.ts";
import { compareObject } from "../transfer/objects.ts";
import { basename, dirname, join } from "@std/path";

// What is asked for.

/**
 * Which packets to fetch, with the Python client's names.
 *
 * @category Real-time data and packets
 */
export interface WebpodaParameters {
  /** For example `mag`. */
  instrument: WordOrText<Instrument>;
  /** The first day: `20260131`, `2026-01-31`, `today`, `yesterday` or `7d`, in UTC. */
  start_date: DayLike;
  /** The last day, inclusive. Default: `start_date`. */
  end_date?: DayLike | undefined;
  /** `ert`: days of reception on Earth; `sct`: days of spacecraft time. Default: `ert`. */
  query_mode?: WordOrText<QueryMode> | undefined;
}

/** Checked parameters. */
interface CheckedWebpoda {
  readonly instrument: Instrument;
  readonly apids: readonly number[];
  /** The first and the last day, YYYYMMDD. */
  readonly days: readonly [first: string, last: string];
  readonly mode: QueryMode;
}

const NAMES = ["instrument", "start_date", "end_date", "query_mode"];
const WITH_PACKETS = [...instrumentApids().keys()];

const ACTION = "fetch packets of";

function wrongWord(parameter: string, value: unknown, words: readonly string[]): InputError {
  return wrongValue(ACTION, { parameter, value: shown(value), ...oneOfWords(shown(value), words) });
}

/**
 * Checks the parameters before anything is sent.
 *
 * @param now The current time, for `today` and other relative days.
 * @throws {InputError} When parameters are wrong; one line for each.
 */
function checkWebpoda(parameters: WebpodaParameters, now: Date): CheckedWebpoda {
  checkObject("fetch packets by", parameters);
  const { start_date, end_date = start_date } = parameters;
  const [instrument, query_mode] = [asWord(parameters.instrument), asWord(parameters.query_mode ?? "ert")];
  const problems = Object.keys(parameters).filter((name) => !NAMES.includes(name)).map((name) =>
    unknownParameter("fetch packets", name, { known: NAMES, closest: closestName(name, NAMES) })
  );
  const apids = isInstrument(instrument) ? instrumentApids().get(instrument) : undefined;
  if (apids === undefined) problems.push(wrongWord("instrument", instrument, WITH_PACKETS));
  const mode = QUERY_MODES.find((known) => known === query_mode);
  if (mode === undefined) problems.push(wrongWord("query_mode", query_mode, QUERY_MODES));
  const [first, last] = ([["start_date", start_date], ["end_date", end_date]] as const).map(([name, text]) => {
    const day = readDay(text, now)?.day;
    if (day === undefined && !(name === "end_date" && text === start_date)) {
      problems.push(wrongValue(ACTION, { parameter: name, value: shown(text), expected: DAY_FORMS }));
    }
    return day;
  });
  if (first !== undefined && last !== undefined && first > last) {
    problems.push(
      endBeforeStart(ACTION, [
        { parameter: "start_date", value: start_date },
        { parameter: "end_date", value: end_date },
      ]),
    );
  }
  const isWhole = problems.length === 0 && isInstrument(instrument) && first !== undefined && last !== undefined;
  if (!isWhole || apids === undefined || mode === undefined) throw joinInputErrors(problems);
  return { instrument, apids, days: [first, last], mode };
}

/**
 * How to fetch packets.
 *
 * @category Real-time data and packets
 */
export interface WebpodaOptions extends CallOptions {
  /** Whether to also upload each new file. Default: false. */
  uploadToSdc?: boolean | undefined;
  /** Called with the outcome of each day or pointing as soon as it is known. */
  onOutcome?: ((outcome: PacketOutcome) => void) | undefined;
  /**
   * Returns the current time, for `today` and other relative days. Default: the clock of this machine.
   *
   * @ignore
   */
  now?: (() => Date) | undefined;
}

const WEBPODA_KINDS: KindsOf<WebpodaOptions> = {
  ...CALL_KINDS,
  uploadToSdc: KINDS.flag,
  onOutcome: KINDS.function,
  now: KINDS.clock,
};

// Fetching packets, and writing and uploading their files.

/**
 * The outcome of one day, or of one pointing.
 *
 * @category Real-time data and packets
 */
export type PacketOutcome =
  & {
    /** The date in the file's name, YYYYMMDD. */
    readonly date: string;
    /** The number of the repointing that starts the pointing; null for a day. */
    readonly repointing: number | null;
  }
  & (
    | PacketState
    /** The file was written and uploaded. */
    | { readonly state: "sent"; readonly file: string; readonly path: string; readonly bytes: number }
    /** The day or pointing failed. If the file was written but could not be uploaded, it is still at `path`. */
    | { readonly state: "failed"; readonly error: Error; readonly path?: string }
  );

/** A level 0 file to create from packets. */
interface PacketFile {
  readonly instrument: Instrument;
  /** The date in its name, YYYYMMDD. */
  readonly date: string;
  /** The number of the repointing that starts its pointing; null for a file of a day. */
  readonly repointing: number | null;
  readonly apids: readonly number[];
  readonly span: TimeSpan;
}

/**
 * The result for the packets of a day or a pointing.
 *
 * @category Real-time data and packets
 */
export type PacketState =
  /** A new file, or a new version of one. */
  | { readonly state: "written"; readonly file: string; readonly path: string; readonly bytes: number }
  /** The archive's newest version has the same bytes, or more; nothing was written. */
  | { readonly state: "unchanged" | "shorter"; readonly file: string }
  /** No packets were found. */
  | { readonly state: "empty" };

/** The major version of all level 0 files (SDC protocol, "webpoda"). */
const MAJOR = 1;

function nameOf({ instrument, date, repointing }: PacketFile, minor: number): string {
  return formatFileName({
    kind: "science",
    instrument,
    data_level: "l0",
    descriptor: "raw",
    start_date: date,
    repointing,
    version: formatVersion({ major: MAJOR, minor }),
    extension: "pkts",
  });
}

/** The instruments with one file per pointing instead of per day (Python client 1.1.0). */
const BY_POINTING: ReadonlySet<Instrument> = new Set<Instrument>(["glows", "hi", "lo", "ultra"]);

/** Rounds a time down to the second: webpoda's packet times have no fraction. */
function secondOf(time: string): string {
  return time.slice(0, "2026-01-31T00:00:00".length);
}

/**
 * New tables are published daily, and each contains all repointings, so the newest one is usually from these last days.
 */
const USUAL_DAYS = 14;
/** A day before the launch: no table is older. */
const FIRST_TABLE_DAY = "20200101";

/** Returns the tables that were ingested on or after a day. */
async function tablesSince(call: Call, day: string, now: Date): Promise<FileRecord[]> {
  const { base } = call.transport.api;
  const prefix = [API_KEY_PREFIX, ACCESS_TOKEN_PREFIX].find((prefix) => base.endsWith(prefix)) ?? "";
  // The server interprets the last day as its first second.
  const search = { start_ingest_date: day, end_ingest_date: addDays(dayOf(now), 1) };
  const ask = (base: string) => {
    const url = new URL(`${base}${REPOINT_TABLE_ROUTE}`);
    url.search = new URLSearchParams(search).toString();
    return call.getApiOnce(url);
  };
  // The SDC has this route only without a prefix; an archive that requires a key may have it below the prefix.
  let reply = await ask(base.slice(0, base.length - prefix.length));
  if (prefix !== "" && [401, 403].includes(reply.status)) {
    await reply.discard();
    reply = await ask(base);
  }
  return await readJson(reply, (json) => decodeFileRecords(json, "spice"));
}

/** How to find the table. */
interface RepointTableOptions {
  readonly now: Date;
  readonly signal: AbortSignal | undefined;
}

/**
 * Finds the newest table of repointings (Python client 1.3.0, `GET /repoint-table`).
 *
 * @returns Its path in the archive; undefined if it does not exist.
 */
export async function newestRepointTable(
  transport: Transport,
  options: RepointTableOptions,
): Promise<string | undefined> {
  const call = new Call(transport, { action: "find the table of repointings", signal: options.signal });
  for (const day of [addDays(dayOf(options.now), -USUAL_DAYS), FIRST_TABLE_DAY]) {
    const rows = await call.retry(() => tablesSince(call, day, options.now));
    // All times have the same format, so comparing them as text is correct.
    const newest = rows.toSorted((a, b) => (a.ingestion_date ?? "") < (b.ingestion_date ?? "") ? 1 : -1)[0];
    if (newest !== undefined) return newest.file_path;
  }
  return undefined;
}

/** The parts of a client that fetching packets uses. */
interface WebpodaContext {
  readonly settings: Settings;
  readonly transport: Transport;
}

/** Fetches packets into level 0 files: determines which files to create, and creates them one by one. */
class PacketFetch {
  readonly #context: WebpodaContext;
  readonly #webpoda: Webpoda;
  readonly #asked: CheckedWebpoda;
  readonly #now: Date;
  readonly #signal: AbortSignal | undefined;

  constructor(context: WebpodaContext, asked: CheckedWebpoda, now: Date, signal: AbortSignal | undefined) {
    this.#context = context;
    this.#webpoda = new Webpoda(context.transport, context.settings);
    this.#asked = asked;
    this.#now = now;
    this.#signal = signal;
  }

  /** Returns the files to create: one for each day, or pointing, that has or may have packets. */
  async files(): Promise<PacketFile[]> {
    const { instrument, apids, days: [first, last], mode } = this.#asked;
    if (BY_POINTING.has(instrument)) {
      const pointings = await this.#allPointings();
      const found = mode === "ert"
        ? await this.#pointingsReceived(pointings)
        : pointingsIn(pointings, spanOfDays(first, last));
      return found.map(({ repointing, from, to }) => {
        const date = from.slice(0, 10).replaceAll("-", "");
        return { instrument, date, repointing, apids, span: { from, to } };
      });
    }
    const days = mode === "ert"
      ? await this.#daysReceived()
      : Array.from({ length: daysBetween(first, last) + 1 }, (_, index) => addDays(first, index));
    return days.map((date) => ({ instrument, date, repointing: null, apids, span: spanOfFile(instrument, date) }));
  }

  /**
   * Creates one file. Its packets are written, in the order of their APIDs, to a hidden partial file in the file's
   * folder. When that is complete, and its bytes differ from the archive's newest version, it is renamed to the next
   * free minor version.
   */
  async make(file: PacketFile): Promise<PacketState> {
    const { dataDir } = this.#context.settings;
    const signal = this.#signal;
    // All versions are in the same folder. Another process may create the same file, so each process has its own
    // partial file.
    const first = localPath(dataDir, archivePath(nameOf(file, 1)));
    const folder = dirname(first);
    const partial = join(folder, `.${basename(first)}.${crypto.randomUUID().slice(0, 8)}.part`);
    try {
      const folders = new DataFolders(dataDir);
      const packets = { apids: file.apids, span: file.span, signal, prepare: () => folders.prepare(folder) };
      const bytes = await this.#webpoda.writePackets(packets, partial);
      return bytes === 0 ? { state: "empty" } : await this.#keep(file, partial, bytes);
    } catch (error) {
      signal?.throwIfAborted();
      throw fileError("write packets", folder, error);
    } finally {
      await Deno.remove(partial).catch(() => {});
    }
  }

  /** Renames a partial file into place, unless the archive already has its bytes. */
  async #keep(file: PacketFile, partial: string, bytes: number): Promise<PacketState> {
    const { transport, settings: { dataDir } } = this.#context;
    const newest = await this.#newestVersion(file);
    if (newest !== undefined) {
      const action = `compare the packets with "${basename(newest.path)}"`;
      const call = new Call(transport, { action, signal: this.#signal });
      const comparison = { archivePath: newest.path, path: partial };
      const { isSame, size } = await compareObject(call, urlSource(transport), comparison);
      if (isSame) return { state: "unchanged", file: basename(newest.path) };
      // The number of packets never decreases, so not all packets were received.
      if (size !== undefined && bytes < size) return { state: "shorter", file: basename(newest.path) };
    }
    const name = nameOf(file, (newest?.minor ?? 0) + 1);
    const path = localPath(dataDir, archivePath(name));
    await Deno.rename(partial, path);
    await syncFolder(dirname(path));
    return { state: "written", file: name, path, bytes };
  }

  /**
   * Returns the archive's file of that day or pointing with the highest minor version, regardless of its major version.
   */
  async #newestVersion(
    { instrument, date, repointing }: PacketFile,
  ): Promise<{ readonly path: string; readonly minor: number } | undefined> {
    const query = readyQuery({
      instrument,
      data_level: "l0",
      descriptor: "raw",
      start_date: date,
      end_date: date,
      repointing: repointing ?? undefined,
      major_version: "all",
    }, { signal: this.#signal });
    const rows = (await query.all(this.#context.transport)).filter((row) => (row.repointing ?? null) === repointing);
    const versions = rows.map((row) => ({ path: row.file_path, minor: recordVersion(row)?.minor ?? 0 }));
    return versions.toSorted((a, b) => b.minor - a.minor)[0];
  }

  /** Returns all pointings in the archive's newest repointing table. */
  async #allPointings(): Promise<Pointing[]> {
    const signal = this.#signal;
    const archivePath = await newestRepointTable(this.#context.transport, { now: this.#now, signal });
    if (archivePath === undefined) {
      throw new ImapError(
        "Cannot determine the pointings: the archive has no table of repointings; " +
          "query --table spice --type repoint shows those that it has",
      );
    }
    const path = await downloadOne(this.#context, { file_path: archivePath }, { signal, progress: false });
    try {
      return readPointings(await Deno.readTextFile(path));
    } catch (error) {
      const action = `read the table of repointings "${archivePath}"`;
      if (error instanceof ProtocolError) throw new ProtocolError(`Cannot ${action}: ${error.message}`);
      throw fileError(action, path, error);
    }
  }

  /** Returns the pointings with packets that were received on Earth on the given days. */
  async #pointingsReceived(pointings: readonly Pointing[]): Promise<Pointing[]> {
    const { apids, days } = this.#asked;
    const withPackets = new Set<Pointing>();
    let last: Pointing | undefined;
    await this.#webpoda.packetTimes({ apids, received: spanOfDays(...days), signal: this.#signal }, (time) => {
      // Most packets belong to the same pointing as the packet before. A time without its fraction may belong to two
      // pointings.
      if (last !== undefined && last.from < time && time < secondOf(last.to)) return;
      for (const pointing of pointings) {
        if (secondOf(pointing.from) > time || pointing.to <= `${time}.000000`) continue;
        withPackets.add(pointing);
        last = pointing;
      }
    });
    return pointings.filter((pointing) => withPackets.has(pointing));
  }

  /** Returns the days of spacecraft time, YYYYMMDD, with packets that were received on Earth on the given days. */
  async #daysReceived(): Promise<string[]> {
    const { apids, days } = this.#asked;
    const found = new Set<string>();
    await this.#webpoda.packetTimes({ apids, received: spanOfDays(...days), signal: this.#signal }, (time) => {
      found.add(time.slice(0, 10));
    });
    return [...found].map((day) => day.replaceAll("-", "")).toSorted();
  }
}

/**
 * Fetches packets from webpoda, file by file. A failure becomes the outcome of its file and does not stop the others.
 */
export async function fetchPackets(
  context: WebpodaContext,
  parameters: WebpodaParameters,
  options: WebpodaOptions,
): Promise<PacketOutcome[]> {
  checkOptions("fetch packets", WEBPODA_KINDS, options);
  const { signal, uploadToSdc = false, onOutcome = () => {} } = options;
  const now = options.now?.() ?? new Date();
  const packets = new PacketFetch(context, checkWebpoda(parameters, now), now, signal);
  const outcomes: PacketOutcome[] = [];
  for (const file of await packets.files()) {
    const { date, repointing } = file;
    const report = (outcome: PacketOutcome) => {
      outcomes.push(outcome);
      onOutcome(outcome);
    };
    let path: string | undefined;
    try {
      const made = await packets.make(file);
      if (made.state !== "written" || !uploadToSdc) {
        report({ date, repointing, ...made });
        continue;
      }
      path = made.path;
      await uploadOne({ transport: context.transport }, path, { signal, progress: false });
      report({ date, repointing, ...made, state: "sent" });
    } catch (error) {
      signal?.throwIfAborted();
      // Without access, all other files would fail, too.
      const isLockedOut = error instanceof ResponseError && [401, 403].includes(error.status) && path === undefined;
      if (!(error instanceof ImapError) || isLockedOut) throw error;
      report({ date, repointing, state: "failed", error, ...(path === undefined ? {} : { path }) });
    }
  }
  return outcomes;
}

// Pointings, and the spans of time of files.

/** The time from the end of one repointing to the end of the next. */
interface Pointing extends TimeSpan {
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
interface TimeSpan {
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

// Requests to webpoda.

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
