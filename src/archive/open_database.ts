import { DatabaseSync } from "node:sqlite";
import { FILES_TABLE, migrate, SCHEMA_VERSION } from "./schema.ts";

/** SQLITE_NOTADB and SQLITE_CORRUPT in SQLite's words: Deno's errors carry no result code. */
const BROKEN = /file is not a database|database disk image is malformed/;

/** Opens or creates the file; throws when it is no catalogue that can be read. */
function connect(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  try {
    // NORMAL may lose the last rows in a power cut, never the order of things: the files are the truth, and indexing
    // at the next start finds them. What a caller was promised is the file, and that was fsynced.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;");
    const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
    if (version !== SCHEMA_VERSION) migrate(database, version);
    database.prepare(`SELECT count(*) FROM ${FILES_TABLE}`).get();
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
