/** SQL that makes a row's JSON from columns, under their own names and in their order. */
export function jsonRow(columns: readonly string[], more: Readonly<Record<string, string>> = {}): string {
  const plain = columns.map((column) => `'${column}', ${column}`);
  return `json_object(${[...plain, ...Object.entries(more).map(([key, sql]) => `'${key}', ${sql}`)].join(", ")})`;
}

/** SQL: a moment as `GET /spice-query` and `GET /repoint-table` write it, `2024-07-09, 15:42:23` (Python client). */
export function commaMoment(column: string): string {
  return `replace(${column}, ' ', ', ')`;
}

/** SQL: a day, YYYYMMDD, and a time of it, written in the same way; null where there is no day. */
export function commaDay(column: string, time: string): string {
  return `substr(${column}, 1, 4) || '-' || substr(${column}, 5, 2) || '-' || substr(${column}, 7) || ', ${time}'`;
}

/** SQL: the bare name, which is what stands behind the last slash of the path. */
export const FILE_NAME = "replace(file_path, rtrim(file_path, replace(file_path, '/', '')), '')";
