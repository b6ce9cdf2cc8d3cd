import { resolve } from "@std/path";
import { Catalogue } from "./catalogue.ts";
import { importFolder, type ImportReport } from "./import_folder.ts";
import { indexFolder, type IndexReport } from "./index_folder.ts";
import { ObjectStore } from "./object_store.ts";
import { openStateFolder } from "./state_folder.ts";

/** What an archive is opened with. */
export interface OpenArchiveOptions {
  /** The folder that holds `imap/...`; made when it is not there. */
  readonly root: string;
  /** A folder whose files are taken in, by their names. */
  readonly importFrom?: string | undefined;
  /** The clock. Default: the computer's. */
  readonly now?: (() => Date) | undefined;
}

/** An archive that is ready to be served: its files, its catalogue, and what was found on opening it. */
export interface OpenArchive {
  /** What the archive has. */
  readonly catalogue: Catalogue;
  /** The files. */
  readonly store: ObjectStore;
  /** What was found in the folder. */
  readonly indexed: IndexReport;
  /** Undefined when nothing was to be imported. */
  readonly imported: ImportReport | undefined;
  /** Closes the catalogue and lets another archive have the folder. */
  close(): void;
}

/**
 * Opens an archive over a folder: makes the catalogue agree with the files, then imports.
 *
 * @throws {InputError} When a folder cannot be used.
 */
export async function openArchive(options: OpenArchiveOptions): Promise<OpenArchive> {
  const { importFrom, now = () => new Date() } = options;
  const state = await openStateFolder(resolve(options.root));
  try {
    const root = await Deno.realPath(options.root);
    const catalogue = new Catalogue(state.catalogue);
    try {
      const store = new ObjectStore({ root, incoming: state.incoming, catalogue, now });
      const found = await indexFolder(root, catalogue);
      const imported = importFrom === undefined ? undefined : await importFolder(resolve(importFrom), store);
      const indexed = { ...found, files: catalogue.size };
      const close = () => {
        catalogue.close();
        state.close();
      };
      return { catalogue, store, indexed, imported, close };
    } catch (error) {
      catalogue.close();
      throw error;
    }
  } catch (error) {
    state.close();
    throw error;
  }
}
