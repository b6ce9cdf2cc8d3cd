import type { Transport } from "../http/transport.ts";
import { InputError } from "../errors.ts";
import { ConnectionSlots } from "./connection_slots.ts";
import { DataFolders } from "./data_folders.ts";
import { downloadFile, type DownloadSettings } from "./download_file.ts";
import { forEachOf } from "./for_each_of.ts";
import { localPath } from "./local_path.ts";
import type { Outcome } from "./outcome.ts";
import type { UrlSource } from "./url_source.ts";

/** How to download many files. */
export interface DownloadManySettings extends Omit<DownloadSettings, "slots" | "folders"> {
  /** How many connections there may be at once. */
  readonly concurrency: number;
}

/** Checks a count of connections. */
export function checkedConcurrency(concurrency: number): number {
  if (Number.isSafeInteger(concurrency) && concurrency >= 1 && concurrency <= 256) return concurrency;
  throw new InputError(`Cannot use the concurrency "${concurrency}": expected a whole number from 1 to 256`);
}

/**
 * Downloads files, several at once. One that fails is an outcome, not the end of the others.
 *
 * @param archivePaths The files' full paths in the archive; one that stands there twice is fetched once.
 * @returns An outcome for each file, in order.
 */
export async function downloadFiles(
  transport: Transport,
  urls: UrlSource,
  archivePaths: readonly string[],
  settings: DownloadManySettings,
): Promise<Outcome[]> {
  const { concurrency, signal, onProgress } = settings;
  const slots = new ConnectionSlots(checkedConcurrency(concurrency));
  const pathOf = (archivePath: string) => {
    try {
      return localPath(settings.dataDir, archivePath);
    } catch {
      return "";
    }
  };
  const folders = new DataFolders(settings.dataDir);
  const outcomes = await forEachOf(
    [...new Set(archivePaths)],
    { concurrency, signal, onProgress, pathOf },
    async (archivePath, running) => {
      const taken = slots.take(1);
      try {
        return await downloadFile(transport, urls, archivePath, { ...settings, ...running, slots, folders });
      } finally {
        slots.give(taken);
      }
    },
  );
  await folders.sync();
  return outcomes;
}
