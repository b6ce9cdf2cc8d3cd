/** One column of a table. */
export interface Column<Row> {
  readonly header: string;
  /** Numbers stand right, so that their digits line up. */
  readonly align: "left" | "right";
  /** The text of a row's cell, as it comes: each output makes it safe in its own way. */
  readonly text: (row: Row) => string;
  /** What a page shows in its place; without it, the text. */
  readonly pageText?: (row: Row) => string;
  /** Where a page's cell leads. Addresses that are not http or https are dropped. */
  readonly link?: (row: Row) => string | undefined;
}

/** A table, whatever it is shown as. */
export interface Table<Row> {
  /** The line above it. */
  readonly title: string;
  /** What a page says behind the title. */
  readonly subtitle?: string;
  /** What is left out of it: behind the subtitle on a page, a line below the rows as text. */
  readonly note?: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
}
