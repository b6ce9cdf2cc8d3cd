import { ConnectionError, InputError } from "../errors.ts";
import { putFile } from "../http/put_file.ts";
import { retry } from "../http/retry.ts";
import type { Transport } from "../http/transport.ts";
import { parseFileName } from "../names/file_name.ts";
import { basename, resolve } from "@std/path";
import { fileError } from "./file_error.ts";
import type { UrlSource } from "./url_source.ts";
import { md5OfHeaders } from "./whole_object.ts";

/** A file to upload. */
export interface Upload {
  /** Where it is on this machine; its name decides its place in the archive. */
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
}

/** What is known of a file before anything is sent. */
interface Checked {
  readonly path: string;
  readonly name: string;
  readonly size: number;
}

/** Looks at a file on this machine: there, readable, not empty, with a name of the SDC's. */
async function checkUpload(given: string): Promise<Checked> {
  const path = resolve(given);
  const name = basename(path);
  const action = `upload "${given}"`;
  const stat = await Deno.stat(path).catch((error: unknown) => {
    if (error instanceof Deno.errors.NotFound) throw new InputError(`Cannot ${action}: there is no such file`);
    throw fileError(action, path, error);
  });
  if (!stat.isFile) throw new InputError(`Cannot ${action}: it is no file`);
  if (stat.size === 0) throw new InputError(`Cannot ${action}: the file is empty`);
  parseFileName(name);
  await Deno.open(path, { read: true }).then((file) => file.close(), (error) => {
    throw fileError(action, path, error);
  });
  return { path, name, size: stat.size };
}

/**
 * Uploads one file: checked first, streamed from the disk, and compared by MD5 with what the store says it has.
 *
 * @returns The bare name under which the archive has it.
 * @throws {InputError} When the file cannot be sent. {ResponseError} 409 when the archive has one of that name.
 */
export async function uploadFile(transport: Transport, urls: UrlSource, upload: Upload): Promise<string> {
  const { signal } = upload;
  const { path, name, size } = await checkUpload(upload.path);
  const action = `upload "${name}"`;
  const { retries, log } = transport;
  await retry(async () => {
    const url = await urls.uploadUrl(name, signal);
    const { md5, headers } = await putFile(transport, { action, url, path, size, signal });
    const stored = md5OfHeaders(headers);
    if (stored !== undefined && stored !== md5) {
      throw new ConnectionError(`Cannot ${action}: the store has other bytes than were sent (their MD5 differs)`);
    }
  }, { action, retries, log, signal });
  return name;
}
