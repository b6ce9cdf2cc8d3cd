import { parseFileName } from "../names/file_name.ts";
import { parseVersion } from "../names/version.ts";
import type { SpiceFile } from "../names/spice_file.ts";

/** What a file's name says, as the catalogue keeps it. What the names of a kind do not say is null. */
export interface NameColumns {
  /** The kind of file, which is also the table in which it is found. */
  readonly table_name: string;
  /** For instance `mag`. */
  readonly instrument: string | null;
  /** For instance `l1a`. */
  readonly data_level: string | null;
  /** The product's name. */
  readonly descriptor: string | null;
  /** The first day, YYYYMMDD. */
  readonly start_date: string | null;
  /** The last day, YYYYMMDD. */
  readonly end_date: string | null;
  /** The repointing's number. */
  readonly repointing: number | null;
  /** The number of the Carrington rotation. */
  readonly cr: number | null;
  /** The type of a SPICE file. */
  readonly kernel_type: string | null;
  /** What the names of all versions of a SPICE file have in common. */
  readonly file_root: string | null;
  /** As the name carries it: `v001` or `v001.0002`, of a SPICE file its digits. */
  readonly version: string | null;
  /** Null where the version has none. */
  readonly major_version: number | null;
  /** Null where there is no version. */
  readonly minor_version: number | null;
  /** For instance `cdf`. */
  readonly extension: string;
}

const NOTHING = {
  instrument: null,
  data_level: null,
  descriptor: null,
  start_date: null,
  end_date: null,
  repointing: null,
  cr: null,
  kernel_type: null,
  file_root: null,
  version: null,
  major_version: null,
  minor_version: null,
} as const;

function spiceColumns(file: SpiceFile): NameColumns {
  const { kernel_type, start_date, end_date, prediction_date, repointing, detail, version, extension } = file;
  return {
    ...NOTHING,
    table_name: file.kind,
    start_date,
    end_date,
    repointing,
    kernel_type,
    file_root: JSON.stringify([kernel_type, start_date, end_date, prediction_date, repointing, detail, extension]),
    version,
    // Digits beyond those that a number holds exactly are no version that anyone counts.
    minor_version: version === null ? null : Math.min(Number(version), Number.MAX_SAFE_INTEGER),
    extension,
  };
}

/**
 * Reads a name into columns.
 *
 * @throws {FileNameError} When the name is none of the SDC's.
 */
export function nameColumns(name: string): NameColumns {
  const file = parseFileName(name);
  if (file.kind === "spice") return spiceColumns(file);
  const { kind: table_name, ...parts } = file;
  const { major: major_version, minor: minor_version } = parseVersion(file.version);
  return { ...NOTHING, table_name, ...parts, major_version, minor_version };
}
