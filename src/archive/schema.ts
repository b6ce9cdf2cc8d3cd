import type { DatabaseSync } from "node:sqlite";

/** Counts up when the table changes. */
export const SCHEMA_VERSION = 2;

/** The table of files. */
export const FILES_TABLE = "files";

/** The columns in the order of the table. Values are bound by place: by name takes SQLite's binding three times as long. */
export const FILE_COLUMNS = [
  "file_path",
  "table_name",
  "instrument",
  "data_level",
  "descriptor",
  "start_date",
  "end_date",
  "repointing",
  "cr",
  "kernel_type",
  "file_root",
  "version",
  "major_version",
  "minor_version",
  "extension",
  "ingestion_date",
  "size",
  "mtime",
  "md5",
] as const;

/**
 * One row a file, of every kind. The indexes serve the filters that narrow most: a product's days, a day, what came in
 * lately. `WITHOUT ROWID` keeps the rows in the order of their paths, the order of every answer.
 */
const CREATE = `
  CREATE TABLE files (
    file_path TEXT PRIMARY KEY,
    table_name TEXT NOT NULL,
    instrument TEXT,
    data_level TEXT,
    descriptor TEXT,
    start_date TEXT,
    end_date TEXT,
    repointing INTEGER,
    cr INTEGER,
    kernel_type TEXT,
    file_root TEXT,
    version TEXT,
    major_version INTEGER,
    minor_version INTEGER,
    extension TEXT NOT NULL,
    ingestion_date TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime INTEGER NOT NULL,
    md5 TEXT
  ) STRICT, WITHOUT ROWID;
`;
const INDEXES = `
  CREATE INDEX files_by_product ON files (table_name, instrument, data_level, descriptor, start_date);
  CREATE INDEX files_by_instrument ON files (table_name, instrument, start_date);
  CREATE INDEX files_by_descriptor ON files (table_name, descriptor, start_date);
  CREATE INDEX files_by_start_date ON files (table_name, start_date);
  CREATE INDEX files_by_repointing ON files (repointing) WHERE repointing IS NOT NULL;
  CREATE INDEX files_by_kernel_type ON files (kernel_type, start_date) WHERE kernel_type IS NOT NULL;
  CREATE INDEX files_by_ingestion_date ON files (table_name, ingestion_date);
`;

/** What the first schema knew of a file: it had science files alone. */
const FROM_VERSION_1 = `
  INSERT INTO files (file_path, table_name, instrument, data_level, descriptor, start_date, repointing, cr,
    version, major_version, minor_version, extension, ingestion_date, size, mtime, md5)
  SELECT file_path, table_name, instrument, data_level, descriptor, start_date, repointing, cr,
    version, major_version, minor_version, extension, ingestion_date, size, mtime, md5
  FROM files_of_version_1;
`;

/**
 * Brings a catalogue of another version to this one, all of it or nothing. From version 1 the rows come along, for
 * files do not tell when they came in; of any other, indexing makes it anew.
 *
 * @param version The version that it has: 0 for a new file.
 */
export function migrate(database: DatabaseSync, version: number): void {
  const keeps = version === 1;
  database.exec(`
    BEGIN IMMEDIATE;
    DROP TABLE IF EXISTS files_of_version_1;
    ${keeps ? "ALTER TABLE files RENAME TO files_of_version_1;" : "DROP TABLE IF EXISTS files;"}
    ${CREATE}
    ${keeps ? FROM_VERSION_1 : ""}
    DROP TABLE IF EXISTS files_of_version_1;
    ${INDEXES}
    PRAGMA user_version = ${SCHEMA_VERSION};
    COMMIT;
  `);
}
