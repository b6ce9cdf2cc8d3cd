import { DatabaseSync } from "node:sqlite";

/** Counts up when the table changes: an older catalogue is thrown away, for indexing makes it anew. */
const SCHEMA_VERSION = 1;

/**
 * One row a file. The indexes serve the filters that narrow most: a product's days, a day, what came in lately.
 * `WITHOUT ROWID` keeps the rows in the order of their paths, the order of every answer.
 */
const SCHEMA = `
  DROP TABLE IF EXISTS files;
  CREATE TABLE files (
    file_path TEXT PRIMARY KEY,
    table_name TEXT NOT NULL,
    instrument TEXT NOT NULL,
    data_level TEXT,
    descriptor TEXT NOT NULL,
    start_date TEXT NOT NULL,
    repointing INTEGER,
    cr INTEGER,
    version TEXT NOT NULL,
    major_version INTEGER,
    minor_version INTEGER NOT NULL,
    extension TEXT NOT NULL,
    ingestion_date TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime INTEGER NOT NULL,
    md5 TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX files_by_product ON files (instrument, data_level, descriptor, start_date);
  CREATE INDEX files_by_instrument ON files (instrument, start_date);
  CREATE INDEX files_by_descriptor ON files (descriptor, start_date);
  CREATE INDEX files_by_start_date ON files (start_date);
  CREATE INDEX files_by_repointing ON files (repointing) WHERE repointing IS NOT NULL;
  CREATE INDEX files_by_ingestion_date ON files (ingestion_date);
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** SQLITE_NOTADB and SQLITE_CORRUPT in SQLite's words: Deno's errors carry no result code. */
const BROKEN = /file is not a database|database disk image is malformed/;

/** Opens or creates the file; throws when it is no catalogue that can be read. */
function connect(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  try {
    // NORMAL may lose the last rows in a power cut, never the order of things: the files are the truth, and indexing
    // at the next start finds them. What a caller was promised is the file, and that was fsynced.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;");
    if (database.prepare("PRAGMA user_version").get()?.user_version !== SCHEMA_VERSION) database.exec(SCHEMA);
    database.prepare("SELECT count(*) FROM files").get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function removeDatabase(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    try {
      Deno.removeSync(file);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Opens the catalogue's database. One that is damaged is begun anew: all that it held is read from the files again. */
export function openDatabase(path: string): DatabaseSync {
  try {
    return connect(path);
  } catch (error) {
    if (!(error instanceof Error && BROKEN.test(error.message))) throw error;
    removeDatabase(path);
    return connect(path);
  }
}
