import type { Catalog } from "./catalog.ts";
import type { ImportReport, IndexReport } from "./folders.ts";
import type { FolderChange, WatchTimes } from "./folder_watch.ts";
import type { ObjectStore } from "./object_store.ts";
import type { UrlSigner } from "./objects.ts";
import type { Journal } from "./orders.ts";

/** Work in the background that keeps the catalog up to date. */
export interface BackgroundWork {
  /** Starts it. */
  start(): void;
  /** Stops it; the catalog is no longer used when this returns. */
  close(): Promise<void>;
}

/** The options of a watch. */
export interface WatchOptions extends WatchTimes {
  /** Called for each change of the files that is noticed. */
  readonly onChange: (change: FolderChange) => void;
  /** Called for each internal error. */
  readonly onError: (error: unknown) => void;
}

/** What another process needs to serve the folder of an archive. */
export interface SharedFolder {
  readonly root: string;
  /** The paths of its database, its journal, and its folder for incoming files. */
  readonly catalog: string;
  readonly journal: string;
  readonly incoming: string;
  /** The secret of presigned URLs. */
  readonly secret: string;
}

/** Where an archive that is ready to be served has its rows, its files, and its orders. */
export interface Backend {
  /** The catalog of the archive. */
  readonly catalog: Catalog;
  /** The files. */
  readonly store: ObjectStore;
  /** The journal of reprocessing and release requests. */
  readonly journal: Journal;
  /**
   * Checks the presigned URLs of the store, whose objects the archive then serves on a port of its own; undefined if they
   * lead elsewhere.
   */
  readonly signer: UrlSigner | undefined;
  /** The public origin of a store elsewhere. */
  readonly objectsUrl?: string | undefined;
  /** What other processes need; undefined if the files are elsewhere. */
  readonly folder?: SharedFolder | undefined;
  /** The number of files, and what was skipped. */
  readonly indexed: IndexReport;
  /** The result of the import; undefined without one. */
  readonly imported: ImportReport | undefined;
  /** Looks for objects at once, because a store elsewhere has announced them: the JSON of its event, which may be anything. */
  wake?(event: unknown): Promise<void>;
  /** Creates what notices changes that others make. */
  watch(options: WatchOptions): BackgroundWork;
  /** Closes the catalog and everything else that was opened. */
  close(): Promise<void>;
}
