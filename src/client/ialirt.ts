import {
  CALL_KINDS,
  type CallOptions,
  checkOptions,
  DOWNLOAD_KINDS,
  type DownloadOptions,
  isList,
  KINDS,
  type KindsOf,
} from "./options.ts";
import { RecordList } from "./record_list.ts";
import type { TransferReport } from "../views/transfers.ts";
import { downloadAll, type DownloadContext } from "./transfers.ts";
import type { Settings } from "../config.ts";
import type { Table } from "../display/table.ts";
import {
  checkObject,
  InputError,
  joinInputErrors,
  ProtocolError,
  ResponseError,
  shown,
  unknownParameter,
  wrongValue,
} from "../errors.ts";
import { Call } from "../http/call.ts";
import type { Transport } from "../http/transport.ts";
import {
  addDays,
  asWord,
  closestName,
  type DayLike,
  daysBetween,
  isCalendarDate,
  isOneOf,
  oneOfWords,
  startOfDay,
} from "../names/fields.ts";
import { isJsonObject, type WordOrText } from "../protocol/tables.ts";
import { DAY_FORMS, endBeforeStart, readDay, readTime } from "../sdc/plan_query.ts";
import { objectAt, readJson } from "../sdc/replies.ts";
import type { UrlSource } from "../transfer/objects.ts";
import { basename } from "@std/path";

/**
 * A source of space weather: an instrument, its housekeeping data, or the spacecraft (SDC protocol, "I-ALiRT").
 *
 * @category Real-time data and packets
 */
export type SpaceWeatherInstrument =
  | `${"codice_hi" | "codice_lo" | "hit" | "mag" | "swapi" | "swe"}${"" | "_hk"}`
  | "spacecraft"
  | "spice";

/** All sources of space weather. */
export const SPACE_WEATHER_INSTRUMENTS: readonly SpaceWeatherInstrument[] = [
  "codice_hi",
  "codice_lo",
  "hit",
  "mag",
  "swapi",
  "swe",
  "spacecraft",
  "spice",
  "codice_hi_hk",
  "codice_lo_hk",
  "hit_hk",
  "mag_hk",
  "swapi_hk",
  "swe_hk",
];

/**
 * The space weather to get. Default: the last hour.
 *
 * @category Real-time data and packets
 */
export interface SpaceWeatherParameters {
  /** One source. Default: the six science instruments. */
  instrument?: WordOrText<SpaceWeatherInstrument> | undefined;
  /** From the start of this day: `20260131`, `2026-01-31`, `today`, `yesterday` or `7d`; or a time, `2026-01-31T12:00` (UTC). */
  start_date?: DayLike | undefined;
  /** To the end of this day, in the same forms; or to a time. Default: the day of `start_date`. */
  end_date?: DayLike | undefined;
}

/**
 * Options of a request for space weather.
 *
 * @category Real-time data and packets
 */
export interface SpaceWeatherOptions extends CallOptions {
  /**
   * Returns the current time, for `today`, `yesterday` and `7d`. Default: the clock of this machine.
   *
   * @ignore
   */
  now?: (() => Date) | undefined;
}

const WEATHER_KINDS: KindsOf<SpaceWeatherOptions> = { ...CALL_KINDS, now: KINDS.clock };

/**
 * One measurement of space weather. Its other keys depend on the instrument, and are kept as they are received.
 *
 * @category Real-time data and packets
 */
export interface SpaceWeatherRecord {
  /** The source, for example `mag`. */
  readonly instrument: string | null;
  /** When it was measured: `2026-01-31T12:00:00`, UTC. */
  readonly time_utc: string | null;
  /** The measured values. */
  readonly [key: string]: unknown;
}

/** Creates a transport for I-ALiRT, without credentials: it is public, and credentials are sent only to the API. */
function transportTo(settings: Settings, transport: Transport): Transport {
  const base = settings.ialirtUrl;
  return {
    ...transport,
    api: { base, variable: "IMAP_IALIRT_URL", origin: new URL(base).origin, headers: {}, secrets: [] },
  };
}

/** A time span, in milliseconds since 1970. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** The time span of a call. */
interface WholeSpan extends Span {
  /** Whether measurements at its end belong to it: a time does, but the midnight after a day is the next day's. */
  readonly hasEnd: boolean;
}

/** Formats a time for I-ALiRT: UTC, without a time zone. */
function wireTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19);
}

/** A bound of a time span. A day has a start and an end; a time is both. */
function momentOf({ day, time }: { readonly day: string; readonly time?: string }, isEnd: boolean): number {
  if (time === undefined) return startOfDay(isEnd ? addDays(day, 1) : day).getTime();
  return Date.parse(`${day.replace(/^(....)(..)(..)$/, "$1-$2-$3")}T${time}Z`);
}

/** The first moment of the next day. */
function nextMidnight(milliseconds: number): number {
  return (Math.floor(milliseconds / DAY_MS) + 1) * DAY_MS;
}

const DAY_MS = 86_400_000;
const WEATHER = "get space weather with";
const WEATHER_NAMES = ["instrument", "start_date", "end_date"] as const;

/** The checked parameters. */
interface CheckedWeather {
  readonly instrument: string | undefined;
  /** Undefined for the last hour. */
  readonly span: WholeSpan | undefined;
}

/** Checks the parameters before anything is sent. @throws {InputError} With a line for each wrong parameter. */
function checkWeather(parameters: SpaceWeatherParameters, now: Date): CheckedWeather {
  checkObject("get space weather by", parameters);
  const { start_date, end_date = start_date } = parameters;
  const instrument = asWord(parameters.instrument);
  const problems = Object.keys(parameters).filter((name) => !isOneOf(WEATHER_NAMES, name)).map((name) =>
    unknownParameter("get space weather", name, { known: WEATHER_NAMES, closest: closestName(name, WEATHER_NAMES) })
  );
  if (instrument !== undefined && !isOneOf(SPACE_WEATHER_INSTRUMENTS, instrument)) {
    const value = shown(instrument);
    problems.push(
      wrongValue(WEATHER, { parameter: "instrument", value, ...oneOfWords(value, SPACE_WEATHER_INSTRUMENTS) }),
    );
  }
  const [first, last] = ([["start_date", start_date], ["end_date", end_date]] as const).map(([parameter, value]) => {
    if (value === undefined || (parameter === "end_date" && parameters.end_date === undefined)) {
      return value === undefined ? undefined : readTime(value, now);
    }
    const time = readTime(value, now);
    if (time === undefined) {
      const expected = `${DAY_FORMS}, or a time (UTC) such as 2026-01-31T12:00`;
      problems.push(wrongValue(WEATHER, { parameter, value: shown(value), expected }));
    }
    return time;
  });
  if (start_date === undefined && end_date !== undefined) {
    problems.push(
      wrongValue(WEATHER, { parameter: "start_date", expected: "the first day, since a last day is given" }),
    );
  }
  if (problems.length > 0) throw joinInputErrors(problems);
  if (first === undefined || last === undefined) return { instrument, span: undefined };
  // A single time also defines its day.
  const isWhole = parameters.end_date === undefined;
  const span = {
    start: momentOf(first, false),
    end: momentOf(isWhole ? { day: last.day } : last, true),
    hasEnd: !isWhole && last.time !== undefined,
  };
  if (first.day > last.day || span.start > span.end) {
    throw endBeforeStart(WEATHER, [
      { parameter: "start_date", value: start_date },
      { parameter: "end_date", value: end_date },
    ]);
  }
  return { instrument, span };
}

/** The records of a response. @throws {ProtocolError} When it does not contain any. */
function decodeWeather(json: unknown): SpaceWeatherRecord[] {
  const rows = isJsonObject(json) ? json.data : undefined;
  if (!Array.isArray(rows)) throw new ProtocolError("it has no list of data");
  return rows.map((row: unknown, index) => {
    if (!isJsonObject(row)) throw new ProtocolError(`record ${index + 1} is not an object`);
    const text = (name: string) => {
      const value = row[name];
      return typeof value === "string" ? value : null;
    };
    // A copy would not keep the digits of large numbers in JSON.
    return Object.assign(row, { instrument: text("instrument"), time_utc: text("time_utc") });
  });
}

/** The minimum span that is split: if a shorter one is too large, splitting does not help. */
const MIN_SPAN_MS = 3_600_000;
/** The server's message about a span with more than 1 MB of data (SDC protocol). */
const TOO_LARGE = /more data than allowed/;

/** Gets space weather, one time span after another. */
class SpaceWeather {
  readonly #call: Call;
  readonly #instrument: string | undefined;

  constructor(transport: Transport, instrument: string | undefined, signal: AbortSignal | undefined) {
    this.#call = new Call(transport, { action: "get space weather", signal });
    this.#instrument = instrument;
  }

  /** Gets the records of the last hour. */
  lastHour(): Promise<SpaceWeatherRecord[]> {
    return this.#ask({});
  }

  /** Gets the records of a time span, day by day, since a response of I-ALiRT contains up to 1 MB. */
  async during({ start, end, hasEnd }: WholeSpan): Promise<SpaceWeatherRecord[]> {
    const records: SpaceWeatherRecord[] = [];
    const last = hasEnd ? end : undefined;
    for (let at = start; at < end || at === start;) {
      const next = Math.min(nextMidnight(at), end);
      for (const record of await this.#part({ start: at, end: next }, last)) records.push(record);
      at = Math.max(next, at + 1);
    }
    return records;
  }

  /**
   * Gets the records of one request, or of its halves if the response is too large.
   *
   * @param last The end of the last request, if measurements at that time are wanted.
   */
  async #part(span: Span, last: number | undefined): Promise<SpaceWeatherRecord[]> {
    const { start, end } = span;
    const search = { time_utc_start: wireTime(start), time_utc_end: wireTime(end) };
    try {
      const records = await this.#ask(search);
      // Measurements at midnight are in the responses of both days.
      return records.filter(({ time_utc }) => time_utc === null || end === last || time_utc < search.time_utc_end);
    } catch (error) {
      const isTooLarge = error instanceof ResponseError && error.status === 400 && TOO_LARGE.test(error.serverText);
      if (!isTooLarge || end - start < 2 * MIN_SPAN_MS) throw error;
      const middle = start + Math.floor((end - start) / 2000) * 1000;
      const before = await this.#part({ start, end: middle }, last);
      return [...before, ...await this.#part({ start: middle, end }, last)];
    }
  }

  async #ask(times: Readonly<Record<string, string>>): Promise<SpaceWeatherRecord[]> {
    const search = { ...(this.#instrument === undefined ? {} : { instrument: this.#instrument }), ...times };
    const call = this.#call;
    return await call.retry(async () =>
      await readJson(await call.getApi(call.apiUrl("/space-weather", search)), decodeWeather)
    );
  }
}

/** The maximum number of columns of a readable table. */
const MAX_COLUMNS = 16;

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Makes a table of measurements: a column for each key, in the order of the keys in the responses. */
function weatherTable(records: readonly SpaceWeatherRecord[]): Table<SpaceWeatherRecord> {
  const keys = new Set<string>();
  for (const record of records) for (const key of Object.keys(record)) keys.add(key);
  for (const key of ["time_utc", "instrument", "ttj2000ns"]) keys.delete(key);
  const others = [...keys];
  const shownKeys = ["time_utc", "instrument", ...others.slice(0, MAX_COLUMNS - 2)];
  const hidden = others.slice(MAX_COLUMNS - 2);
  return {
    title: `Found [${records.length}] records of space weather`,
    ...(hidden.length === 0 ? {} : { note: `${hidden.length} more keys: ${hidden.join(", ")}` }),
    columns: shownKeys.map((key) => ({
      header: key === "time_utc" ? "Time (UTC)" : key === "instrument" ? "Instrument" : key,
      align: "left",
      text: (record) => cellOf(record[key]),
    })),
    rows: records,
  };
}

/** Gets space weather from I-ALiRT. */
export async function getSpaceWeather(
  { settings, transport }: DownloadContext,
  parameters: SpaceWeatherParameters,
  options: SpaceWeatherOptions,
): Promise<RecordList<SpaceWeatherRecord>> {
  checkOptions("get space weather", WEATHER_KINDS, options);
  const { signal, now = () => new Date() } = options;
  const { instrument, span } = checkWeather(parameters, now());
  const weather = new SpaceWeather(transportTo(settings, transport), instrument, signal);
  return RecordList.fromRecords(
    span === undefined ? await weather.lastHour() : await weather.during(span),
    weatherTable,
  );
}

/** The lists of I-ALiRT, with their routes and parameters (SDC protocol, "I-ALiRT"). */
const LISTS = {
  archive: { route: "/ialirt-archive-query", parameters: ["year", "month", "day", "version"] },
  packets: { route: "/ialirt-packet-query", parameters: ["year", "doy", "hh", "mm", "ss"] },
  logs: { route: "/ialirt-log-query", parameters: ["year", "doy", "instance"] },
  catalog: { route: "/ialirt-catalog", parameters: ["start_date", "end_date", "station"] },
  realtime: { route: "/ialirt-realtime-query", parameters: [] },
} as const satisfies Readonly<Record<IalirtList, { readonly route: string; readonly parameters: readonly string[] }>>;

/**
 * One of the lists of I-ALiRT.
 *
 * @category Real-time data and packets
 */
export type IalirtList = "archive" | "packets" | "logs" | "catalog" | "realtime";

/** The names of the lists. */
export const IALIRT_LISTS: readonly IalirtList[] = ["archive", "packets", "logs", "catalog", "realtime"];

/**
 * The files of I-ALiRT to list, with I-ALiRT's own parameter names. `archive`, `packets` and `logs` need a year.
 *
 * @category Real-time data and packets
 */
export interface IalirtParameters {
  /**
   * `archive`: data files, by `year`, `month`, `day` and `version`; `packets`: by `year`, `doy`, `hh`, `mm` and `ss`;
   * `logs`: by `year`, `doy` and `instance`; `catalog`: by `start_date`, `end_date` and `station`; `realtime`: the newest
   * file. Default: `archive`.
   */
  list?: WordOrText<IalirtList> | undefined;
  /** The year, four digits. */
  year?: number | string | undefined;
  /** The month, 1 to 12. */
  month?: number | string | undefined;
  /** The day of the month, 1 to 31; requires a month. */
  day?: number | string | undefined;
  /** The version of the files. Default: 1. */
  version?: number | string | undefined;
  /** The day of the year, 1 to 366. */
  doy?: number | string | undefined;
  /** The hour, 0 to 23; requires a day. */
  hh?: number | string | undefined;
  /** The minute; requires an hour. */
  mm?: number | string | undefined;
  /** The second; requires a minute. */
  ss?: number | string | undefined;
  /** The number of the machine whose logs are listed. */
  instance?: number | string | undefined;
  /** The first day of the catalog: `20260131`, `2026-01-31`, `today`, `yesterday` or `7d`. */
  start_date?: DayLike | undefined;
  /** The last day of the catalog: less than 30 days later. */
  end_date?: DayLike | undefined;
  /** The ground station. */
  station?: string | undefined;
}

/**
 * A file of I-ALiRT.
 *
 * @category Real-time data and packets
 */
export interface IalirtFile {
  /** Its name. */
  readonly file_name: string;
  /** The modification time, in I-ALiRT's format; null if it is not sent. */
  readonly date_modified: string | null;
}

/** The range of each number, and the number of digits in requests. */
const NUMBERS: Readonly<Record<string, readonly [min: number, max: number, digits: number]>> = {
  year: [2000, 2100, 4],
  month: [1, 12, 2],
  day: [1, 31, 2],
  version: [1, 999, 1],
  doy: [1, 366, 3],
  hh: [0, 23, 2],
  mm: [0, 59, 2],
  ss: [0, 59, 2],
  instance: [0, 99, 1],
};

/** Each part of a time requires the part before it. */
const NEEDS: Readonly<Record<string, string>> = { day: "month", hh: "doy", mm: "hh", ss: "mm" };

const LIST = "list files of I-ALiRT with";

/** The catalog covers less than 30 days at a time (SDC protocol, "I-ALiRT"). */
const MAX_CATALOG_DAYS = 30;

/** Returns the value of a parameter as it is sent; undefined if it is wrong. */
function wireParameter(name: string, value: unknown, now: Date): string | { readonly expected: string } {
  const text = shown(value);
  const range = NUMBERS[name];
  if (range !== undefined) {
    const [min, max, digits] = range;
    const isRight = /^\d{1,4}$/.test(text) && Number(text) >= min && Number(text) <= max;
    return isRight ? String(Number(text)).padStart(digits, "0") : { expected: `a whole number from ${min} to ${max}` };
  }
  if (name === "station") return /^[\w-]{1,64}$/.test(text) ? text : { expected: "the name of a ground station" };
  const day = readDay(value, now)?.day;
  return day === undefined ? { expected: DAY_FORMS } : day.replace(/^(....)(..)(..)$/, "$1-$2-$3");
}

/** Checks which files to list before anything is sent. @throws {InputError} With a line for each wrong parameter. */
function checkList(parameters: IalirtParameters, now: Date): { list: IalirtList; search: Record<string, string> } {
  checkObject("list files of I-ALiRT by", parameters);
  const { list: wantedList, ...rest } = parameters;
  const list = asWord(wantedList ?? "archive");
  if (!isOneOf(IALIRT_LISTS, list)) {
    const value = shown(list);
    throw wrongValue(LIST, { parameter: "list", value, ...oneOfWords(value, IALIRT_LISTS) });
  }
  const known: readonly string[] = LISTS[list].parameters;
  const given = Object.entries<unknown>(rest).filter(([, value]) => value !== undefined && value !== null);
  const search: Record<string, string> = {};
  const problems: InputError[] = [];
  for (const [parameter, value] of given) {
    if (known.length === 0) {
      problems.push(
        new InputError(
          (nameOf) => `Cannot list the newest file of I-ALiRT by ${nameOf(parameter)}: it has no conditions`,
          {
            problems: [{ parameter, value: shown(value), expected: "no conditions" }],
          },
        ),
      );
      continue;
    }
    if (!known.includes(parameter)) {
      const what = `list the ${list} of I-ALiRT`;
      problems.push(unknownParameter(what, parameter, { known, closest: closestName(parameter, known) }));
      continue;
    }
    const wire = wireParameter(parameter, value, now);
    if (typeof wire === "string") search[parameter] = wire;
    else problems.push(wrongValue(LIST, { parameter, value: shown(value), ...wire }));
    const needed = NEEDS[parameter];
    if (needed === undefined || given.some(([name]) => name === needed)) continue;
    problems.push(wrongValue(LIST, { parameter: needed, expected: `a number, since ${parameter} is given` }));
  }
  if (known.includes("year") && !given.some(([name]) => name === "year")) {
    const problem = { parameter: "year", expected: "the year of the files" };
    problems.push(
      new InputError(
        (nameOf) => `Cannot list files of I-ALiRT without ${nameOf("year")}: expected ${problem.expected}`,
        {
          problems: [problem],
        },
      ),
    );
  }
  if (problems.length > 0) throw joinInputErrors(problems);
  const { start_date = "", end_date = "9999" } = search;
  if (start_date > end_date) {
    throw endBeforeStart(LIST, [
      { parameter: "start_date", value: parameters.start_date },
      { parameter: "end_date", value: parameters.end_date },
    ]);
  }
  const { year = "", month, day } = search;
  if (month !== undefined && day !== undefined && !isCalendarDate(`${year}${month}${day}`)) {
    throw wrongValue(LIST, { parameter: "day", value: shown(parameters.day), expected: "a day of that month" });
  }
  const [first, last] = [search.start_date, search.end_date].map((date) => date?.replaceAll("-", ""));
  if (first !== undefined && last !== undefined && daysBetween(first, last) >= MAX_CATALOG_DAYS) {
    const expected = `a day less than ${MAX_CATALOG_DAYS} days after the first one`;
    throw wrongValue(LIST, { parameter: "end_date", value: shown(parameters.end_date), expected });
  }
  return { list, search };
}

/** Returns the files of a response. Presigned URLs are secrets, and are omitted. */
function decodeFiles(json: unknown): IalirtFile[] {
  if (!isJsonObject(json)) throw new ProtocolError("it is not a list of files");
  const { files, file_names = files, dates_modified, latest_file } = json;
  const names: unknown = typeof latest_file === "string" ? [latest_file] : file_names;
  if (!Array.isArray(names)) throw new ProtocolError("it has no list of files");
  const dates: readonly unknown[] = Array.isArray(dates_modified) ? dates_modified : [];
  return names.map((file_name: unknown, index) => {
    if (typeof file_name !== "string") throw new ProtocolError(`file ${index + 1} has no name`);
    const date = dates[index];
    return { file_name, date_modified: typeof date === "string" ? date : null };
  });
}

/** The maximum number of files that I-ALiRT lists. */
const MAX_FILES = 1000;

/** Makes a table of files. */
function filesTable(files: readonly IalirtFile[]): Table<IalirtFile> {
  const hasDates = files.some(({ date_modified }) => date_modified !== null);
  return {
    title: `Found [${files.length}] files of I-ALiRT`,
    ...(files.length < MAX_FILES ? {} : { note: `I-ALiRT lists only ${MAX_FILES} files.` }),
    columns: [
      { header: "File Name", align: "left", text: ({ file_name }) => file_name },
      ...(hasDates
        ? [{ header: "Modified", align: "left" as const, text: ({ date_modified }: IalirtFile) => date_modified ?? "" }]
        : []),
    ],
    rows: files,
  };
}

/** Lists files of I-ALiRT. */
export async function listIalirt(
  { settings, transport }: DownloadContext,
  parameters: IalirtParameters,
  options: SpaceWeatherOptions,
): Promise<RecordList<IalirtFile>> {
  checkOptions("list files of I-ALiRT", WEATHER_KINDS, options);
  const { signal, now = () => new Date() } = options;
  const { list, search } = checkList(parameters, now());
  const call = new Call(transportTo(settings, transport), { action: "list files of I-ALiRT", signal });
  const files = await call.retry(async () =>
    await readJson(await call.getApi(call.apiUrl(LISTS[list].route, search)), decodeFiles)
  );
  return RecordList.fromRecords(files, filesTable);
}

/** Returns the source of presigned URLs for downloads from I-ALiRT's archive. */
function ialirtUrls(transport: Transport): UrlSource {
  return {
    downloadUrl: async (path, { signal, end }) => {
      const name = basename(path);
      const call = new Call(transport, { action: `download "${name}"`, signal, end });
      const url = await objectAt(call, call.apiUrl(`/ialirt-download/archive/${encodeURIComponent(name)}`));
      if (url !== undefined) return url;
      const { host } = new URL(transport.api.base);
      throw new ResponseError(`the archive at ${host} has no such file; ialirt lists those that it has`, {
        action: call.action,
        status: 404,
      });
    },
    uploadUrl: () => Promise.reject(new InputError("Cannot upload to I-ALiRT")),
  };
}

/** Downloads files of I-ALiRT's archive to the data directory, in the SDC's folders. */
export async function downloadIalirt(
  { settings, transport, cell }: DownloadContext,
  files: string | Iterable<string | IalirtFile>,
  options: DownloadOptions,
): Promise<TransferReport> {
  const there = transportTo(settings, transport);
  checkOptions("download", DOWNLOAD_KINDS, options);
  const names = [...isList(files) ? files : [files]].map((file) => {
    const name = typeof file === "object" && file !== null && "file_name" in file ? file.file_name : file;
    if (typeof name === "string" && !/[/\\]/.test(name)) return name;
    throw new InputError(
      `Cannot download "${shown(name)}" from I-ALiRT: expected the name of a file, without a folder`,
    );
  });
  return await downloadAll({ settings, transport: there, urls: ialirtUrls(there), cell }, names, options);
}
