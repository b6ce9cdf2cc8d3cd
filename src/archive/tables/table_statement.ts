import type { ArchiveTable } from "./archive_table.ts";

/** A statement for the catalogue: fixed text, and what its question marks stand for. */
export interface Statement {
  /** With a question mark for each value. Its rows have one column, `row`, the JSON of a row. */
  readonly sql: string;
  /** In the order of the question marks. */
  readonly values: readonly (string | number)[];
}

/** Which rows of a table are asked for. */
export interface Conditions {
  /** SQL. */
  readonly where: string;
  /** In the order of its question marks. */
  readonly values: readonly (string | number)[];
}

/** A parameter's value cannot be one, such as a date that no calendar has. */
export interface BadValue {
  /** Which parameter. */
  readonly bad: string;
}

/** Newest first. To SQLite a null is less than any number, so a version without a major comes last, as it should. */
const NEWEST_FIRST = "major_version DESC, minor_version DESC";

/**
 * Turns parameters into conditions. Values never become part of the text, which has one form for each set of
 * parameters; the order in which they were given does not count. Those that are no filters are passed over.
 */
export function conditionsOf(table: ArchiveTable, parameters: ReadonlyMap<string, string>): Conditions | BadValue {
  const conditions = [table.files];
  const values: (string | number)[] = [];
  for (const [name, filter] of table.filters) {
    const text = parameters.get(name);
    if (text === undefined) continue;
    const value = filter.value(text);
    if (value === undefined) return { bad: name };
    conditions.push(filter.condition);
    values.push(value);
  }
  return { where: conditions.join(" AND "), values };
}

/** The statement for all rows that meet the conditions, by path; with `latest` the newest version of each file. */
export function tableStatement(table: ArchiveTable, { where, values }: Conditions, latest: boolean): Statement {
  const { row, sameFile } = table;
  if (!latest || sameFile === undefined) {
    return { sql: `SELECT ${row} AS row FROM files WHERE ${where} ORDER BY file_path`, values };
  }
  const ranked = `SELECT file_path, ${row} AS row,
    row_number() OVER (PARTITION BY ${sameFile} ORDER BY ${NEWEST_FIRST}) AS age
    FROM files WHERE ${where}`;
  return { sql: `SELECT row FROM (${ranked}) WHERE age = 1 ORDER BY file_path`, values };
}
