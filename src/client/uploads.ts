import type { Transport } from "../http/transport.ts";
import { archivePath } from "../names/archive_path.ts";
import { uploadFiles } from "../transfer/upload_files.ts";
import { basename } from "@std/path";
import { DEFAULT_CONCURRENCY, type UploadOptions } from "./call_options.ts";
import { TransferReport } from "./transfer_report.ts";
import { urlSource } from "./url_source.ts";

async function run(transport: Transport, paths: readonly string[], options: UploadOptions) {
  const { concurrency = DEFAULT_CONCURRENCY, skipExisting = false, dryRun = false, onProgress, signal } = options;
  return await uploadFiles(transport, urlSource(transport), paths, {
    concurrency,
    skipExisting,
    dryRun,
    onProgress: onProgress ?? (() => {}),
    signal,
  });
}

/** Uploads one file. @returns Its path in the archive. @throws What made it fail. */
export async function uploadOne(transport: Transport, path: string, options: UploadOptions): Promise<string> {
  const [outcome] = await run(transport, [path], options);
  if (outcome?.state === "failed") throw outcome.error;
  return archivePath(basename(path));
}

/** Uploads many files. */
export async function uploadAll(
  transport: Transport,
  paths: readonly string[],
  options: UploadOptions,
): Promise<TransferReport> {
  const report = async (paths: readonly string[]): Promise<TransferReport> =>
    new TransferReport(await run(transport, paths, options), report);
  return await report(paths);
}
