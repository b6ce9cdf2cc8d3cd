import type { Transport } from "../http/transport.ts";
import { archivePath } from "../names/archive_path.ts";
import { uploadFiles } from "../transfer/upload_files.ts";
import { basename } from "@std/path";
import { DEFAULT_CONCURRENCY, type UploadOptions } from "./call_options.ts";
import { type RunningTransfer, showOne, showsPanel, showTransfer } from "./show_transfer.ts";
import { TransferReport } from "./transfer_report.ts";
import { urlSource } from "./url_source.ts";

/** The upload of some files, ready to run. */
function uploading(transport: Transport, paths: readonly string[], options: UploadOptions) {
  const { concurrency = DEFAULT_CONCURRENCY, skipExisting = false, dryRun = false } = options;
  const how = { concurrency, skipExisting, dryRun };
  return (running: RunningTransfer) => uploadFiles(transport, urlSource(transport), paths, { ...how, ...running });
}

/** Uploads one file. @returns Its path in the archive. @throws What made it fail. */
export async function uploadOne(transport: Transport, path: string, options: UploadOptions): Promise<string> {
  await showOne("upload", options, uploading(transport, [path], options));
  return archivePath(basename(path));
}

/** Uploads many files. */
export async function uploadAll(
  transport: Transport,
  paths: readonly string[],
  options: UploadOptions,
): Promise<TransferReport> {
  const report = async (paths: readonly string[]): Promise<TransferReport> => {
    const outcomes = await showTransfer("upload", options, uploading(transport, paths, options));
    return new TransferReport(outcomes, report, { isShown: showsPanel(options) });
  };
  return await report(paths);
}
