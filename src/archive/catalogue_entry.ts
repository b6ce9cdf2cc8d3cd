import { archivePath } from "../names/archive_path.ts";
import { type NameColumns, nameColumns } from "./name_columns.ts";

/** What the archive knows of one file: what its name says, and what the disk said when it was looked at. */
export interface CatalogueEntry extends NameColumns, FactColumns {
  /** The path in the archive, with `/` between its folders; the key. */
  readonly file_path: string;
}

/** What the disk said. */
interface FactColumns {
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
  return {
    file_path: archivePath(name),
    ...nameColumns(name),
    ingestion_date: formatTimestamp(facts.ingested),
    size: facts.size,
    mtime: facts.mtime,
    md5: facts.md5,
  };
}
