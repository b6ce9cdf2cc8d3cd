// Writes records as an Apache Parquet file (https://parquet.apache.org/docs/file-format/), a row group at a time.
import { type CdfTime, type CdfType, timeToInstant, timeToIso } from "../cdf/cdf.ts";
import { InputError, shown } from "../errors.ts";
import type { ExportedColumn, RecordExport, StoredValue } from "./export_records.ts";

/** The package that encodes, as deno.json names it. */
export const PARQUET_PACKAGE = "npm:hyparquet-writer@^0.17.0";

/** What is used of the package. */
interface ParquetPackage {
  readonly ByteWriter: new () => Bytes;
  readonly ParquetWriter: new (options: {
    readonly writer: Bytes;
    readonly schema: readonly SchemaElement[];
    readonly createdBy: string;
    readonly kvMetadata: readonly KeyValue[];
  }) => {
    write(options: { readonly columnData: readonly ColumnData[]; readonly rowGroupSize: number }): void;
    finish(): void;
  };
}

/** Bytes that wait to be written. */
interface Bytes {
  /** How many of them there are. */
  index: number;
  getBytes(): Uint8Array<ArrayBuffer>;
}

interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** The type of a column (Parquet's SchemaElement). */
interface SchemaElement {
  readonly name: string;
  readonly num_children?: number;
  readonly repetition_type?: "OPTIONAL";
  readonly type?: "INT32" | "INT64" | "FLOAT" | "DOUBLE" | "BYTE_ARRAY";
  readonly converted_type?: string;
  readonly logical_type?: object;
}

interface ColumnData {
  readonly name: string;
  readonly data: ReadonlyArray<string | number | bigint | null>;
}

/** How a column is stored. */
type ColumnType = Omit<SchemaElement, "name" | "num_children" | "repetition_type">;

function integer(bitWidth: 8 | 16 | 32 | 64, isSigned: boolean): ColumnType {
  return {
    type: bitWidth === 64 ? "INT64" : "INT32",
    converted_type: `${isSigned ? "INT" : "UINT"}_${bitWidth}`,
  };
}

/** Times are moments in UTC. */
function timestamp(unit: "MICROS" | "NANOS"): ColumnType {
  return {
    type: "INT64",
    ...(unit === "MICROS" ? { converted_type: "TIMESTAMP_MICROS" } : {}),
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit },
  };
}

const TEXT: ColumnType = { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } };

const TYPES: Readonly<Record<CdfType, ColumnType>> = {
  INT1: integer(8, true),
  BYTE: integer(8, true),
  UINT1: integer(8, false),
  INT2: integer(16, true),
  UINT2: integer(16, false),
  INT4: integer(32, true),
  UINT4: integer(32, false),
  INT8: integer(64, true),
  REAL4: { type: "FLOAT" },
  FLOAT: { type: "FLOAT" },
  REAL8: { type: "DOUBLE" },
  DOUBLE: { type: "DOUBLE" },
  TT2000: timestamp("NANOS"),
  EPOCH16: timestamp("NANOS"),
  // Milliseconds with a fraction, in the years 0 to 9999: 64 bits are not enough for nanoseconds.
  EPOCH: timestamp("MICROS"),
  CHAR: TEXT,
  UCHAR: TEXT,
};

/** What 64 bits of nanoseconds since 1970 can hold: 1677-09-21 to 2262-04-11. */
const [MIN_NANOSECONDS, MAX_NANOSECONDS] = [-(2n ** 63n), 2n ** 63n - 1n];

/** Converts a time to nanoseconds since 1970, or to microseconds for EPOCH. A leap second counts as the second before it. */
function timestampOf(time: CdfTime, { name }: ExportedColumn): bigint | null {
  const nanoseconds = timeToInstant(time)?.epochNanoseconds;
  if (nanoseconds === undefined) return null;
  // Rounded down, before 1970 too.
  if (typeof time === "number") return (nanoseconds - (nanoseconds % 1000n + 1000n) % 1000n) / 1000n;
  if (nanoseconds >= MIN_NANOSECONDS && nanoseconds <= MAX_NANOSECONDS) return nanoseconds;
  throw new InputError(
    `Cannot export "${shown(name)}" as Parquet: it has the time ${
      timeToIso(time)
    }, and Parquet's nanoseconds reach from ` +
      "1677-09-21 to 2262-04-11; choose times with from and to, or another format",
  );
}

function parquetValue(value: StoredValue, column: ExportedColumn): string | number | bigint | null {
  if (value === undefined) return null;
  if (column.timeType === undefined) return typeof value === "object" ? null : value;
  return typeof value === "string" ? null : timestampOf(value, column);
}

/** How many values a row group has, and how many rows at least: each column of each group costs 100 bytes of the footer. */
const [GROUP_VALUES, MIN_GROUP_ROWS] = [256 * 1024, 128];

/**
 * Loads the package. Its name is not a literal in an `import()`: it would be in the graph of every program, and everyone who
 * imports the library would download it.
 *
 * @throws {InputError} If it cannot be loaded.
 */
async function loadPackage(): Promise<ParquetPackage> {
  const specifier = PARQUET_PACKAGE;
  try {
    return await import(specifier);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(
      `Cannot export as Parquet: the package ${PARQUET_PACKAGE} cannot be loaded: ${shown(reason)}; download it once ` +
        `with "deno cache ${PARQUET_PACKAGE}", or choose another format`,
      { cause },
    );
  }
}

/** Rows that wait until there are enough for a row group. */
class RowGroup {
  readonly #columns: readonly ExportedColumn[];
  #values: Array<Array<string | number | bigint | null>> = [];
  rows = 0;

  constructor(columns: readonly ExportedColumn[]) {
    this.#columns = columns;
    this.#clear();
  }

  #clear(): void {
    this.#values = this.#columns.map(() => []);
    this.rows = 0;
  }

  add(record: number, at: (record: number, column: number) => StoredValue): void {
    this.rows++;
    this.#columns.forEach((column, index) => this.#values[index]?.push(parquetValue(at(record, index), column)));
  }

  /** Returns the rows by columns, and forgets them. */
  take(): ColumnData[] {
    const data = this.#columns.map(({ name }, index) => ({ name, data: this.#values[index] ?? [] }));
    this.#clear();
    return data;
  }
}

/**
 * Encodes records as a Parquet file, in pieces: each column has the type of its variable, times are timestamps in UTC, and
 * missing values are null. Whatever the number of records, only a row group is in memory.
 *
 * @param about What the file says about itself, such as the name of the file that the records come from.
 * @throws {InputError} If a time is beyond what Parquet can hold, or the package for Parquet cannot be loaded.
 */
export async function* parquetPieces(
  { columns, chunks }: RecordExport,
  about: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { ByteWriter, ParquetWriter } = await loadPackage();
  const waiting = new ByteWriter();
  const take = () => {
    const bytes = waiting.getBytes().slice();
    waiting.index = 0;
    return bytes;
  };
  const writer = new ParquetWriter({
    writer: waiting,
    schema: [
      { name: "schema", num_children: columns.length },
      ...columns.map(({ name, type }) => ({ name, repetition_type: "OPTIONAL" as const, ...TYPES[type] })),
    ],
    createdBy: "imap-data-access",
    kvMetadata: Object.entries(about).map(([key, value]) => ({ key, value })),
  });
  const most = Math.max(MIN_GROUP_ROWS, Math.floor(GROUP_VALUES / Math.max(1, columns.length)));
  const group = new RowGroup(columns);
  const write = () => {
    const rowGroupSize = group.rows;
    writer.write({ columnData: group.take(), rowGroupSize });
  };
  for await (const { count, at } of chunks()) {
    for (let record = 0; record < count; record++) {
      group.add(record, at);
      if (group.rows < most) continue;
      write();
      yield take();
    }
  }
  if (group.rows > 0) write();
  writer.finish();
  yield take();
}
