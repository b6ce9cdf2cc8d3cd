import { ConnectionError, ImapError } from "../errors.ts";
import { retry } from "../http/retry.ts";
import type { Transport } from "../http/transport.ts";
import { basename, dirname, join } from "@std/path";
import { commitFile } from "./commit_file.ts";
import { fileError } from "./file_error.ts";
import { localPath } from "./local_path.ts";
import { md5OfFile } from "./md5_of_file.ts";
import { receiveObject } from "./receive_object.ts";
import type { UrlSource } from "./url_source.ts";
import { md5OfHeaders } from "./whole_object.ts";

/** A file to download. */
export interface Download {
  /** Its full path in the archive. */
  readonly archivePath: string;
  /** The folder below which it goes. */
  readonly dataDir: string;
  readonly signal?: AbortSignal | undefined;
}

/** What became of a download. */
export interface Downloaded {
  /** Where the file is. */
  readonly path: string;
  /** `skipped` when it was there already. */
  readonly outcome: "fetched" | "skipped";
}

/** Whether a file stands there with something in it: an empty one is what a broken client leaves behind. */
async function isThere(path: string): Promise<boolean> {
  try {
    const { isFile, size } = await Deno.stat(path);
    return isFile && size > 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Downloads one file unless it is there already. Whatever stands at its final path is whole: the bytes go to a part file
 * beside it, are checked, reach the disk, and only then take the name.
 */
export async function downloadFile(transport: Transport, urls: UrlSource, download: Download): Promise<Downloaded> {
  const { archivePath, dataDir, signal } = download;
  const path = localPath(dataDir, archivePath);
  const action = `download "${basename(path)}"`;
  try {
    if (await isThere(path)) return { path, outcome: "skipped" };
    const { retries, log } = transport;
    await retry(() => fetchOnce(transport, urls, { archivePath, path, action, signal }), {
      action,
      retries,
      log,
      signal,
    });
    return { path, outcome: "fetched" };
  } catch (error) {
    signal?.throwIfAborted();
    throw fileError(action, path, error);
  }
}

interface Fetch {
  readonly archivePath: string;
  readonly path: string;
  readonly action: string;
  readonly signal: AbortSignal | undefined;
}

async function fetchOnce(transport: Transport, urls: UrlSource, fetch: Fetch): Promise<void> {
  const { archivePath, path, action, signal } = fetch;
  const url = await urls.downloadUrl(archivePath, signal);
  await Deno.mkdir(dirname(path), { recursive: true });
  // The name is this try's own, so that two processes fetching the same file do not write into each other's.
  const partPath = join(dirname(path), `.${basename(path)}.${crypto.randomUUID().slice(0, 8)}.part`);
  try {
    using file = await Deno.open(partPath, { write: true, createNew: true });
    const headers = await receiveObject(transport, { action, url, file, path: partPath, signal });
    const expected = md5OfHeaders(headers);
    if (expected !== undefined && await md5OfFile(partPath) !== expected) {
      throw new ConnectionError(
        `Cannot ${action}: the bytes that came are not those of the archive (their MD5 differs)`,
      );
    }
    await commitFile(file, partPath, path);
  } catch (error) {
    await Deno.remove(partPath).catch(() => {});
    throw error instanceof ImapError ? error : fileError(action, path, error);
  }
}
