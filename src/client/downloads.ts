import type { Settings } from "../config.ts";
import { InputError, inputErrorOf } from "../errors.ts";
import type { Transport } from "../http/transport.ts";
import { archivePath } from "../names/archive_path.ts";
import { checkedShard, isInShard } from "../names/shard.ts";
import type { FileRecord } from "../protocol/file_record.ts";
import { downloadFiles } from "../transfer/download_files.ts";
import { DEFAULT_CONCURRENCY, type DownloadOptions } from "./call_options.ts";
import { type RunningTransfer, showOne, showsPanel, showTransfer } from "./show_transfer.ts";
import { TransferReport } from "./transfer_report.ts";
import { urlSource } from "./url_source.ts";

/** What downloads of a client share. */
export interface DownloadContext {
  readonly settings: Settings;
  readonly transport: Transport;
}

/**
 * The archive path of what was asked for: a row's own, or that of a name. Folders before a name do not count, but where the
 * name is of a kind that is not known yet, a path of the archive's is taken as it is.
 */
function pathOf(file: string | FileRecord): string {
  if (typeof file !== "string") {
    if (typeof file?.file_path === "string") return file.file_path;
    throw new InputError("Cannot download a row without a file_path: expected a row of query, or a file name");
  }
  try {
    return archivePath(file.slice(file.lastIndexOf("/") + 1));
  } catch (error) {
    if (file.startsWith("imap/")) return file;
    throw error;
  }
}

/** The archive paths of all that was asked for, or one error with the names that are wrong. */
function pathsOf(files: Iterable<string | FileRecord>): string[] {
  const problems: string[] = [];
  const paths: string[] = [];
  for (const file of files) {
    try {
      paths.push(pathOf(file));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw inputErrorOf(problems, "Nothing was downloaded");
  return paths;
}

/** The download of some files, ready to run. */
function downloading({ settings, transport }: DownloadContext, paths: readonly string[], options: DownloadOptions) {
  const { concurrency = DEFAULT_CONCURRENCY, ifPresent = "skip", dryRun = false } = options;
  const how = { dataDir: settings.dataDir, concurrency, ifPresent, dryRun };
  return (running: RunningTransfer) => downloadFiles(transport, urlSource(transport), paths, { ...how, ...running });
}

/** Downloads one file. @returns Its path on this machine. @throws What made it fail. */
export async function downloadOne(
  context: DownloadContext,
  file: string | FileRecord,
  options: DownloadOptions,
): Promise<string> {
  if (options.shard !== undefined) throw new InputError("Cannot take a shard of one file: give a list of files");
  const outcome = await showOne("download", options, downloading(context, [pathOf(file)], options));
  return outcome?.path ?? "";
}

/** Downloads many files. */
export async function downloadAll(
  context: DownloadContext,
  files: Iterable<string | FileRecord>,
  options: DownloadOptions,
): Promise<TransferReport> {
  const { shard } = options;
  const wanted = shard === undefined ? undefined : checkedShard(shard);
  const paths = pathsOf(files).filter((path) => wanted === undefined || isInShard(path, wanted));
  const report = async (paths: readonly string[]): Promise<TransferReport> => {
    const outcomes = await showTransfer("download", options, downloading(context, paths, options));
    return new TransferReport(outcomes, report, { isShown: showsPanel(options) });
  };
  return await report(paths);
}
