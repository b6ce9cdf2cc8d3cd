import type { Transport } from "../http/transport.ts";
import { checkUploads } from "./check_upload.ts";
import { checkedConcurrency } from "./concurrency.ts";
import { forEachOf } from "./for_each_of.ts";
import type { Outcome } from "./outcome.ts";
import { uploadFile, type UploadSettings } from "./upload_file.ts";
import type { UrlSource } from "./url_source.ts";

/** How to upload many files. */
export interface UploadManySettings extends UploadSettings {
  /** How many at once. */
  readonly concurrency: number;
  /** Stop when all is checked. */
  readonly dryRun: boolean;
}

/**
 * Uploads files, several at once. All are checked first, and nothing is sent when one is wrong; after that, one that fails
 * is an outcome, not the end of the others.
 *
 * @returns An outcome for each file, in order.
 * @throws {InputError} When a file cannot be sent.
 */
export async function uploadFiles(
  transport: Transport,
  urls: UrlSource,
  files: readonly string[],
  settings: UploadManySettings,
): Promise<Outcome[]> {
  checkedConcurrency(settings.concurrency);
  const sendable = new Map((await checkUploads(files)).map((checked) => [checked.file, checked]));
  const pathOf = (file: string) => sendable.get(file)?.path ?? "";
  return await forEachOf([...sendable.keys()], { ...settings, pathOf }, async (file, running) => {
    const checked = sendable.get(file);
    if (checked === undefined) throw new Error(`"${file}" was not checked`);
    if (settings.dryRun) return { state: "planned", plan: "send", file, path: checked.path, bytes: 0 };
    return await uploadFile(transport, urls, checked, { ...settings, ...running });
  });
}
