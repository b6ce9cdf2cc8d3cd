import { ConnectionError, ProtocolError, ResponseError } from "../errors.ts";
import { putFile } from "../http/put_file.ts";
import { retry } from "../http/retry.ts";
import type { Transport } from "../http/transport.ts";
import { archivePath } from "../names/archive_path.ts";
import { checkUnchanged, type Sendable } from "./check_upload.ts";
import { compareObject } from "./compare_object.ts";
import { md5OfFile } from "./md5_of_file.ts";
import { md5OfHeaders } from "./object_headers.ts";
import type { OnProgress, Outcome } from "./outcome.ts";
import { isRefusedUrl, worthANewUrl } from "./refused_url.ts";
import type { UrlSource } from "./url_source.ts";

/** How to upload. */
export interface UploadSettings {
  /** Whether a file that the archive has already is no failure. */
  readonly skipExisting: boolean;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

/**
 * Uploads one file that was checked: streamed from the disk, and compared by MD5 with what the store says it has.
 *
 * @throws {ResponseError} 409 when the archive has one of that name.
 */
export async function uploadFile(
  transport: Transport,
  urls: UrlSource,
  sendable: Sendable,
  { skipExisting, onProgress, signal }: UploadSettings,
): Promise<Outcome> {
  const { file, path, name, size } = sendable;
  const action = `upload "${name}"`;
  const { retries, log } = transport;
  // The same URL serves all tries: a new one is refused as soon as the archive has indexed a try whose answer was lost.
  let url: URL | undefined;
  let isRenewed = false;
  let mayHaveArrived = false;
  const onBytes = (bytes: number) => onProgress({ type: "bytes", file, bytes, size });
  const send = async () => {
    await checkUnchanged(sendable);
    url ??= await urls.uploadUrl(name, signal);
    onBytes(0);
    const headers = await putFile(transport, { action, url, path, size, onBytes, signal }).catch((error) => {
      // Only a lost answer leaves open what the store has; a refusal does not.
      mayHaveArrived ||= !(error instanceof ResponseError) || error.status >= 500;
      // The URL may have expired: one more is asked for.
      if (!isRefusedUrl(error) || isRenewed) throw error;
      [url, isRenewed] = [undefined, true];
      throw worthANewUrl(error);
    });
    if (!headers.has("etag")) {
      const why = "the answer has no ETag, so that nobody knows whether the file arrived";
      throw new ProtocolError(`Cannot ${action}: ${why}; is there a login page in between?`);
    }
    mayHaveArrived = true;
    const stored = md5OfHeaders(headers);
    // Hashed only where there is something to compare it with. The file must have been the same all the while.
    const ours = stored === undefined ? undefined : await md5OfFile(path, signal);
    await checkUnchanged(sendable);
    if (stored !== ours) {
      throw new ConnectionError(`Cannot ${action}: the store has other bytes than were sent (their MD5 differs)`);
    }
  };
  try {
    await retry(send, { action, retries, log, signal });
    return { state: "sent", file, path, bytes: size };
  } catch (error) {
    if (!(error instanceof ResponseError) || error.status !== 409) throw error;
    // A try whose answer was lost may have arrived: then what the archive has is this file.
    const comparison = { action, archivePath: archivePath(name), path, signal };
    // When that cannot be found out, the refusal is what the caller must know.
    const isOurs = async () => (await compareObject(transport, urls, comparison)).isSame;
    if (mayHaveArrived && await isOurs().catch(() => false)) {
      log({ type: "decision", action, decision: "skip", reason: "a try without an answer had brought it" });
      return { state: "sent", file, path, bytes: size };
    }
    signal?.throwIfAborted();
    if (!skipExisting) throw error;
    log({ type: "decision", action, decision: "skip", reason: "the archive has a file of that name" });
    return { state: "skipped", file, path, bytes: 0 };
  }
}
