/** One parameter's condition, and how its text becomes a value; undefined when the text cannot be one. */
export interface Filter {
  /** SQL with one question mark. */
  readonly condition: string;
  /** The value that stands for the question mark. */
  readonly value: (text: string) => string | number | undefined;
}

/** What can be asked of the catalogue under one name, and how its rows look. */
export interface ArchiveTable {
  /** SQL: which of the catalogue's files are in it. */
  readonly files: string;
  /** SQL of a row's JSON. SQLite writes it itself: half the time of objects made and turned into text. */
  readonly row: string;
  /** SQL: the columns that are the same in all versions of a file; undefined where nobody can ask for the newest. */
  readonly sameFile: string | undefined;
  /** By the parameter's name. `table` and `latest` are none: the one chooses the table, the other among its rows. */
  readonly filters: ReadonlyMap<string, Filter>;
}
