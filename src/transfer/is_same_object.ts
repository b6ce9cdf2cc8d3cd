import { ProtocolError } from "../errors.ts";
import { retry } from "../http/retry.ts";
import type { Transport } from "../http/transport.ts";
import { lookUpObject } from "./look_up_object.ts";
import { md5OfFile } from "./md5_of_file.ts";
import type { UrlSource } from "./url_source.ts";

/** A file that is there, and the object that it should be. */
export interface Comparison {
  readonly action: string;
  readonly archivePath: string;
  readonly path: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Whether a file on this machine is what the archive has: by its size, and by its MD5 where the store tells it.
 *
 * @throws {ProtocolError} When the store tells neither.
 */
export async function isSameObject(transport: Transport, urls: UrlSource, comparison: Comparison): Promise<boolean> {
  const { action, archivePath, path, signal } = comparison;
  const { retries, log } = transport;
  const look = async () =>
    lookUpObject(transport, { action, url: await urls.downloadUrl(archivePath, signal), signal });
  const { size, md5 } = await retry(look, { action, retries, log, signal });
  if (size === undefined && md5 === undefined) {
    throw new ProtocolError(`Cannot ${action}: the store tells neither length nor MD5, so nothing can be compared`);
  }
  if (size !== undefined && size !== (await Deno.stat(path)).size) return false;
  return md5 === undefined || md5 === await md5OfFile(path, signal);
}
