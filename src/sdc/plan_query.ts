import { isGlob } from "../names/glob.ts";
import type { FileRecord } from "../protocol/file_record.ts";
import type { QueryParameterName, TableName, WireQuery } from "../protocol/query_parameters.ts";
import type { CheckedQuery } from "./check_query.ts";
import { type Keep, keepListed, keepNamed, keepTimes } from "./keep_rows.ts";
import { mayTellVersion, nameConditions } from "./name_conditions.ts";
import { QUERY_TABLES } from "./query_tables.ts";

/** What is sent for a query, and what is left to do with the rows that come. */
export interface QueryPlan {
  readonly table: TableName;
  /** Their answers together hold every file that is asked for. */
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
  const anything = table === "spice" ? { [ingestionDays.from]: ANY_INGESTION_DAY } : { start_date: ANY_DAY };
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
      return [{ ...always, ...asked, ...(isOpen ? anything : {}), ...(byServer ? { latest: "true" } : {}) }];
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
