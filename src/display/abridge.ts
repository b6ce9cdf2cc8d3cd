/** The rows of a long table that are drawn, and how many lie between them. */
export interface Abridged<Row> {
  readonly head: readonly Row[];
  readonly between: number;
  readonly tail: readonly Row[];
}

/** A longer table is drawn by its first and last rows: browsers and notebooks choke on 100,000. */
export const MOST_ROWS = 100;

/** Takes the first and the last rows of a table with more rows than `most`; all of a shorter one. */
export function abridge<Row>(rows: readonly Row[], most: number): Abridged<Row> {
  if (rows.length <= most) return { head: rows, between: 0, tail: [] };
  const half = Math.floor(most / 2);
  return { head: rows.slice(0, half), between: rows.length - 2 * half, tail: rows.slice(-half) };
}

/** The line that stands for the rows that are not drawn, and how to see some of them. */
export function betweenLine<Row>({ head, between }: Abridged<Row>): string {
  const start = head.length;
  return `${between} rows between: slice(${start}, ${start + Math.min(between, 2 * start)}) or filter() show them`;
}
