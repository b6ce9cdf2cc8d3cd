import type { Settings } from "../config.ts";
import { InputError } from "../errors.ts";
import type { Transport } from "../http/transport.ts";
import { archivePath } from "../names/archive_path.ts";
import { FileNameError } from "../names/file_name_error.ts";
import { checkedShard, isInShard } from "../names/shard.ts";
import type { FileRecord } from "../protocol/file_record.ts";
import { downloadFiles } from "../transfer/download_files.ts";
import { DEFAULT_CONCURRENCY, type DownloadOptions } from "./call_options.ts";
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
  if (typeof file !== "string") return file.file_path;
  try {
    return archivePath(file.slice(file.lastIndexOf("/") + 1));
  } catch (error) {
    if (file.startsWith("imap/")) return file;
    throw error;
  }
}

/** The archive paths of all that was asked for, or one error with all the names that are wrong. */
function pathsOf(files: Iterable<string | FileRecord>): string[] {
  const problems: string[] = [];
  const paths: string[] = [];
  for (const file of files) {
    try {
      paths.push(pathOf(file));
    } catch (error) {
      if (!(error instanceof FileNameError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new InputError(`${problems.join("\n")}\nNothing was downloaded`);
  return paths;
}

async function run({ settings, transport }: DownloadContext, paths: readonly string[], options: DownloadOptions) {
  const { concurrency = DEFAULT_CONCURRENCY, ifPresent = "skip", dryRun = false, onProgress, signal } = options;
  return await downloadFiles(transport, urlSource(transport), paths, {
    dataDir: settings.dataDir,
    concurrency,
    ifPresent,
    dryRun,
    onProgress: onProgress ?? (() => {}),
    signal,
  });
}

/** Downloads one file. @returns Its path on this machine. @throws What made it fail. */
export async function downloadOne(
  context: DownloadContext,
  file: string | FileRecord,
  options: DownloadOptions,
): Promise<string> {
  const [outcome] = await run(context, [pathOf(file)], options);
  if (outcome?.state === "failed") throw outcome.error;
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
  const report = async (paths: readonly string[]): Promise<TransferReport> =>
    new TransferReport(await run(context, paths, options), report);
  return await report(paths);
}
