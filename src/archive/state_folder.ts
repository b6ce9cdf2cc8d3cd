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

/** A lock that ends with the process, however that ends. */
async function lock(path: string, root: string): Promise<Deno.FsFile> {
  const file = await Deno.open(path, { create: true, write: true });
  if (await file.tryLock(true)) return file;
  file.close();
  throw new InputError(`Cannot serve "${root}": another archive serves it already; stop that one first`);
}

async function empty(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) await Deno.remove(join(folder, name), { recursive: true });
}

/**
 * Opens the state below an archive's root, which is created when it is not there.
 * What a crash left half written in `incoming` is removed.
 *
 * @throws {InputError} When the folder cannot be used, or another archive uses it.
 */
export async function openStateFolder(root: string): Promise<StateFolder> {
  const folder = join(root, STATE_FOLDER);
  const incoming = join(folder, "incoming");
  try {
    await Deno.mkdir(incoming, { recursive: true });
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
