import { InputError } from "../../errors.ts";
import type { CdfTexts } from "./cdf_attributes.ts";
import { type CdfRecord, int4 } from "./cdf_record.ts";

/** A variable with its values. */
export interface CdfVariable {
  /** Its name. */
  readonly name: string;
  /** All values, one record after the other. The kind of array says the type: TT2000 time, INT4 or REAL4. */
  readonly values: BigInt64Array | Int32Array | Float32Array;
  /** The sizes of a record's dimensions; empty when a record is one value. */
  readonly recordShape: readonly number[];
  /** Its attributes: VAR_TYPE, UNITS, DEPEND_0, ... */
  readonly attributes: CdfTexts;
}

/** The numbers of the data types (CDF internal format description 3.x). */
const CDF_INT4 = 4;
const CDF_REAL4 = 21;
const CDF_TIME_TT2000 = 33;
/** Flag bit 0 of a variable: its values change from record to record. */
const RECORDS_VARY = 1;

/** The type's number, and the values as IBMPC-encoded files hold them: little-endian, whatever machine writes. */
function encodeValues(values: CdfVariable["values"]): { dataType: number; bytes: Uint8Array } {
  const bytes = new Uint8Array(values.byteLength);
  const view = new DataView(bytes.buffer);
  if (values instanceof BigInt64Array) {
    values.forEach((value, index) => view.setBigInt64(index * 8, value, true));
    return { dataType: CDF_TIME_TT2000, bytes };
  }
  if (values instanceof Int32Array) {
    values.forEach((value, index) => view.setInt32(index * 4, value, true));
    return { dataType: CDF_INT4, bytes };
  }
  values.forEach((value, index) => view.setFloat32(index * 4, value, true));
  return { dataType: CDF_REAL4, bytes };
}

/** The index (VXR) with its one entry: all records stand in one block of values (VVR). */
function indexRecord(options: { bytes: Uint8Array; lastRecord: number }): CdfRecord {
  const { bytes, lastRecord } = options;
  const values: CdfRecord = { type: 7, fields: [{ bytes }] };
  return {
    type: 6,
    fields: [
      { link: undefined },
      // Places for entries, entries in use, and of each the first and the last record.
      ...int4(1, 1, 0, lastRecord),
      { link: values },
    ],
  };
}

/** A variable (zVDR), from which its index hangs. */
function variableRecord(
  options: { variable: CdfVariable; number: number; next: CdfRecord | undefined },
): CdfRecord {
  const { variable: { name, values, recordShape }, number, next } = options;
  const records = values.length / recordShape.reduce((product, size) => product * size, 1);
  if (!Number.isInteger(records) || records < 1) {
    const shape = `records of [${recordShape.join(", ")}]`;
    throw new InputError(`Cannot write the variable "${name}": ${values.length} values do not make up ${shape}`);
  }
  const { dataType, bytes } = encodeValues(values);
  const lastRecord = records - 1;
  const index = indexRecord({ bytes, lastRecord });
  return {
    type: 8,
    fields: [
      { link: next },
      ...int4(dataType, lastRecord),
      // First and last index.
      { link: index },
      { link: index },
      // Flags, no sparse records, reserved fields, one element a value, the variable's number.
      ...int4(RECORDS_VARY, 0, 0, -1, -1, 1, number),
      // No compression.
      { int8: -1n },
      // Blocking factor: room is made for one record at a time.
      { int4: 1 },
      { text: name, length: 256 },
      // Dimensions, their sizes, and that values vary along each of them (-1).
      ...int4(recordShape.length, ...recordShape, ...recordShape.map(() => -1)),
    ],
  };
}

/** The list of all variables. */
export function variableRecords(variables: readonly CdfVariable[]): CdfRecord | undefined {
  return variables.reduceRight<CdfRecord | undefined>(
    (next, variable, number) => variableRecord({ variable, number, next }),
    undefined,
  );
}
