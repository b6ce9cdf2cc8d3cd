import { isGlob, matchesGlob } from "../names/glob.ts";
import { compareVersions, isVersion, parseVersion } from "../names/version.ts";
import type { FileRecord } from "../protocol/file_record.ts";
import type { QueryParameterName, TableName } from "../protocol/query_parameters.ts";
import { recordVersion } from "../protocol/record_version.ts";
import type { CheckedQuery } from "./check_query.ts";

/** Whether a row is asked for. */
export type Keep = (row: FileRecord) => boolean;

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
export function keepListed(name: QueryParameterName, values: readonly string[]): Keep {
  if (name === "version") return (row) => values.some((wanted) => hasVersion(row, wanted));
  return (row) => {
    const value = valueOf(row, name);
    return values.some((wanted) => isGlob(wanted) ? matchesGlob(value, wanted) : value === wanted);
  };
}

/** Keeps files that have one of some names, or the form of a pattern. In names of SPICE files case does not count. */
export function keepNamed(table: TableName, names: readonly string[]): Keep {
  const same = (text: string) => table === "spice" ? text.toLowerCase() : text;
  const wishes = names.map(same);
  return ({ file_path }) => {
    const name = same(file_path.slice(file_path.lastIndexOf("/") + 1));
    return wishes.some((wanted) => isGlob(wanted) ? matchesGlob(name, wanted) : name === wanted);
  };
}

/** Keeps files that came in between times within a day, which servers do not know. */
export function keepTimes({ days }: CheckedQuery): Keep[] {
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
