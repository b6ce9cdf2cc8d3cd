import { CALL_KINDS, type CallOptions, checkOptions, KINDS, type KindsOf } from "./options.ts";
import { readyQuery } from "./query.ts";
import { downloadOne, uploadOne, urlSource } from "./transfers.ts";
import type { Settings } from "../config.ts";
import { fileError, syncFolder } from "../disk.ts";
import {
  checkObject,
  ImapError,
  type InputError,
  joinInputErrors,
  ProtocolError,
  ResponseError,
  unknownParameter,
  wrongValue,
} from "../errors.ts";
import { Call } from "../http/call.ts";
import type { Transport } from "../http/transport.ts";
import { addDays, type DayLike, dayOf, daysBetween } from "../names/calendar_date.ts";
import { archivePath, formatFileName } from "../names/file_name.ts";
import { formatVersion } from "../names/version.ts";
import { asWord, closestName, type Instrument, isInstrument, oneOfWords } from "../names/vocabulary.ts";
import {
  ACCESS_TOKEN_PREFIX,
  API_KEY_PREFIX,
  INSTRUMENT_APIDS,
  QUERY_MODES,
  type QueryMode,
  REPOINT_TABLE_ROUTE,
} from "../protocol/routes.ts";
import { decodeFileRecords, type FileRecord, recordVersion } from "../protocol/rows.ts";
import type { WordOrText } from "../protocol/tables.ts";
import { shown } from "../safe_text.ts";
import { DAY_FORMS, endBeforeStart, readDay } from "../sdc/check_query.ts";
import { readJson } from "../sdc/read_json.ts";
import { DataFolders, localPath } from "../transfer/local_files.ts";
import { compareObject } from "../transfer/objects.ts";
import {
  type Pointing,
  pointingsIn,
  readPointings,
  spanOfDays,
  spanOfFile,
  type TimeSpan,
  Webpoda,
} from "../webpoda/packets.ts";
import { basename, dirname, join } from "@std/path";

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
const WITH_PACKETS = [...INSTRUMENT_APIDS.keys()];

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
  const apids = isInstrument(instrument) ? INSTRUMENT_APIDS.get(instrument) : undefined;
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
