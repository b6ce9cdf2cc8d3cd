import { addDays, isCalendarDate } from "../names/calendar_date.ts";
import { ANCILLARY_EXTENSIONS, archivePath, bareName, parseFileName } from "../names/file_name.ts";
import { isDataLevel, isGlob, isInstrument, matchesGlob } from "../names/vocabulary.ts";
import { fixedEnds, formatSpiceName, readSpiceFile, spiceTypesOf } from "../names/spice_name.ts";
import { isVersion, parseVersion } from "../names/version.ts";
import { type FileRecord, numberOf, recordVersion, versionOf } from "../protocol/rows.ts";
import {
  ALL_KERNELS,
  ALL_MAJORS,
  type QueryParameterName,
  SDC_TABLES,
  type SdcTable,
  type TableName,
  type WireQuery,
} from "../protocol/tables.ts";
import { type CheckedQuery, QUERY_TABLES } from "./check_query.ts";

/** Whether a row meets a condition. */
type Keep = (row: FileRecord) => boolean;

/** The types of SPICE files with their own table: `GET /spice-query` returns them only if their type is requested. */
const TABLE_TYPES = ["spin", "repoint", "thruster"] as const;

function hasOwnTable(type: unknown): boolean {
  return TABLE_TYPES.some((own) => own === type);
}

/** Returns a row's value for a parameter, as text. */
function valueOf(row: FileRecord, name: QueryParameterName): string {
  switch (name) {
    case "type":
      return String(row.kernel_type ?? "");
    case "major_version":
      return String(recordVersion(row)?.major ?? "");
    case "minor_version":
      return String(recordVersion(row)?.minor ?? "");
    case "repointing":
    case "cr":
      return String(numberOf(row, name) ?? "");
    // Servers that do not send it list only public files.
    case "released":
      return String(row.released ?? true);
  }
  return String(row[name] ?? "");
}

/** Whether a row has a version: for the SDC, `v001` is minor version 1 of any major version. */
function hasVersion(table: TableName, row: FileRecord, wanted: string): boolean {
  const version = versionOf(table, row);
  if (version === undefined) return false;
  if (table === "spice") return version.minor === Number(wanted.replace("v", ""));
  if (!isVersion(wanted)) return false;
  const { major, minor } = parseVersion(wanted);
  return minor === version.minor && (major === null || major === version.major);
}

/** Keeps rows that have one of the given values. */
function keepListed(table: TableName, name: QueryParameterName, values: readonly string[]): Keep {
  if (name === "version") return (row) => values.some((wanted) => hasVersion(table, row, wanted));
  return (row) => {
    const value = valueOf(row, name);
    return values.some((wanted) =>
      isGlob(wanted)
        ? matchesGlob(value, wanted)
        : value === wanted || (name === "type" && wanted === ALL_KERNELS && !hasOwnTable(value))
    );
  };
}

/**
 * Keeps files that have one of the given names, or match one of the given patterns. Names of SPICE files are
 * case-insensitive.
 */
function keepNamed(table: TableName, names: readonly string[]): Keep {
  const same = (text: string) => table === "spice" ? text.toLowerCase() : text;
  const wishes = names.map(same);
  return ({ file_path }) => {
    const name = same(bareName(file_path));
    return wishes.some((wanted) => isGlob(wanted) ? matchesGlob(name, wanted) : name === wanted);
  };
}

/** `20260131` and a time of day -> the form of a row's `ingestion_date`, which sorts as text. */
function momentOf(day: string, time: string): string {
  return `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)} ${time}`;
}

/** Keeps files that were indexed within the bounds of a query. */
function keepIngested({ days }: CheckedQuery): Keep {
  const [from, to] = [days.get("ingestion_start_date"), days.get("ingestion_end_date")];
  const first = from === undefined ? "" : momentOf(from.day, from.time ?? "00:00:00");
  const last = to === undefined ? undefined : momentOf(to.day, to.time ?? "23:59:59");
  return ({ ingestion_date }) => {
    const ingested = ingestion_date ?? "";
    return ingested >= first && (last === undefined || ingested <= last);
  };
}

/** `2026-01-31, 12:00:00` -> `20260131`. */
function dayOfText(text: unknown): string | undefined {
  return typeof text === "string" ? text.slice(0, 10).replaceAll("-", "").slice(0, 8) : undefined;
}

/** Keeps files with a day within the bounds of a query. A SPICE file without coverage is valid on all days. */
function keepDays({ table, days }: CheckedQuery): Keep {
  const [from = "", to = "99999999"] = [days.get("start_date")?.day, days.get("end_date")?.day];
  if (table !== "spice") return ({ start_date }) => (start_date ?? "") >= from && (start_date ?? "") <= to;
  return ({ min_date_datetime, max_date_datetime }) => {
    const [first = "", last = "99999999"] = [dayOfText(min_date_datetime), dayOfText(max_date_datetime)];
    return first <= to && last >= from;
  };
}

/** Parameters of a request that select files. */
type Conditions = Readonly<Record<string, string>>;

/**
 * The maximum number of types of SPICE files that are requested one by one; for more types, all kernels are requested
 * at once.
 */
const MAX_TYPES = 4;

/** Returns the requests that find all SPICE files of the given types, or of all types. */
function typeRequests(types?: readonly string[]): Conditions[] {
  if (types !== undefined && types.length > 0 && types.length <= MAX_TYPES) return types.map((type) => ({ type }));
  const own = TABLE_TYPES.filter((type) => types === undefined || types.length === 0 || types.includes(type));
  return [{}, ...own.map((type) => ({ type }))];
}

/** Returns the days that match the beginning of a field: `20260131*`, `202601*`, `2026*`. */
function daysOf(field: string | undefined): Conditions {
  const [year, month, day] = /^(\d{4})(\d\d)?(\d\d)?/.exec(fixedEnds(field ?? "")[0])?.slice(1) ?? [];
  const start_date = `${year}${month ?? "01"}${day ?? "01"}`;
  if (!isCalendarDate(start_date)) return {};
  if (day !== undefined) return { start_date, end_date: start_date };
  if (month === undefined) return { start_date, end_date: `${year}1231` };
  const nextMonth = addDays(start_date, 31);
  return { start_date, end_date: addDays(`${nextMonth.slice(0, 6)}01`, -1) };
}

/** `imap_mag_l1a_*`: the fields before the first wildcard are known by position. */
function conditionsOfStart(fields: readonly string[], table: TableName): Conditions {
  const firstOpen = fields.findIndex(isGlob);
  const [imap, instrument, level, descriptor] = fields.slice(0, firstOpen);
  if (imap !== "imap" || instrument === undefined || !isInstrument(instrument)) return {};
  if (table === "ancillary") {
    return level === undefined ? { instrument } : { instrument, descriptor: level, ...daysOf(fields[3]) };
  }
  if (level === undefined || !isDataLevel(level)) return { instrument };
  if (descriptor === undefined) return { instrument, data_level: level };
  return { instrument, data_level: level, descriptor, ...daysOf(fields[4]) };
}

/** `*_l1a_*`: a data level between underscores is either the file's data level or its descriptor. */
function conditionsOfMiddle(fields: readonly string[]): readonly Conditions[] {
  const inside = fields.slice(1, -1);
  const level = inside.find(isDataLevel);
  if (level !== undefined) return [{ data_level: level }, { descriptor: level }];
  const instrument = inside.find(isInstrument);
  return instrument === undefined ? [{}] : [{ instrument }, { descriptor: instrument }];
}

/** Returns the request for a file with a full name: by path, or for a SPICE file by name. */
function requestsOfName(name: string, has: (parameter: string) => boolean): readonly Conditions[] {
  const file = parseFileName(name);
  const { start_date } = file;
  const path = archivePath(name);
  if (file.kind !== "spice") {
    // The day is compared with the query's own bounds.
    const days: Conditions = start_date === null ? {} : { start_date, end_date: start_date };
    if (has("file_path")) return [{ file_path: path, ...days }];
    const { instrument, descriptor } = file;
    const level: Conditions = "data_level" in file ? { data_level: file.data_level } : {};
    return [{ instrument, descriptor, ...days, ...level }];
  }
  const type = file.kernel_type;
  // Small-forces files have been stored in several folders, so their paths are uncertain.
  if (!has("file_name") || type === "thruster") return [{ type }];
  if (hasOwnTable(type)) return [{ type, file_name: path }];
  return [...new Set([name, formatSpiceName(file) ?? name])].map((file_name) => ({ file_name }));
}

/** Returns conditions for the server: every file that matches the pattern meets at least one of them. */
function requestsOfPattern(pattern: string, table: TableName): readonly Conditions[] {
  if (table === "spice") return typeRequests(spiceTypesOf(pattern));
  const fields = pattern.split("_");
  const start = conditionsOfStart(fields, table);
  const extension = pattern.slice(pattern.lastIndexOf(".") + 1);
  const extensions: readonly string[] = table === "ancillary" ? ANCILLARY_EXTENSIONS : SDC_TABLES[table].extensions;
  const end: Conditions = pattern.includes(".") && extensions.includes(extension) ? { extension } : {};
  const middle = table !== "ancillary" && start.instrument === undefined ? conditionsOfMiddle(fields) : [{}];
  return middle.map((conditions) => ({ ...start, ...end, ...conditions }));
}

/** Returns the request for a file with a full path. */
function requestsOfPath(path: string, table: TableName, has: (parameter: string) => boolean): readonly Conditions[] {
  if (table !== "spice") return has("file_path") ? [{ file_path: path }] : [{}];
  const file = readSpiceFile(bareName(path));
  const type = Array.isArray(file) ? undefined : file.kernel_type;
  const file_name = hasOwnTable(type) ? path : bareName(path);
  const ofType: Conditions = type === undefined ? {} : { type };
  return [has("file_name") ? { ...ofType, file_name } : ofType];
}

/**
 * Whether a name or a pattern may exclude some versions of a file. The version follows the last underscore, so a pattern that
 * ends before it, such as `imap_mag_l1a_*`, matches all versions or none.
 */
function mayTellVersion(name: string): boolean {
  const head = name.replace(/\.[a-z]+$/, "");
  if (!head.endsWith("*")) return true;
  const start = head.replace(/\*+$/, "");
  return start !== "" && !start.endsWith("_") && (isGlob(start) || start.split("_").length > 5);
}

/** The requests of a query, and what the client does with the rows. */
export interface QueryPlan {
  readonly table: TableName;
  /**
   * Their responses together contain every file that meets the query.
   *
   * Without `major_version` the SDC sends the newest major version of each file. A request with `major_version: "all"`
   * represents several: it is first sent without a major version, to find the newest one, and then once for each major
   * version from 0 up to that one. `all` itself is not sent.
   */
  readonly requests: readonly WireQuery[];
  /** Whether a row meets the conditions that the server does not check. */
  readonly keep: (row: FileRecord) => boolean;
  /** Whether a file may be in the responses to several requests, or to several slices of one. */
  readonly mayOverlap: boolean;
  /** How to reduce the rows once all are received: to the newest version, or the newest major version, of each file. */
  readonly reduceTo: "newest version" | "newest major version" | undefined;
}

/** The server compares exact values, with one request for each combination, up to this number of requests. */
const MAX_REQUESTS = 32;
/** Conditions that all files meet, since the server requires at least one condition. */
const ANY_DAY = "01000101";
const ANY_INGESTION_DAY = "19000101";

/** Combines each of the conditions with each combination of one value per list. */
function combinations(conditions: readonly Conditions[], lists: ReadonlyMap<string, readonly string[]>): Conditions[] {
  let all = [...conditions];
  for (const [name, values] of lists) {
    // Conditions that a name implies are not sent again: the client compares the rows anyway.
    all = all.flatMap((one) => name in one ? [one] : values.map((value) => ({ ...one, [name]: value })));
  }
  return all;
}

/** Whether a pattern matches every name. */
function matchesAll(name: string): boolean {
  return /^\*+$/.test(name);
}

/** Divides a query between the server and the client. */
class Planner {
  readonly #query: CheckedQuery;
  readonly #refused: ReadonlySet<string>;
  readonly #keeps: Keep[] = [];
  /** Values that the server compares, under their names in requests. */
  readonly #exact = new Map<string, readonly string[]>();
  /** Bounds that the server compares. */
  readonly #bounds: Record<string, string> = {};

  constructor(query: CheckedQuery, refused: ReadonlySet<string>) {
    this.#query = query;
    this.#refused = refused;
  }

  plan(): QueryPlan {
    const { table, lists, fileNames, filePaths, latest } = this.#query;
    this.#planDays();
    for (const [name, values] of lists) this.#planList(name, values);
    const named = this.#named();
    const requests = this.#withinLimit(named.length > 0 ? named : this.#everything());
    const latestByServer = latest && this.#serverFindsLatest(requests);
    const majors = latestByServer ? undefined : this.#majors();
    const versions = lists.get("version") ?? [];
    return {
      table,
      requests: requests.flatMap((request) =>
        this.#complete(request, { latestByServer, allMajors: majors !== undefined })
      ),
      keep: (row) => this.#keeps.every((keep) => keep(row)),
      mayOverlap: QUERY_TABLES[table].overlaps || fileNames.length + filePaths.length > 1 || named.length > 1 ||
        versions.length > 1 || majors === "reduce",
      reduceTo: latest && !latestByServer
        ? "newest version"
        : majors === "reduce" && !latest
        ? "newest major version"
        : undefined,
    };
  }

  /** Whether a request may contain a parameter. */
  #has(wireName: string): boolean {
    const { parameters }: SdcTable = SDC_TABLES[this.#query.table];
    return Object.hasOwn(parameters, wireName) && !this.#refused.has(wireName);
  }

  #wireName(name: QueryParameterName): string {
    return QUERY_TABLES[this.#query.table].wireNames[name] ?? name;
  }

  /** The server compares the days that it supports; the client compares times of day, and the days of SPICE files. */
  #planDays(): void {
    const { table, days, fileNames, filePaths } = this.#query;
    const isSpice = table === "spice";
    // A file with a full name is requested only by name.
    const isNamed = filePaths.length > 0 || fileNames.some((name) => !isGlob(name));
    const isExact = (name: QueryParameterName) => this.#has(this.#wireName(name)) && days.get(name)?.time === undefined;
    const isGiven = (names: readonly QueryParameterName[]) => names.filter((name) => days.has(name));
    const own = isGiven(["start_date", "end_date"]);
    const ingestion = isGiven(["ingestion_start_date", "ingestion_end_date"]);
    if (own.some((name) => isNamed || !isExact(name))) this.#keeps.push(keepDays(this.#query));
    // `/spice-query` interprets a day as its midnight.
    if (ingestion.some((name) => isNamed || isSpice || !isExact(name))) this.#keeps.push(keepIngested(this.#query));
    for (const name of [...own, ...ingestion]) {
      const { day = "" } = days.get(name) ?? {};
      if (!this.#has(this.#wireName(name))) continue;
      this.#bounds[this.#wireName(name)] = isSpice && name === "ingestion_end_date" ? addDays(day, 1) : day;
    }
  }

  #planList(name: QueryParameterName, values: readonly string[]): void {
    const { table, fileNames, filePaths } = this.#query;
    // The SDC added this parameter late, and older servers crash on it.
    const isForServer = name !== "released" && this.#has(this.#wireName(name)) && !values.some(isGlob);
    const isNamed = fileNames.length + filePaths.length > 0;
    if (isForServer) this.#exact.set(this.#wireName(name), values);
    if (!isForServer || isNamed) this.#keeps.push(keepListed(table, name, values));
  }

  /** Returns the requests for named files; none if no file is named. */
  #named(): readonly Conditions[] {
    const { table, fileNames, filePaths } = this.#query;
    const has = (parameter: string) => this.#has(parameter);
    if (fileNames.length > 0) this.#keeps.push(keepNamed(table, fileNames));
    if (filePaths.length > 0) this.#keeps.push(({ file_path }) => filePaths.includes(file_path));
    if (fileNames.some(matchesAll)) return [];
    const ofNames = fileNames.flatMap((name) =>
      isGlob(name) ? requestsOfPattern(name, table) : requestsOfName(name, has)
    );
    return ofNames.length > 0 ? ofNames : filePaths.flatMap((path) => requestsOfPath(path, table, has));
  }

  #everything(): readonly Conditions[] {
    return this.#query.table === "spice" && !this.#exact.has("type") ? typeRequests() : [{}];
  }

  /**
   * Returns the requests for each combination of values. If there were too many, the client compares the longest lists.
   */
  #withinLimit(conditions: readonly Conditions[]): Conditions[] {
    const { table, lists } = this.#query;
    // A file's name is the most selective condition.
    const whole = conditions.filter((one) => "file_path" in one || "file_name" in one);
    const others = conditions.filter((one) => !whole.includes(one));
    let requests = combinations(others, this.#exact);
    while (requests.length > MAX_REQUESTS) {
      const [longest] = [...this.#exact].toSorted(([, a], [, b]) => b.length - a.length);
      if (longest === undefined || longest[1].length < 2) break;
      const [wireName, values] = longest;
      for (const name of lists.keys()) {
        if (this.#wireName(name) === wireName) this.#keeps.push(keepListed(table, name, values));
      }
      this.#exact.delete(wireName);
      requests = combinations(others, this.#exact);
    }
    return [...whole, ...requests];
  }

  /**
   * Whether the server finds the newest version of each file, as the client would. The server chooses among the files
   * that it selects itself; for science files only without a major version, and for SPICE files before it applies all
   * other conditions.
   */
  #serverFindsLatest(requests: readonly Conditions[]): boolean {
    const { table, lists, days, fileNames, filePaths, allMajors } = this.#query;
    const hasTime = [...days.values()].some(({ time }) => time !== undefined);
    const isIngestion = days.has("ingestion_start_date") || days.has("ingestion_end_date");
    if (!this.#has("latest") || fileNames.some(mayTellVersion) || filePaths.length > 0 || allMajors) return false;
    if (table === "spice") return !isIngestion && !requests.some(({ type }) => hasOwnTable(type));
    const isSelectedHere = isIngestion && (hasTime || !this.#has("ingestion_start_date"));
    return !isSelectedHere && !lists.has("released") && !lists.has("major_version") &&
      (lists.get("minor_version")?.length ?? 0) <= 1;
  }

  /**
   * Whether every major version is requested, because the query asks for it or because the client has to choose among
   * them: the server would choose the newest one before the client applies its own conditions.
   */
  #majors(): "keep" | "reduce" | undefined {
    const { table, lists, days, fileNames, allMajors, latest } = this.#query;
    if (!this.#has("major_version") || lists.has("major_version")) return undefined;
    if (allMajors || fileNames.some((name) => isGlob(name) && !matchesAll(name))) return "keep";
    const isSelectedHere = lists.has("released") || days.get("ingestion_end_date")?.time !== undefined ||
      (lists.has("version") && !this.#has("version"));
    if (!isSelectedHere) return undefined;
    // The SDC applies this rule to science files; it may send all versions of quicklook files.
    return table === "science" && !latest ? "reduce" : "keep";
  }

  /** Returns a request as it is sent; none if the day in a file's name is outside the query's days. */
  #complete(
    request: Conditions,
    { latestByServer, allMajors }: { readonly latestByServer: boolean; readonly allMajors: boolean },
  ): WireQuery[] {
    const { always } = QUERY_TABLES[this.#query.table];
    const { days } = this.#query;
    const [from = "", to = "99999999"] = [days.get("start_date")?.day, days.get("end_date")?.day];
    const { start_date = from, end_date = to, ...conditions } = request;
    const [first, last] = [start_date > from ? start_date : from, end_date < to ? end_date : to];
    if (last < first) return [];
    if ("file_path" in request || "file_name" in request) return [{ ...always, ...conditions }];
    const bounds = { ...this.#bounds };
    if (this.#has("start_date") && first !== "") bounds.start_date = first;
    if (this.#has("end_date") && last !== "99999999") bounds.end_date = last;
    const asked = { ...conditions, ...bounds };
    const isOpen = Object.keys(asked).length === 0;
    const anything: Conditions = this.#has("start_date")
      ? { start_date: ANY_DAY }
      : { start_ingest_date: ANY_INGESTION_DAY };
    return [{
      ...always,
      ...asked,
      ...(isOpen ? anything : {}),
      ...(latestByServer ? { latest: "true" } : {}),
      ...(allMajors ? { major_version: ALL_MAJORS } : {}),
    }];
  }
}

/**
 * Converts a query to requests. The server compares exact values, with one request for each combination, since a
 * response holds about 15,000 files and instruments have millions. The client compares patterns, times, and lists that
 * would take too many requests.
 *
 * @param refused Parameters that the server does not support: they are not sent, and the client compares them.
 */
export function planQuery(query: CheckedQuery, refused: ReadonlySet<string> = new Set()): QueryPlan {
  return new Planner(query, refused).plan();
}
