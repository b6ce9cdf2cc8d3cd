import { getObject } from "../http/call.ts";
import { retry } from "../http/retry.ts";
import { refusalOf } from "../http/refusal_of.ts";
import type { Transport } from "../http/transport.ts";
import { md5OfFile } from "./md5_of_file.ts";
import { contentRange, lengthOfHeaders, md5OfHeaders } from "./object_headers.ts";
import type { UrlSource } from "./url_source.ts";

/** A file that is there, and the object that it should be. */
export interface Comparison {
  readonly action: string;
  readonly archivePath: string;
  readonly path: string;
  readonly signal: AbortSignal | undefined;
}

/** Size and MD5 of an object. One byte is asked for, since a presigned URL for GET refuses HEAD (S3). */
async function lookUp(transport: Transport, urls: UrlSource, { action, archivePath, signal }: Comparison) {
  const url = await urls.downloadUrl(archivePath, signal);
  const response = await getObject(transport, { action, url, headers: { range: "bytes=0-0" }, signal });
  const { status, headers } = response;
  if (status !== 200 && status !== 206 && status !== 416) {
    throw await refusalOf(transport, { action, url, signal }, response);
  }
  await response.body?.cancel();
  // An empty object has no first byte.
  if (status === 416) return { size: 0, md5: undefined };
  return { size: status === 206 ? contentRange(headers)?.size : lengthOfHeaders(headers), md5: md5OfHeaders(headers) };
}

/** Whether a file on this machine is what the archive has: by its size, and by its MD5 where the store tells it. */
export async function isSameObject(transport: Transport, urls: UrlSource, comparison: Comparison): Promise<boolean> {
  const { action, path, signal } = comparison;
  const { retries, log } = transport;
  const { size, md5 } = await retry(() => lookUp(transport, urls, comparison), { action, retries, log, signal });
  if (size !== undefined && size !== (await Deno.stat(path)).size) return false;
  return md5 === undefined || md5 === await md5OfFile(path, signal);
}
