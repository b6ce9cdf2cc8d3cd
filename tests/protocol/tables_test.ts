import {
  type AncillaryRecord,
  type Column,
  columnNames,
  type ColumnType,
  type FileRecord,
  parameterNames,
  type SDC_TABLES,
  type SpiceRecord,
} from "../../src/protocol/tables.ts";
import { assert, assertEquals } from "@std/assert";

/** What a decoded row holds, by the type of its column. */
interface Values {
  readonly text: string;
  readonly integer: number;
  readonly number: number;
  readonly boolean: boolean;
  readonly json: unknown;
}
type Decoded<Of extends Column> = Of extends { readonly decoded: infer Type extends ColumnType } ? Values[Type]
  : Values[Of["type"]];
type Columns = Readonly<Record<string, Column>>;
/** The keys that an interface names, without its index signature. */
type Named<Row> = { [Name in keyof Row as string extends Name ? never : Name]: Row[Name] };
/** `true` when a row's interface has every column of a table, each with the type that the table gives it. */
type Fits<Row, Of extends Columns> = [Exclude<keyof Of, keyof Named<Row>>] extends [never]
  ? Named<Row> extends { readonly [Name in keyof Of]?: Decoded<Of[Name]> | null } ? true : false
  : false;

Deno.test("the interfaces of rows have every column of their tables", () => {
  const fits: [
    Fits<FileRecord, typeof SDC_TABLES.science.columns>,
    Fits<FileRecord, typeof SDC_TABLES.quicklook.columns>,
    Fits<AncillaryRecord, typeof SDC_TABLES.ancillary.columns>,
    Fits<SpiceRecord, typeof SDC_TABLES.spice.columns>,
    Fits<SpiceRecord, typeof SDC_TABLES.spin.columns>,
    Fits<SpiceRecord, typeof SDC_TABLES.repoint.columns>,
    Fits<SpiceRecord, typeof SDC_TABLES.thruster.columns>,
  ] = [true, true, true, true, true, true, true];
  assert(fits.every((does) => does));
});

Deno.test("columnNames() and parameterNames() omit what servers of 2024 do not have", () => {
  const { length } = columnNames("science");
  assertEquals(columnNames("science", "2024"), [
    "file_path",
    "instrument",
    "data_level",
    "descriptor",
    "start_date",
    "repointing",
    "version",
    "extension",
    "ingestion_date",
  ]);
  assertEquals(length, 14);
  for (const name of ["latest", "major_version", "ingestion_start_date", "limit", "table"]) {
    assert(parameterNames("science").includes(name) && !parameterNames("science", "2024").includes(name), name);
  }
});
