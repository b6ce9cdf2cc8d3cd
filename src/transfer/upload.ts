import { fileError } from "../disk.ts";
import { ConnectionError, ImapError, InputError, joinInputErrors, ProtocolError, ResponseError } from "../errors.ts";
import { Call } from "../http/call.ts";
import { putFile } from "../http/put_file.ts";
import { retry, type Transport } from "../http/transport.ts";
import { archivePath, parseFileName } from "../names/file_name.ts";
import { checkedConcurrency, forEachOf, type OnProgress, type Outcome } from "./batch.ts";
import { compareObject, isRefusedUrl, md5OfFile, md5OfHeaders, type UrlSource, worthANewUrl } from "./objects.ts";
import { basename, resolve } from "@std/path";

/** A file that can be sent. */
interface Sendable {
  /** What was asked for. */
  readonly file: string;
  readonly path: string;
  /** Its bare name, which decides its place in the archive. */
  readonly name: string;
  readonly size: number;
  /** When it was last changed, in milliseconds since 1970; 0 where the disk does not tell. */
  readonly mtime: number;
}

/** Looks at one file: there, readable, not empty, with a name of the SDC's. */
async function checkOne(file: string): Promise<Sendable> {
  const path = resolve(Deno.cwd(), file);
  const name = basename(path);
  const action = `upload "${file}"`;
  const stat = await Deno.stat(path).catch((error: unknown) => {
    if (error instanceof Deno.errors.NotFound) throw new InputError(`Cannot ${action}: there is no such file`);
    throw fileError(action, path, error);
  });
  if (!stat.isFile) throw new InputError(`Cannot ${action}: it is no file`);
  if (stat.size === 0) throw new InputError(`Cannot ${action}: the file is empty`);
  parseFileName(name);
  await Deno.open(path, { read: true }).then((file) => file.close(), (error) => {
    throw new InputError(fileError(action, path, error).message, { cause: error });
  });
  return { file, path, name, size: stat.size, mtime: stat.mtime?.getTime() ?? 0 };
}

/**
 * Makes sure that a file is still the one that was checked: in a long batch that may be hours ago.
 *
 * @throws {ImapError} When it changed.
 */
async function checkUnchanged({ file, path, size, mtime }: Sendable): Promise<void> {
  const now = await Deno.stat(path).catch((error) => {
    throw fileError(`upload "${file}"`, path, error);
  });
  if (now.size === size && (now.mtime?.getTime() ?? 0) === mtime) return;
  throw new ImapError(`Cannot upload "${file}": it changed since it was checked; upload it again when it is done`);
}

/**
 * Looks at all files before anything is sent.
 *
 * @throws {InputError} With all that is wrong, a line or more for each file.
 */
export async function checkUploads(files: readonly string[]): Promise<Sendable[]> {
  const wrong: ImapError[] = [];
  const sendable: Sendable[] = [];
  const byName = new Map<string, string>();
  for (const file of files) {
    try {
      const checked = await checkOne(file);
      const double = byName.get(checked.name);
      if (double !== undefined) throw new InputError(`Cannot upload "${file}": "${double}" has the same name`);
      byName.set(checked.name, file);
      sendable.push(checked);
    } catch (error) {
      if (!(error instanceof ImapError)) throw error;
      if (files.length === 1) throw error;
      wrong.push(error);
    }
  }
  if (wrong.length > 0) throw joinInputErrors(wrong, "Nothing was sent");
  return sendable;
}

/** How to upload. */
interface UploadSettings {
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
async function uploadFile(
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
    const headers = await putFile(new Call(transport, { action, signal }), { url, path, size, onBytes }).catch(
      (error) => {
        // Only a lost answer leaves open what the store has; a refusal does not.
        mayHaveArrived ||= !(error instanceof ResponseError) || error.status >= 500;
        // The URL may have expired: one more is asked for.
        if (!isRefusedUrl(error) || isRenewed) throw error;
        [url, isRenewed] = [undefined, true];
        throw worthANewUrl(error);
      },
    );
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

/** How to upload many files. */
interface UploadManySettings extends UploadSettings {
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
