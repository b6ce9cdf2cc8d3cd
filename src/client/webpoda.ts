import type { CallOptions } from "./options.ts";
import { readyQuery } from "./query.ts";
import { downloadOne, uploadOne, urlSource } from "./transfers.ts";
import type { Settings } from "../config.ts";
import { fileError, syncFolder } from "../disk.ts";
import { ImapError, type InputError, joinInputErrors, ResponseError, unknownParameter, wrongValue } from "../errors.ts";
import { Call } from "../http/call.ts";
import type { Transport } from "../http/transport.ts";
import { addDays, daysBetween } from "../names/calendar_date.ts";
import { archivePath, formatFileName } from "../names/file_name.ts";
import { formatVersion } from "../names/version.ts";
import { closestWord, type Instrument, isInstrument, oneOfWords } from "../names/vocabulary.ts";
import { recordVersion } from "../protocol/rows.ts";
import { INSTRUMENT_APIDS } from "../protocol/webpoda.ts";
import { DAY_FORMS, endBeforeStart, readDay } from "../sdc/check_query.ts";
import { newestRepointTable } from "../sdc/repoint_table.ts";
import { DataFolders, localPath } from "../transfer/local_files.ts";
import { compareObject } from "../transfer/objects.ts";
import {
  createWebpoda,
  packetTimes,
  type Pointing,
  pointingsIn,
  readPointings,
  spanOfDays,
  spanOfFile,
  type TimeSpan,
  type Webpoda,
  writePackets,
} from "../webpoda/packets.ts";
import { basename, dirname, join } from "@std/path";

/** One level 0 file to make from packets. */
interface PacketFile {
  readonly instrument: Instrument;
  /** The day that it is named after, YYYYMMDD. */
  readonly date: string;
  /** The number of the repointing with which its pointing begins; null for a file of a day. */
  readonly repointing: number | null;
  readonly apids: readonly number[];
  readonly span: TimeSpan;
}

/** What files are made with. */
interface PacketFileContext {
  readonly transport: Transport;
  readonly webpoda: Webpoda;
  readonly dataDir: string;
  readonly signal: AbortSignal | undefined;
}

/** What became of the packets of a day or a pointing. */
export type PacketState =
  /** A new file, or a new version of one. */
  | { readonly state: "written"; readonly file: string; readonly path: string; readonly bytes: number }
  /** The archive's newest version has the same bytes, or more: nothing was written. */
  | { readonly state: "unchanged" | "shorter"; readonly file: string }
  /** There are no packets. */
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

/** The file with the highest minor version of that day or pointing, whatever its major one, of those that the archive gives out. */
async function newestIn({ transport, signal }: PacketFileContext, file: PacketFile) {
  const { instrument, date, repointing } = file;
  const query = readyQuery({
    instrument,
    data_level: "l0",
    descriptor: "raw",
    start_date: date,
    end_date: date,
    repointing: repointing ?? undefined,
  }, { signal });
  const rows = (await query.all(transport)).filter((row) => (row.repointing ?? null) === repointing);
  const versions = rows.map((row) => ({ path: row.file_path, minor: recordVersion(row)?.minor ?? 0 }));
  return versions.toSorted((a, b) => b.minor - a.minor)[0];
}

/** Gives the part its name, unless the archive has the bytes already. */
async function keep(
  context: PacketFileContext,
  file: PacketFile,
  part: string,
  bytes: number,
): Promise<PacketState> {
  const { transport, dataDir, signal } = context;
  const newest = await newestIn(context, file);
  if (newest !== undefined) {
    const action = `compare the packets with "${basename(newest.path)}"`;
    const call = new Call(transport, { action, signal });
    const comparison = { archivePath: newest.path, path: part };
    const { isSame, size } = await compareObject(call, urlSource(transport), comparison);
    if (isSame) return { state: "unchanged", file: basename(newest.path) };
    // Packets do not become fewer: what came is not all there is.
    if (size !== undefined && bytes < size) return { state: "shorter", file: basename(newest.path) };
  }
  const name = nameOf(file, (newest?.minor ?? 0) + 1);
  const path = localPath(dataDir, archivePath(name));
  await Deno.rename(part, path);
  await syncFolder(dirname(path));
  return { state: "written", file: name, path, bytes };
}

/**
 * Makes one level 0 file: its packets come from webpoda, in the order of their APIDs, into a hidden part beside the file's
 * place; the part takes the name of the next free minor version when it is whole, and when the archive's newest version
 * has other bytes.
 */
async function makePacketFile(context: PacketFileContext, file: PacketFile): Promise<PacketState> {
  const { webpoda, dataDir, signal } = context;
  // All versions lie in the same folder. Another process may make the same file: each has a part of its own.
  const place = localPath(dataDir, archivePath(nameOf(file, 1)));
  const part = join(dirname(place), `.${basename(place)}.${crypto.randomUUID().slice(0, 8)}.part`);
  try {
    const folders = new DataFolders(dataDir);
    const prepare = () => folders.prepare(dirname(place));
    const bytes = await writePackets(webpoda, { apids: file.apids, span: file.span, signal, prepare }, part);
    return bytes === 0 ? { state: "empty" } : await keep(context, file, part, bytes);
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof ImapError ? error : fileError("write packets", dirname(place), error);
  } finally {
    await Deno.remove(part).catch(() => {});
  }
}

/** The instruments with a file for each pointing instead of each day (Python client 1.1.0). */
const BY_POINTING: ReadonlySet<Instrument> = new Set<Instrument>(["glows", "hi", "lo", "ultra"]);

/** What it takes to find out which files are to be made. */
interface PacketFilesContext {
  readonly transport: Transport;
  readonly webpoda: Webpoda;
  /** Fetches a file of the archive. @returns Its path on this machine. */
  readonly download: (archivePath: string) => Promise<string>;
  readonly now: Date;
  readonly signal: AbortSignal | undefined;
}

/** All pointings that the archive's newest table tells of. */
async function allPointings({ transport, download, now, signal }: PacketFilesContext): Promise<Pointing[]> {
  const archivePath = await newestRepointTable(transport, { now, signal });
  if (archivePath === undefined) {
    throw new ImapError(
      "Cannot tell one pointing from the next: the archive has no table of repointings; " +
        "query --table spice --type repoint shows those that it has",
    );
  }
  try {
    return readPointings(await Deno.readTextFile(await download(archivePath)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof ImapError && reason.startsWith("Cannot ")) throw error;
    throw new ImapError(`Cannot read the table of repointings "${archivePath}": ${reason}`, { cause: error });
  }
}

/** The second with which a moment begins: webpoda's packet times have no fraction. */
function secondOf(moment: string): string {
  return moment.slice(0, "2026-01-31T00:00:00".length);
}

/** The pointings in which packets were made that Earth received in a time. */
async function pointingsReceived(
  { webpoda, signal }: PacketFilesContext,
  { apids, days }: CheckedWebpoda,
  pointings: readonly Pointing[],
): Promise<Pointing[]> {
  const withPackets = new Set<Pointing>();
  let last: Pointing | undefined;
  await packetTimes(webpoda, { apids, received: spanOfDays(...days), signal }, (time) => {
    // Most packets are of the same pointing as the one before. A time without its fraction may be of two.
    if (last !== undefined && last.from < time && time < secondOf(last.to)) return;
    for (const pointing of pointings) {
      if (secondOf(pointing.from) > time || pointing.to <= `${time}.000000`) continue;
      withPackets.add(pointing);
      last = pointing;
    }
  });
  return pointings.filter((pointing) => withPackets.has(pointing));
}

/** The days on which packets were made that Earth received in a time, YYYYMMDD. */
async function daysReceived({ webpoda, signal }: PacketFilesContext, asked: CheckedWebpoda): Promise<string[]> {
  const days = new Set<string>();
  const { apids } = asked;
  await packetTimes(webpoda, { apids, received: spanOfDays(...asked.days), signal }, (time) => {
    days.add(time.slice(0, 10));
  });
  return [...days].map((day) => day.replaceAll("-", "")).toSorted();
}

/** Which files are to be made: one for each day, or for each pointing, that has packets or may have them. */
async function packetFiles(context: PacketFilesContext, asked: CheckedWebpoda): Promise<PacketFile[]> {
  const { instrument, apids, days: [first, last], mode } = asked;
  if (BY_POINTING.has(instrument)) {
    const pointings = await allPointings(context);
    const found = mode === "ert"
      ? await pointingsReceived(context, asked, pointings)
      : pointingsIn(pointings, spanOfDays(first, last));
    return found.map(({ repointing, from, to }) => {
      const date = from.slice(0, 10).replaceAll("-", "");
      return { instrument, date, repointing, apids, span: { from, to } };
    });
  }
  const days = mode === "ert"
    ? await daysReceived(context, asked)
    : Array.from({ length: daysBetween(first, last) + 1 }, (_, index) => addDays(first, index));
  return days.map((date) => ({ instrument, date, repointing: null, apids, span: spanOfFile(instrument, date) }));
}

/**
 * The two ways to say which packets are meant: `ert`, those that Earth received in a time; `sct`, those made on board in a
 * time.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { QUERY_MODES } from "@imap-sdc/data-access";
 *
 * assert(QUERY_MODES.includes("ert"));
 * ```
 */
export const QUERY_MODES = ["ert", "sct"] as const;

/** A way to say which packets are meant. */
export type QueryMode = typeof QUERY_MODES[number];

/** Which packets to fetch, under the Python client's names. */
export interface WebpodaParameters {
  /** For instance `mag`. */
  instrument: string;
  /** The first day: `20260131`, `2026-01-31`, `today`, `yesterday` or `7d`, in UTC. */
  start_date: string;
  /** The last day, inclusive. Default: `start_date`. */
  end_date?: string | undefined;
  /** `ert`: days on which Earth received packets; `sct`: days of spacecraft time. Default: `ert`. */
  query_mode?: string | undefined;
}

/** What was asked for, checked. */
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
  return wrongValue(ACTION, { parameter, value: String(value), ...oneOfWords(String(value), words) });
}

/**
 * Checks what is asked of webpoda before anything is sent.
 *
 * @param now What `today` and its like mean.
 * @throws {InputError} When a parameter is wrong; one line for each.
 */
function checkWebpoda(parameters: WebpodaParameters, now: Date): CheckedWebpoda {
  const { instrument, start_date, end_date = start_date, query_mode = "ert" } = parameters;
  const problems = Object.keys(parameters).filter((name) => !NAMES.includes(name)).map((name) =>
    unknownParameter("fetch packets", name, { known: NAMES, closest: closestWord(name, NAMES) })
  );
  const apids = isInstrument(instrument) ? INSTRUMENT_APIDS.get(instrument) : undefined;
  if (apids === undefined) problems.push(wrongWord("instrument", instrument, WITH_PACKETS));
  const mode = QUERY_MODES.find((known) => known === query_mode);
  if (mode === undefined) problems.push(wrongWord("query_mode", query_mode, QUERY_MODES));
  const [first, last] = ([["start_date", start_date], ["end_date", end_date]] as const).map(([name, text]) => {
    const day = readDay(String(text), now)?.day;
    if (day === undefined && !(name === "end_date" && text === start_date)) {
      problems.push(wrongValue(ACTION, { parameter: name, value: String(text), expected: DAY_FORMS }));
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

/** How to fetch packets. */
export interface WebpodaOptions extends CallOptions {
  /** Whether each new file is uploaded too. Default: false. */
  uploadToSdc?: boolean | undefined;
  /** Is told what became of each day or pointing, as soon as it is known. */
  onOutcome?: ((outcome: PacketOutcome) => void) | undefined;
  /** Tells the time, which `today` and its like need. Default: the clock of this machine. */
  now?: (() => Date) | undefined;
}

/** What became of the packets of one day, or of one pointing. */
export type PacketOutcome =
  & {
    /** The day that the file is named after, YYYYMMDD. */
    readonly date: string;
    /** The number of the repointing with which the pointing begins; null for a day. */
    readonly repointing: number | null;
  }
  & (
    | PacketState
    /** Written, and uploaded. */
    | { readonly state: "sent"; readonly file: string; readonly path: string; readonly bytes: number }
    /** It failed; a file that was written and could not be uploaded is still there. */
    | { readonly state: "failed"; readonly error: Error; readonly path?: string }
  );

/** What fetching packets needs of a client. */
export interface WebpodaContext {
  readonly settings: Settings;
  readonly transport: Transport;
}

/** Fetches packets from webpoda, file by file. One that fails is an outcome, not the end of the others. */
export async function fetchPackets(
  context: WebpodaContext,
  parameters: WebpodaParameters,
  options: WebpodaOptions,
): Promise<PacketOutcome[]> {
  const { settings, transport } = context;
  const { signal, uploadToSdc = false, onOutcome = () => {} } = options;
  const now = options.now?.() ?? new Date();
  const asked = checkWebpoda(parameters, now);
  const webpoda = createWebpoda(transport, settings);
  const download = (path: string) => downloadOne(context, { file_path: path }, { signal, progress: false });
  const files = await packetFiles({ transport, webpoda, download, now, signal }, asked);
  const outcomes: PacketOutcome[] = [];
  const making = { transport, webpoda, dataDir: settings.dataDir, signal };
  for (const file of files) {
    const { date, repointing } = file;
    const tell = (outcome: PacketOutcome) => {
      outcomes.push(outcome);
      onOutcome(outcome);
    };
    let path: string | undefined;
    try {
      const made = await makePacketFile(making, file);
      if (made.state !== "written" || !uploadToSdc) {
        tell({ date, repointing, ...made });
        continue;
      }
      path = made.path;
      await uploadOne(transport, path, { signal, progress: false });
      tell({ date, repointing, ...made, state: "sent" });
    } catch (error) {
      signal?.throwIfAborted();
      // Who is not let in would be refused for each of the others, too.
      const isLockedOut = error instanceof ResponseError && [401, 403].includes(error.status) && path === undefined;
      if (!(error instanceof ImapError) || isLockedOut) throw error;
      tell({ date, repointing, state: "failed", error, ...(path === undefined ? {} : { path }) });
    }
  }
  return outcomes;
}
