import { resolve } from "@std/path";
import { InputError } from "../errors.ts";
import { Catalogue } from "./catalogue.ts";
import { importFolder, type ImportReport } from "./import_folder.ts";
import { indexFolder, type IndexReport } from "./index_folder.ts";
import { Journal } from "./journal.ts";
import { ObjectStore } from "./object_store.ts";
import { openStateFolder } from "./state_folder.ts";

/** What an archive is opened with. */
export interface OpenArchiveOptions {
  /** The folder that holds `imap/...`; made when it is not there. */
  readonly root: string;
  /** A folder whose files are taken in, by their names. */
  readonly importFrom?: string | undefined;
  /** Ends the opening early: what is copied by then stays. */
  readonly signal?: AbortSignal | undefined;
  /** The clock. Default: the computer's. */
  readonly now?: (() => Date) | undefined;
}

/** An archive that is ready to be served: its files, its catalogue, and what was found on opening it. */
export interface OpenArchive {
  /** What the archive has. */
  readonly catalogue: Catalogue;
  /** The files. */
  readonly store: ObjectStore;
  /** What it was asked to do besides. */
  readonly journal: Journal;
  /** What was found in the folder. */
  readonly indexed: IndexReport;
  /** Undefined when nothing was to be imported. */
  readonly imported: ImportReport | undefined;
  /** Closes the catalogue and lets another archive have the folder. */
  close(): void;
}

/** Makes sure that a folder can be read, before anything is written. */
async function checkFolder(folder: string): Promise<void> {
  try {
    if ((await Deno.stat(folder)).isDirectory) return;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`Cannot import "${folder}": it cannot be read (${reason})`, { cause: error });
  }
  throw new InputError(`Cannot import "${folder}": it is no folder`);
}

/**
 * Opens an archive over a folder: makes the catalogue agree with the files, then imports.
 *
 * @throws {InputError} When a folder cannot be used.
 */
export async function openArchive(options: OpenArchiveOptions): Promise<OpenArchive> {
  const { importFrom, now = () => new Date(), signal } = options;
  if (importFrom !== undefined) await checkFolder(importFrom);
  const state = await openStateFolder(resolve(options.root));
  try {
    const root = await Deno.realPath(options.root);
    const catalogue = new Catalogue(state.catalogue);
    try {
      const store = new ObjectStore({ root, incoming: state.incoming, catalogue, now });
      const found = await indexFolder(root, catalogue, signal);
      const imported = importFrom === undefined ? undefined : await importFolder(resolve(importFrom), store, signal);
      const indexed = { ...found, files: catalogue.size };
      const close = () => {
        catalogue.close();
        state.close();
      };
      return { catalogue, store, journal: new Journal(state.journal), indexed, imported, close };
    } catch (error) {
      catalogue.close();
      throw error;
    }
  } catch (error) {
    state.close();
    throw error;
  }
}
