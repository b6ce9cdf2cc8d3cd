import type { Table } from "../display/text_table.ts";

/** A product of a catalog. */
interface CatalogRow {
  readonly instrument: string | null;
  readonly data_level: string | null;
  readonly descriptor: string;
  readonly files: number;
  readonly first_date: string | null;
  readonly last_date: string | null;
}

/** Makes a table of the products of a catalog. */
export function catalogTable(rows: readonly CatalogRow[]): Table<CatalogRow> {
  const files = rows.reduce((sum, { files }) => sum + files, 0);
  const column = (header: string, text: (row: CatalogRow) => string | null, align: "left" | "right" = "left") => ({
    header,
    align,
    text: (row: CatalogRow) => text(row) ?? "",
  });
  return {
    title: `Found [${rows.length}] products with ${files} files`,
    columns: [
      column("Instrument", ({ instrument }) => instrument),
      column("Data Level", ({ data_level }) => data_level),
      column("Descriptor", ({ descriptor }) => descriptor),
      column("Files", ({ files }) => String(files), "right"),
      column("First Date", ({ first_date }) => first_date),
      column("Last Date", ({ last_date }) => last_date),
    ],
    rows,
  };
}
