import { addDays, isCalendarDate } from "../names/calendar_date.ts";
import { ANCILLARY_EXTENSIONS, parseFileName, SCIENCE_EXTENSIONS } from "../names/file_name.ts";
import { isGlob, matchesGlob } from "../names/glob.ts";
import { fixedEnds, spiceTypesOf } from "../names/spice_name.ts";
import { compareVersions, isVersion, parseVersion } from "../names/version.ts";
import { isDataLevel, isInstrument } from "../names/vocabulary.ts";
import { type FileRecord, recordVersion } from "../protocol/rows.ts";
import type { QueryParameterName, TableName, WireQuery } from "../protocol/tables.ts";
import { type CheckedQuery, QUERY_TABLES } from "./check_query.ts";

/** Whether a row is asked for. */
type Keep = (row: FileRecord) => boolean;

/** A row's value under a parameter's name, as text. */
function valueOf(row: FileRecord, name: QueryParameterName): string {
  if (name === "type") return String(row.kernel_type ?? "");
  if (name === "major_version") return String(recordVersion(row)?.major ?? "");
  if (name === "minor_version") return String(recordVersion(row)?.minor ?? "");
  return String(row[name] ?? "");
}

/** Each type of kernel writes its version with digits of its own: `01`, `001` and `v1` are the same. */
function bareNumber(version: string): string {
  return String(Number(version.replace("v", "")));
}

/** Versions are compared as numbers: a server's may be such as no name can hold. */
function hasVersion(row: FileRecord, wanted: string): boolean {
  if (row.kernel_type !== undefined) return bareNumber(wanted) === bareNumber(String(row.version ?? ""));
  const version = recordVersion(row);
  return version !== undefined && isVersion(wanted) && compareVersions(version, parseVersion(wanted)) === 0;
}

/** Keeps rows that have one of some values. */
function keepListed(name: QueryParameterName, values: readonly string[]): Keep {
  if (name === "version") return (row) => values.some((wanted) => hasVersion(row, wanted));
  return (row) => {
    const value = valueOf(row, name);
    return values.some((wanted) => isGlob(wanted) ? matchesGlob(value, wanted) : value === wanted);
  };
}

/** Keeps files that have one of some names, or the form of a pattern. In names of SPICE files case does not count. */
function keepNamed(table: TableName, names: readonly string[]): Keep {
  const same = (text: string) => table === "spice" ? text.toLowerCase() : text;
  const wishes = names.map(same);
  return ({ file_path }) => {
    const name = same(file_path.slice(file_path.lastIndexOf("/") + 1));
    return wishes.some((wanted) => isGlob(wanted) ? matchesGlob(name, wanted) : name === wanted);
  };
}

/** Keeps files that came in between times within a day, which servers do not know. */
function keepTimes({ days }: CheckedQuery): Keep[] {
  const bound = (name: QueryParameterName) => {
    const { day, time } = days.get(name) ?? {};
    if (day === undefined || time === undefined) return undefined;
    return `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)} ${time}`;
  };
  const [from, to] = [bound("ingestion_start_date"), bound("ingestion_end_date")];
  if (from === undefined && to === undefined) return [];
  return [({ ingestion_date }) => {
    const ingested = (ingestion_date ?? "").replace(", ", " ").slice(0, 19);
    return ingested >= (from ?? "") && (to === undefined || ingested <= to);
  }];
}

/** Conditions that a server can look for. */
type NameConditions = Readonly<Partial<Record<QueryParameterName, string>>>;

/** How many types of SPICE files are asked for one by one; of more, all are asked for at once. */
const MOST_TYPES = 4;

/** What a whole name says that every server can look for; the rest of it is compared here. */
function conditionsOfName(name: string): NameConditions {
  const file = parseFileName(name);
  if (file.kind === "spice") return { type: file.kernel_type };
  const { instrument, descriptor, start_date } = file;
  const conditions = { instrument, descriptor, start_date, end_date: start_date };
  return "data_level" in file ? { ...conditions, data_level: file.data_level } : conditions;
}

/** The days with which a part of a name begins: `20260131*`, `202601*`, `2026*`. */
function daysOf(part: string | undefined): NameConditions {
  const [year, month, day] = /^(\d{4})(\d\d)?(\d\d)?/.exec(fixedEnds(part ?? "")[0])?.slice(1) ?? [];
  const start_date = `${year}${month ?? "01"}${day ?? "01"}`;
  if (!isCalendarDate(start_date)) return {};
  if (day !== undefined) return { start_date, end_date: start_date };
  if (month === undefined) return { start_date, end_date: `${year}1231` };
  const nextMonth = addDays(start_date, 31);
  return { start_date, end_date: addDays(`${nextMonth.slice(0, 6)}01`, -1) };
}

/** `imap_mag_l1a_*`: each part before the first star or question mark has its place. */
function conditionsOfStart(parts: readonly string[], table: TableName): NameConditions {
  const firstOpen = parts.findIndex(isGlob);
  const [imap, instrument, level, descriptor] = parts.slice(0, firstOpen);
  if (imap !== "imap" || instrument === undefined || !isInstrument(instrument)) return {};
  if (table === "ancillary") {
    return level === undefined ? { instrument } : { instrument, descriptor: level, ...daysOf(parts[3]) };
  }
  if (level === undefined || !isDataLevel(level)) return { instrument };
  if (descriptor === undefined) return { instrument, data_level: level };
  return { instrument, data_level: level, descriptor, ...daysOf(parts[4]) };
}

/** `*_l1a_*`: a level between underscores is the file's level, or a product that is called so. */
function conditionsOfMiddle(parts: readonly string[]): readonly NameConditions[] {
  const inside = parts.slice(1, -1);
  const level = inside.find(isDataLevel);
  if (level !== undefined) return [{ data_level: level }, { descriptor: level }];
  const instrument = inside.find(isInstrument);
  return instrument === undefined ? [{}] : [{ instrument }, { descriptor: instrument }];
}

/**
 * Conditions of which every file with such a name meets at least one, so that servers can do most of the work. What they
 * find is compared with the name itself.
 */
function nameConditions(name: string, table: TableName): readonly NameConditions[] {
  if (!isGlob(name)) return [conditionsOfName(name)];
  if (table === "spice") {
    const types = spiceTypesOf(name);
    return types.length === 0 || types.length > MOST_TYPES ? [{}] : types.map((type) => ({ type }));
  }
  const parts = name.split("_");
  const start = conditionsOfStart(parts, table);
  const extension = name.slice(name.lastIndexOf(".") + 1);
  const extensions: readonly string[] = table === "science" ? SCIENCE_EXTENSIONS : ANCILLARY_EXTENSIONS;
  const end = name.includes(".") && extensions.includes(extension) ? { extension } : {};
  const middle = table === "science" && start.instrument === undefined ? conditionsOfMiddle(parts) : [{}];
  return middle.map((conditions) => ({ ...start, ...end, ...conditions }));
}

/**
 * Whether it may depend on a file's version whether it has a name, or the form of a pattern. A version stands behind the
 * last underscore: what ends with one, or has too few of them, ends before it.
 */
function mayTellVersion(name: string): boolean {
  const head = name.replace(/\.[a-z]+$/, "");
  if (!head.endsWith("*")) return true;
  const start = head.replace(/\*+$/, "");
  return start !== "" && !start.endsWith("_") && (isGlob(start) || start.split("_").length > 5);
}

/** The major version of a request for all of them: see {@linkcode QueryPlan}. */
export const ALL_MAJORS = "all";

/** What is sent for a query, and what is left to do with the rows that come. */
export interface QueryPlan {
  readonly table: TableName;
  /**
   * Their responses together hold every file that is asked for.
   *
   * Without `major_version` the SDC sends the newest major version of each file. With `major_version: "all"` a request
   * stands for several: it is sent without a major version first, which shows the newest one there is, then once for each
   * major version from 0 up to it. `all` itself is not sent.
   */
  readonly requests: readonly WireQuery[];
  /** Whether a row is asked for: what servers cannot tell. */
  readonly keep: (row: FileRecord) => boolean;
  /** Whether a file may be in the answers of several requests, or of several parts of one. */
  readonly mayOverlap: boolean;
  /** Whether only the newest version of each file is wanted, and no server can tell which. */
  readonly newest: boolean;
}

/** A server that looks for exact values is asked once for each combination of them, but no more often than this. */
const MOST_REQUESTS = 32;
/** What all files have: a server wants at least one condition. */
const ANY_DAY = "01000101";
const ANY_INGESTION_DAY = "19000101";
const VERSION_NUMBERS = ["major_version", "minor_version"] as const;

/**
 * Whether a server can find the newest versions. Its answer is the newest of each request's files: one that is compared
 * afterwards, by a time or a name's version, or asked for by several requests for different versions, has lost files by
 * then. Where nothing tells which rows are versions of one file, the server's answer is all there is.
 */
function serverFindsNewest({ table, lists, fileNames }: CheckedQuery, times: readonly Keep[]): boolean {
  const { knowsLatest, sameFile } = QUERY_TABLES[table];
  if (!knowsLatest || sameFile.length === 0) return knowsLatest;
  const severalVersions = VERSION_NUMBERS.some((name) => (lists.get(name)?.length ?? 0) > 1);
  return times.length === 0 && !severalVersions && !fileNames.some(mayTellVersion);
}

/** Every combination of one value of each list with each of the conditions. */
function combinations(conditions: readonly WireQuery[], lists: ReadonlyMap<string, readonly string[]>): WireQuery[] {
  let all = [...conditions];
  for (const [name, values] of lists) {
    // What a name says already need not be said again: the rows are compared anyway.
    all = all.flatMap((one) => name in one ? [one] : values.map((value) => ({ ...one, [name]: value })));
  }
  return all;
}

/**
 * Turns a query into requests. Exact values are left to the server, one request for each combination, since an answer
 * holds about 20,000 files and instruments have millions; patterns, times, and lists that would take too many requests
 * are compared here.
 */
export function planQuery(query: CheckedQuery): QueryPlan {
  const { table, lists, days, latest, fileNames } = query;
  const { always, wireNames, ingestionDays, overlaps } = QUERY_TABLES[table];
  const wireName = (name: QueryParameterName) => wireNames[name] ?? name;
  const keeps: Keep[] = keepTimes(query);
  const byServer = latest && serverFindsNewest(query, keeps);

  const exact = new Map<string, readonly string[]>();
  for (const [name, values] of lists) {
    if (values.some(isGlob)) keeps.push(keepListed(name, values));
    else exact.set(wireName(name), values);
  }
  const named: WireQuery[] = fileNames.flatMap((name) => nameConditions(name, table).map((one) => ({ ...one })));
  if (fileNames.length > 0) keeps.push(keepNamed(table, fileNames));
  let requests = combinations(named.length > 0 ? named : [{}], exact);
  while (requests.length > MOST_REQUESTS) {
    const [longest] = [...exact].toSorted(([, a], [, b]) => b.length - a.length);
    if (longest === undefined || longest[1].length < 2) break;
    const [name, values] = longest;
    for (const listed of lists.keys()) if (wireName(listed) === name) keeps.push(keepListed(listed, values));
    exact.delete(name);
    requests = combinations(named.length > 0 ? named : [{}], exact);
  }

  const bounds = Object.fromEntries([...days].map(([name, { day }]) => [wireName(name), day]));
  // What is given beside a name counts too.
  for (const [name, values] of lists) if (fileNames.length > 0) keeps.push(keepListed(name, values));
  const anything: WireQuery = table === "spice" ? { [ingestionDays.from]: ANY_INGESTION_DAY } : { start_date: ANY_DAY };
  return {
    table,
    mayOverlap: overlaps || named.length > 1,
    newest: latest && !byServer,
    keep: (row) => keeps.every((keep) => keep(row)),
    requests: requests.flatMap((request) => {
      const asked = { ...request, ...narrower(request, bounds) };
      const { start_date = "", end_date = start_date } = asked;
      if (end_date < start_date) return [];
      const isOpen = Object.keys(asked).length === 0;
      const latest: WireQuery = byServer ? { latest: "true" } : {};
      return [{ ...always, ...asked, ...(isOpen ? anything : {}), ...latest }];
    }),
  };
}

/** The bounds that are asked for, as far as a name does not narrow them more. */
function narrower(request: WireQuery, bounds: WireQuery): WireQuery {
  const { start_date, end_date } = request;
  const all = { ...bounds };
  if (start_date !== undefined) all.start_date = max(start_date, bounds.start_date);
  if (end_date !== undefined) all.end_date = min(end_date, bounds.end_date);
  return all;
}

function max(a: string, b: string | undefined): string {
  return b === undefined || a > b ? a : b;
}

function min(a: string, b: string | undefined): string {
  return b === undefined || a < b ? a : b;
}

/** The newest version of each file, where the server cannot tell (SDC protocol: ancillary files); the order stays. */
export function newestVersions<Row extends FileRecord>(table: TableName, rows: readonly Row[]): Row[] {
  const newest = new Map<string, Row>();
  for (const row of rows) {
    const file = JSON.stringify(QUERY_TABLES[table].sameFile.map((key) => row[key] ?? null));
    const [version, best] = [recordVersion(row), newest.get(file)];
    const bestVersion = best === undefined ? undefined : recordVersion(best);
    const isNewer = bestVersion === undefined || (version !== undefined && compareVersions(version, bestVersion) > 0);
    if (best === undefined || isNewer) newest.set(file, row);
  }
  const kept = new Set(newest.values());
  return rows.filter((row) => kept.has(row));
}
