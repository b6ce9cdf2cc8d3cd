import { InputError } from "../errors.ts";
import { join } from "@std/path";

/** The archive's own folder below its root: hidden, so that neither indexing nor an import looks into it. */
const STATE_FOLDER = ".imap-archive";

/** What the archive keeps beside the files. */
export interface StateFolder {
  /** The catalogue's database. */
  readonly catalogue: string;
  /** What the archive was asked to do besides. */
  readonly journal: string;
  /** Where files are written before they are whole. On the same disk as the archive, so that a rename moves them. */
  readonly incoming: string;
  /** Lets another archive have the folder. */
  close(): void;
}

/** All that the archive opens in its folder, SQLite's own files too. */
const STATE_FILES = [
  "lock",
  "orders.ndjson",
  "orders.ndjson.new",
  "catalogue.sqlite",
  "catalogue.sqlite-wal",
  "catalogue.sqlite-shm",
  "catalogue.sqlite-journal",
];

/** Refuses a link: what is written or removed through it would be somebody else's. */
async function checkPlace(path: string, kind: "file" | "folder"): Promise<void> {
  const found = await Deno.lstat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (found === undefined || (kind === "file" ? found.isFile : found.isDirectory)) return;
  const what = found.isSymlink ? "a symbolic link, which is not followed" : `no ${kind}`;
  throw new InputError(`Cannot serve with "${path}": it is ${what}; remove it`);
}

/** Makes the folder, and makes sure that all of it is the archive's own. */
async function makeOwnFolder(folder: string, incoming: string): Promise<void> {
  await checkPlace(folder, "folder");
  await Deno.mkdir(folder, { recursive: true });
  await checkPlace(incoming, "folder");
  await Deno.mkdir(incoming, { recursive: true });
  for (const name of STATE_FILES) await checkPlace(join(folder, name), "file");
}

/** A lock that ends with the process, however that ends. */
async function lock(path: string, root: string): Promise<Deno.FsFile> {
  const file = await Deno.open(path, { create: true, write: true });
  if (await file.tryLock(true)) return file;
  file.close();
  throw new InputError(`Cannot serve "${root}": another archive serves it already; stop that one first`);
}

/** The names that the archive gives to files which are not whole yet (RFC 9562). */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Removes what a crash left half written, and nothing that somebody else put there. */
async function empty(folder: string): Promise<void> {
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && UUID.test(name)) await Deno.remove(join(folder, name));
  }
}

/**
 * Opens the state below an archive's root, which is created when it is not there.
 * What a crash left half written in `incoming` is removed.
 *
 * @throws {InputError} When the folder cannot be used, leads elsewhere, or another archive uses it.
 */
export async function openStateFolder(root: string): Promise<StateFolder> {
  const folder = join(root, STATE_FOLDER);
  const incoming = join(folder, "incoming");
  try {
    await makeOwnFolder(folder, incoming);
    const file = await lock(join(folder, "lock"), root);
    await empty(incoming).catch((error) => {
      file.close();
      throw error;
    });
    const [catalogue, journal] = [join(folder, "catalogue.sqlite"), join(folder, "orders.ndjson")];
    return { catalogue, journal, incoming, close: () => file.close() };
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`Cannot serve "${root}": its folder cannot be written (${reason})`, { cause: error });
  }
}
