import { attributeRecords, type CdfTexts } from "./cdf_attributes.ts";
import { type CdfRecord, int4, writeCdfRecords } from "./cdf_record.ts";
import { type CdfVariable, variableRecords } from "./cdf_variables.ts";

/** What {@linkcode minimalCdf} puts into a file. */
export interface MinimalCdfOptions {
  /** The file's own attributes: Logical_source, Logical_file_id, Data_version, ... */
  readonly attributes: CdfTexts;
  /** Its variables; by convention (ISTP) one is `epoch`, which the others name in DEPEND_0. */
  readonly variables: readonly CdfVariable[];
}

/** The version that IMAP's files state: 3.9.0. */
const [VERSION, RELEASE, INCREMENT] = [3, 9, 0] as const;
/** Values little-endian, as in IMAP's files. */
const IBMPC_ENCODING = 6;
/** Flag bit 0: the last index of an array varies fastest; bit 1: all in a single file. */
const ROW_MAJOR_SINGLE_FILE = 0b11;
/** The last leap second that TT2000 times may count on, as a number of eight digits. */
const LEAP_SECONDS_UPDATED = 20170101;
/** Every CDF says here whose format it is. */
const COPYRIGHT = "\nCommon Data Format (CDF)\nhttps://cdf.gsfc.nasa.gov\nSpace Physics Data Facility\n" +
  "NASA/Goddard Space Flight Center\nGreenbelt, Maryland 20771 USA\n";

/**
 * A file in NASA's Common Data Format, version 3 (CDF internal format description 3.x): texts and numbers, nothing
 * compressed, no checksum.
 */
export function minimalCdf(options: MinimalCdfOptions): Uint8Array<ArrayBuffer> {
  const { attributes: global, variables } = options;
  const attributes = attributeRecords({ global, ofVariables: variables.map((variable) => variable.attributes) });
  const globalDescriptor: CdfRecord = {
    type: 2,
    fields: [
      // No r-variables: they are history.
      { link: undefined },
      { link: variableRecords(variables) },
      { link: attributes.head },
      { endOfFile: true },
      // r-variables, attributes, highest record and dimensions of r-variables, z-variables.
      ...int4(0, attributes.count, -1, 0, variables.length),
      // No unused records.
      { link: undefined },
      // Reserved, leap seconds, reserved.
      ...int4(0, LEAP_SECONDS_UPDATED, -1),
    ],
  };
  return writeCdfRecords({
    type: 1,
    fields: [
      { link: globalDescriptor },
      ...int4(VERSION, RELEASE, IBMPC_ENCODING, ROW_MAJOR_SINGLE_FILE),
      // Reserved twice, the third number of the version, no word on who wrote this, reserved.
      ...int4(0, 0, INCREMENT, -1, -1),
      { text: COPYRIGHT, length: 256 },
    ],
  });
}
