import { getObject } from "../http/call.ts";
import { connectionError } from "../http/connection_error.ts";
import { timeoutError } from "../http/exchange.ts";
import { readOrTimeOut } from "../http/read_or_time_out.ts";
import { refusalOf } from "../http/refusal_of.ts";
import { retry } from "../http/retry.ts";
import type { Transport } from "../http/transport.ts";
import { downloadUrl } from "../sdc/presigned_url.ts";
import { lookUpObject } from "../transfer/look_up_object.ts";
import { md5OfFile } from "../transfer/md5_of_file.ts";
import { ConnectionError } from "../errors.ts";

/** A file on this machine, and the archive's that it is compared with. */
export interface FileComparison {
  /** How messages begin, behind `Cannot `. */
  readonly action: string;
  readonly archivePath: string;
  readonly path: string;
  readonly signal: AbortSignal | undefined;
}

/** What a comparison found. */
export interface Compared {
  readonly isSame: boolean;
  /** How many bytes the archive's file has; undefined where the store does not tell. */
  readonly size: number | undefined;
}

/** The MD5 of an object whose store does not tell it: all of it is read, nothing is kept. */
async function md5OfObject(transport: Transport, { action, archivePath, signal }: FileComparison): Promise<string> {
  const { createHash } = await import("node:crypto");
  const url = await downloadUrl(transport, archivePath, signal);
  const response = await getObject(transport, { action, url, signal });
  if (!response.ok) throw await refusalOf(transport, { action, url, signal }, response);
  const hash = createHash("md5");
  const reader = response.body?.getReader();
  const stalled = () => timeoutError(action, url.host, transport.timeoutMs);
  try {
    for (;;) {
      const piece = reader === undefined ? undefined : await readOrTimeOut(reader, transport.timeoutMs, stalled);
      if (piece === undefined || piece.done) return hash.digest("hex");
      hash.update(piece.value);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof ConnectionError ? error : connectionError(action, url.host, error);
  } finally {
    reader?.cancel().catch(() => {});
  }
}

/**
 * Compares a file with one of the archive's: by length, by the MD5 that the store tells, or else by all of its bytes.
 *
 * @throws {ResponseError} 404 when the archive has no such file.
 */
export async function compareFile(transport: Transport, comparison: FileComparison): Promise<Compared> {
  const { action, archivePath, path, signal } = comparison;
  const trying = { action, retries: transport.retries, log: transport.log, signal };
  const { size, md5 } = await retry(
    async () => lookUpObject(transport, { action, url: await downloadUrl(transport, archivePath, signal), signal }),
    trying,
  );
  if (size !== undefined && size !== (await Deno.stat(path)).size) return { isSame: false, size };
  const theirs = md5 ?? await retry(() => md5OfObject(transport, comparison), trying);
  return { isSame: theirs === await md5OfFile(path, signal), size };
}
