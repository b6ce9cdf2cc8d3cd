import { archivePath } from "../names/archive_path.ts";
import { parseFileName } from "../names/file_name.ts";
import { parseVersion } from "../names/version.ts";

/** What the archive knows of one file: what its name says, and what the disk said when it was looked at. */
export interface CatalogueEntry {
  /** The path in the archive, with `/` between its folders; the key. */
  readonly file_path: string;
  /** The table of `GET /query` in which the file is found. */
  readonly table_name: string;
  /** For instance `mag`. */
  readonly instrument: string;
  /** For instance `l1a`. */
  readonly data_level: string;
  /** The product's name. */
  readonly descriptor: string;
  /** YYYYMMDD. */
  readonly start_date: string;
  /** Its number, where the name has one. */
  readonly repointing: number | null;
  /** The number of the Carrington rotation, where the name has one. */
  readonly cr: number | null;
  /** As the name carries it: `v001` or `v001.0002`. */
  readonly version: string;
  /** Null where the version has none. */
  readonly major_version: number | null;
  /** 0 to 9999. */
  readonly minor_version: number;
  /** For instance `cdf`. */
  readonly extension: string;
  /** `2024-07-09 15:42:23`, UTC. */
  readonly ingestion_date: string;
  /** In bytes. */
  readonly size: number;
  /** When the file last changed, in milliseconds since 1970. */
  readonly mtime: number;
  /** Hex, of the bytes that had this size and mtime; null while nobody has asked for it. */
  readonly md5: string | null;
}

/** What a name does not say of a file. */
export interface FileFacts {
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtime: number;
  /** Hex; null when it is not known yet. */
  readonly md5: string | null;
  /** When the archive took the file in. */
  readonly ingested: Date;
}

/** A moment as the SDC's rows carry it: `2024-07-09 15:42:23`, UTC (SDC protocol). */
export function formatTimestamp(date: Date): string {
  return date.toISOString().slice(0, 19).replace("T", " ");
}

/**
 * Joins what a name says to what is known besides.
 *
 * @throws {FileNameError} When the name is none of the SDC's.
 */
export function catalogueEntry(name: string, facts: FileFacts): CatalogueEntry {
  const file = parseFileName(name);
  const { major, minor } = parseVersion(file.version);
  return {
    file_path: archivePath(name),
    table_name: file.kind,
    instrument: file.instrument,
    data_level: file.data_level,
    descriptor: file.descriptor,
    start_date: file.start_date,
    repointing: file.repointing,
    cr: file.cr,
    version: file.version,
    major_version: major,
    minor_version: minor,
    extension: file.extension,
    ingestion_date: formatTimestamp(facts.ingested),
    size: facts.size,
    mtime: facts.mtime,
    md5: facts.md5,
  };
}
