import type { Transport } from "../http/transport.ts";
import { checkedConcurrency } from "./concurrency.ts";
import { ConnectionSlots } from "./connection_slots.ts";
import { DataFolders } from "./data_folders.ts";
import { downloadFile, type DownloadSettings } from "./download_file.ts";
import { forEachOf } from "./for_each_of.ts";
import { localPath } from "./local_path.ts";
import type { Outcome } from "./outcome.ts";
import { PresentFiles } from "./present_files.ts";
import type { UrlSource } from "./url_source.ts";

/** How to download many files. */
export interface DownloadManySettings extends Omit<DownloadSettings, "slots" | "folders" | "present"> {
  /** How many connections there may be at once. */
  readonly concurrency: number;
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
  const paths = [...new Set(archivePaths)];
  const atOnce = Math.min(checkedConcurrency(concurrency), paths.length);
  const slots = new ConnectionSlots(concurrency - atOnce);
  let waiting = paths.length - atOnce;
  const pathOf = (archivePath: string) => {
    try {
      return localPath(settings.dataDir, archivePath);
    } catch {
      return "";
    }
  };
  const folders = new DataFolders(settings.dataDir);
  const present = new PresentFiles();
  const outcomes = await forEachOf(
    paths,
    { concurrency, signal, onProgress, pathOf },
    async (archivePath, running) => {
      try {
        return await downloadFile(transport, urls, archivePath, { ...settings, ...running, slots, folders, present });
      } finally {
        // The file's own connection goes to the next file, as long as there is one.
        if (waiting > 0) waiting -= 1;
        else slots.give();
      }
    },
  );
  await folders.sync();
  return outcomes;
}
