import { retry } from "../http/retry.ts";
import type { Transport } from "../http/transport.ts";
import { lookUpObject } from "./look_up_object.ts";
import { md5OfFile } from "./md5_of_file.ts";
import { md5OfObject } from "./md5_of_object.ts";
import type { UrlSource } from "./url_source.ts";

/** A file on this machine, and the object that it is compared with. */
export interface Comparison {
  /** How messages begin, behind `Cannot `. */
  readonly action: string;
  readonly archivePath: string;
  readonly path: string;
  readonly signal: AbortSignal | undefined;
}

/** What a comparison found. */
export interface Compared {
  readonly isSame: boolean;
  /** How many bytes the object has; undefined where the store does not tell. */
  readonly size: number | undefined;
}

/**
 * Compares a file with an object: by length, then by the MD5 that the store tells, or else by all of its bytes.
 *
 * @throws {ResponseError} 404 when the archive has no such file.
 */
export async function compareObject(
  transport: Transport,
  urls: UrlSource,
  { action, archivePath, path, signal }: Comparison,
): Promise<Compared> {
  const { retries, log } = transport;
  const asking = { action, retries, log, signal };
  const url = () => urls.downloadUrl(archivePath, signal);
  const { size, md5 } = await retry(
    async () => lookUpObject(transport, { action, url: await url(), signal }),
    asking,
  );
  if (size !== undefined && size !== (await Deno.stat(path)).size) return { isSame: false, size };
  const theirs = md5 ??
    await retry(async () => md5OfObject(transport, { action, url: await url(), signal }), asking);
  return { isSame: theirs === await md5OfFile(path, signal), size };
}
