import type { Decision } from "../http/events.ts";
import { retry } from "../http/retry.ts";
import type { Transport } from "../http/transport.ts";
import { basename, dirname } from "@std/path";
import { checkPart } from "./check_part.ts";
import { compareObject } from "./compare_object.ts";
import { ConnectionSlots } from "./connection_slots.ts";
import type { DataFolders } from "./data_folders.ts";
import { fileError } from "./file_error.ts";
import { localPath } from "./local_path.ts";
import type { OnProgress, Outcome } from "./outcome.ts";
import { openPart } from "./open_part.ts";
import type { PartFile } from "./part_file.ts";
import { partPathOf, sizeOf } from "./part_paths.ts";
import { type IfPresent, planDownload } from "./plan_download.ts";
import type { PresentFiles } from "./present_files.ts";
import { Progress } from "./progress.ts";
import { receiveObject } from "./receive_object.ts";
import type { UrlSource } from "./url_source.ts";

/** How to download. */
export interface DownloadSettings {
  /** The folder below which the files go. */
  readonly dataDir: string;
  /** What to do with files that are there. */
  readonly ifPresent: IfPresent;
  /** Only say what would be done. */
  readonly dryRun: boolean;
  readonly slots: ConnectionSlots;
  /** The folders that files go to; whoever made this brings them to the disk. */
  readonly folders: DataFolders;
  readonly present: PresentFiles;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

/** What every step of one download needs. */
interface Work extends DownloadSettings {
  readonly transport: Transport;
  readonly urls: UrlSource;
  readonly archivePath: string;
  readonly action: string;
  readonly path: string;
}

/**
 * Downloads one file, unless it is there already. Whatever stands at its final path is whole: the bytes go to a part beside
 * it, are checked, reach the disk, and only then take the name. What came stays for the next try, and for the next run.
 *
 * @param archivePath The file's full path in the archive.
 */
export async function downloadFile(
  transport: Transport,
  urls: UrlSource,
  archivePath: string,
  settings: DownloadSettings,
): Promise<Outcome> {
  const path = localPath(settings.dataDir, archivePath);
  const action = `download "${basename(path)}"`;
  const work = { ...settings, transport, urls, archivePath, action, path };
  try {
    return await settle(work);
  } catch (error) {
    settings.signal?.throwIfAborted();
    throw fileError(action, path, error);
  }
}

async function settle(work: Work): Promise<Outcome> {
  const { archivePath, path, transport, urls } = work;
  const partSize = work.dryRun ? sizeOf(partPathOf(path)) : undefined;
  const plan = planDownload({ size: work.present.sizeOf(path), partSize }, work.ifPresent);
  if (work.dryRun) return { state: "planned", plan, file: archivePath, path, bytes: 0 };
  const skipped = { state: "skipped", file: archivePath, path, bytes: 0 } as const;
  const decide = (decision: Decision, reason: string) =>
    transport.log({ type: "decision", action: work.action, decision, reason });
  if (plan === "skip") {
    decide("skip", `"${path}" is there`);
    return skipped;
  }
  if (plan === "verify" && (await compareObject(transport, urls, work)).isSame) {
    decide("skip", `"${path}" is what the archive has`);
    return skipped;
  }
  if (plan === "verify") decide("restart", `"${path}" is not what the archive has`);
  const onWait = () => decide("wait", "another process fetches it");
  work.folders.prepare(dirname(path));
  using part = await openPart(path, { signal: work.signal, onWait }).catch((error) => {
    work.signal?.throwIfAborted();
    throw fileError(work.action, partPathOf(path), error);
  });
  // Another process may have brought it while this one waited for the lock.
  const mayBeThere = !part.isNew && plan !== "verify" && work.ifPresent !== "fetch";
  if (mayBeThere && (sizeOf(path) ?? 0) > 0) {
    await part.remove();
    decide("skip", `another process has brought "${path}"`);
    return skipped;
  }
  try {
    return await fetchInto(work, part);
  } catch (error) {
    if (await part.kept() === 0) await part.remove();
    throw error;
  }
}

async function fetchInto(work: Work, part: PartFile): Promise<Outcome> {
  const { archivePath, path, action, transport, urls, signal } = work;
  const { retries, log } = transport;
  const progress = new Progress(await part.kept());
  let { slots } = work;
  const onBytes = (bytes: number, size: number | undefined) =>
    work.onProgress({ type: "bytes", file: archivePath, bytes, size });
  const onResume = (bytes: number, size: number | undefined) => {
    progress.resume(bytes);
    if (bytes > 0) {
      const reason = `${bytes} of ${size ?? "an unknown number of"} bytes are there`;
      transport.log({ type: "decision", action, decision: "resume", reason });
    }
    onBytes(bytes, size);
  };
  const onUnsplittable = () => slots = new ConnectionSlots(0);
  const size = await retry(async () => {
    progress.begin();
    const url = await urls.downloadUrl(archivePath, signal);
    const receiving = { action, archivePath, url, part, slots, onBytes, onResume, onUnsplittable, signal };
    try {
      return await checkPart(transport, receiving, await receiveObject(transport, receiving));
    } catch (error) {
      progress.end(await part.kept());
      throw progress.judge(error);
    }
  }, { action, retries, log, signal, progressed: () => progress.hasProgressed });
  onBytes(size, size);
  await part.rename(path);
  work.folders.noteFile(dirname(path));
  const from = progress.resumedFrom;
  return { state: from > 0 ? "resumed" : "fetched", file: archivePath, path, bytes: size - from };
}
