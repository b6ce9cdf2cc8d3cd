import { compareVersions } from "../names/version.ts";
import type { FileRecord } from "../protocol/file_record.ts";
import type { TableName } from "../protocol/query_parameters.ts";
import { recordVersion } from "../protocol/record_version.ts";
import { QUERY_TABLES } from "./query_tables.ts";

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
