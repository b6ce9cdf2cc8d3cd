import { checkedPath } from "../config.ts";
import { hashInThread } from "../disk.ts";
import {
  ConnectionError,
  FileError,
  fileError,
  ImapError,
  InputError,
  joinInputErrors,
  ProtocolError,
  ResponseError,
} from "../errors.ts";
import { Call, either, md5OfHeaders } from "../http/call.ts";
import { putFile } from "../http/put_file.ts";
import type { Transport } from "../http/transport.ts";
import { archivePath, formatFileName, parseFileName } from "../names/file_name.ts";
import { formatVersion, parseVersion } from "../names/fields.ts";
import { checkedConcurrency, forEachOf, type OnProgress, type Outcome } from "./batch.ts";
import { compareObject, isRefusedUrl, lookUpObject, md5OfFile, retryableRefusal, type UrlSource } from "./objects.ts";
import { delay } from "@std/async";
import { basename, resolve } from "@std/path";

/** A file that can be sent. */
interface CheckedFile {
  /** What was requested. */
  readonly file: string;
  readonly path: string;
  /** Its bare name, which determines its path in the archive. */
  readonly name: string;
  readonly size: number;
  /** The modification time, in milliseconds since 1970; 0 if unknown. */
  readonly mtime: number;
}

/** Checks that a file exists, is readable, is not empty, and has a name that follows the SDC's convention. */
async function checkOne(file: string): Promise<CheckedFile> {
  const path = resolve(Deno.cwd(), checkedPath("upload", file));
  const name = basename(path);
  const action = `upload "${file}"`;
  const stat = await Deno.stat(path).catch((error: unknown) => {
    if (error instanceof Deno.errors.NotFound) throw new InputError(`Cannot ${action}: there is no such file`);
    throw fileError(action, path, error);
  });
  if (!stat.isFile) throw new InputError(`Cannot ${action}: it is not a file`);
  if (stat.size === 0) throw new InputError(`Cannot ${action}: the file is empty`);
  parseFileName(name);
  await Deno.open(path, { read: true }).then((file) => file.close(), (error) => {
    throw new InputError(fileError(action, path, error).message, { cause: error });
  });
  return { file, path, name, size: stat.size, mtime: stat.mtime?.getTime() ?? 0 };
}

/** Whether a file has not changed since it was checked, which may have been hours ago in a long batch. */
async function isUnchanged({ file, path, size, mtime }: CheckedFile): Promise<boolean> {
  const now = await Deno.stat(path).catch((error) => {
    throw fileError(`upload "${file}"`, path, error);
  });
  return now.size === size && (now.mtime?.getTime() ?? 0) === mtime;
}

/** Returns the same name with the next version; undefined for a name without a version of that form. */
function nextName(name: string): string | undefined {
  const file = parseFileName(name);
  if (file.kind === "spice") return undefined;
  const { major, minor } = parseVersion(file.version);
  return formatFileName({ ...file, version: formatVersion({ major, minor: minor + 1 }) });
}

/**
 * Checks all files before anything is sent.
 *
 * @throws {InputError} With all problems, one or more lines for each file.
 */
export async function checkUploads(files: readonly string[]): Promise<CheckedFile[]> {
  const wrong: ImapError[] = [];
  const checked: CheckedFile[] = [];
  const byName = new Map<string, string>();
  for (const file of files) {
    try {
      const one = await checkOne(file);
      const double = byName.get(one.name);
      if (double !== undefined) throw new InputError(`Cannot upload "${file}": "${double}" has the same name`);
      byName.set(one.name, file);
      checked.push(one);
    } catch (error) {
      if (!(error instanceof ImapError)) throw error;
      if (files.length === 1) throw error;
      wrong.push(error);
    }
  }
  if (wrong.length > 0) throw joinInputErrors(wrong, "Nothing was sent");
  return checked;
}

/** How to upload. */
interface UploadSettings {
  /** Whether a file that is already in the archive counts as skipped instead of failed. */
  readonly skipExisting: boolean;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

/** A file of at least this many bytes is hashed by another thread. Its start takes as long as hashing 16 MiB. */
const MIN_THREAD_LENGTH = 64 * 1024 * 1024;
/**
 * How long the hash of a file rests after each block while this thread sends the file, in milliseconds: it keeps up with
 * 100 MB/s, and leaves most of the CPU to faster networks.
 */
const REST_MS = 4;

/** The upload of one checked file: it is streamed from disk, and its MD5 is compared with the store's. */
class Upload {
  readonly #call: Call;
  readonly #urls: UrlSource;
  readonly #checked: CheckedFile;
  readonly #settings: UploadSettings;
  /**
   * All attempts use the same URL: if the response of an attempt was lost but the archive has indexed the file, it does
   * not return another URL.
   */
  #url: URL | undefined;
  #isRenewed = false;
  #mayHaveArrived = false;

  constructor(transport: Transport, urls: UrlSource, checked: CheckedFile, settings: UploadSettings) {
    this.#call = new Call(transport, { action: `upload "${checked.name}"`, signal: settings.signal });
    this.#urls = urls;
    this.#checked = checked;
    this.#settings = settings;
  }

  /** @throws {ResponseError} 409 when the archive has a file of that name. */
  async run(): Promise<Outcome> {
    const { file, path, size } = this.#checked;
    const { signal } = this.#call;
    try {
      await this.#call.retry(() => this.#send());
      return { state: "sent", file, path, bytes: size };
    } catch (error) {
      if (!(error instanceof ResponseError) || error.status !== 409) throw error;
      if (this.#mayHaveArrived && await this.#isInArchive()) {
        this.#call.decide("skip", "it was uploaded by an earlier attempt whose response was lost");
        return { state: "sent", file, path, bytes: size };
      }
      signal?.throwIfAborted();
      if (!this.#settings.skipExisting) throw error;
      this.#call.decide("skip", "the archive has a file of that name");
      return { state: "skipped", file, path, bytes: 0 };
    }
  }

  /** Makes one attempt. */
  async #send(): Promise<void> {
    const { action, signal } = this.#call;
    const { name } = this.#checked;
    await this.#checkBeforeSending();
    this.#url ??= await this.#urls.uploadUrl(name, signal);
    const stop = new AbortController();
    let isSending = true;
    // The file is hashed while it is sent. On a fast network, sending comes first.
    const hashing = this.#md5(either(stop.signal, signal) ?? stop.signal, () => isSending ? delay(REST_MS) : undefined);
    hashing.catch(() => {});
    try {
      const headers = await this.#put(this.#url);
      isSending = false;
      if (!headers.has("etag")) {
        const why = "the response has no ETag, so it is unknown whether the file arrived";
        throw new ProtocolError(`${why}; is there a login page in between?`, { action });
      }
      this.#mayHaveArrived = true;
      await this.#checkStored(md5OfHeaders(headers), hashing);
    } finally {
      isSending = false;
      stop.abort();
      await hashing.catch(() => {});
    }
  }

  /** Computes the MD5 of the file, in another thread if it is large. `pause` is for this thread. */
  async #md5(signal: AbortSignal, pause: () => Promise<void> | undefined): Promise<string> {
    const { path, size } = this.#checked;
    if (size >= MIN_THREAD_LENGTH) {
      const md5 = await hashInThread(path, size, signal);
      if (md5 !== undefined) return md5;
    }
    return await md5OfFile(path, { signal, length: size, pause });
  }

  /** Makes sure that the file is still the one that was checked. @throws {FileError} When it has changed. */
  async #checkBeforeSending(): Promise<void> {
    if (await isUnchanged(this.#checked)) return;
    const size = this.#mayHaveArrived ? await this.#sizeInArchive() : 0;
    if (size === 0) throw this.#changedError("nothing was stored; upload it again when it is finished");
    throw this.#changedError(
      `${size === undefined ? "the archive may have" : `the archive has ${size} bytes of`} an earlier version of it ` +
        `from an attempt whose response was lost; ${this.#advice()}`,
    );
  }

  /**
   * Compares what the store has received with the file.
   *
   * @param stored The store's MD5; undefined if it provides none.
   * @param hashing The MD5 of the file, as it was while it was sent.
   * @throws {FileError} When the file has changed. {ConnectionError} When the store has other bytes.
   */
  async #checkStored(stored: string | undefined, hashing: Promise<string>): Promise<void> {
    const { action, signal } = this.#call;
    const { path, size } = this.#checked;
    const onDisk = <T>(work: Promise<T>) =>
      work.catch((error) => {
        signal?.throwIfAborted();
        throw fileError(action, path, error);
      });
    const ours = stored === undefined ? undefined : await onDisk(hashing);
    if (await isUnchanged(this.#checked)) {
      if (stored === ours) return;
      throw new ConnectionError(`the store received different bytes than were sent (MD5 mismatch)`, { action });
    }
    const now = (await onDisk(Deno.stat(path))).size;
    const isBeginning = stored !== undefined && stored === await onDisk(md5OfFile(path, { signal, length: size }));
    // Only its modification time has changed.
    if (isBeginning && now === size) return;
    const part = isBeginning ? `its first ${size} bytes` : `${size} bytes that may mix its old and its new content`;
    throw this.#changedError(`the archive now has ${part}; ${this.#advice()}`);
  }

  /** What to do about a wrong file in the archive. */
  #advice(): string {
    const next = nextName(this.#checked.name);
    const example = next === undefined ? "" : `, for example as "${next}"`;
    return `it replaces no files, so upload the finished file with a higher version in its name${example}`;
  }

  #changedError(consequence: string): FileError {
    const { file, path } = this.#checked;
    return new FileError(`it has changed since it was checked: ${consequence}`, { action: `upload "${file}"`, path });
  }

  /** The size of the file in the archive; 0 if the archive does not have it, undefined if that cannot be determined. */
  async #sizeInArchive(): Promise<number | undefined> {
    const { signal } = this.#call;
    try {
      return (await lookUpObject(this.#call, await this.#urls.downloadUrl(archivePath(this.#checked.name), this.#call)))
        .size;
    } catch (error) {
      signal?.throwIfAborted();
      return error instanceof ResponseError && error.status === 404 ? 0 : undefined;
    }
  }

  /** Sends the file to a presigned URL. @returns The headers of the response. */
  async #put(url: URL): Promise<Headers> {
    const { file, path, size } = this.#checked;
    const onBytes = (bytes: number) => this.#settings.onProgress({ type: "bytes", file, bytes, size });
    onBytes(0);
    try {
      return await putFile(this.#call, { url, path, size, onBytes });
    } catch (error) {
      // If the response was lost, the store may have the file; after a rejection it does not.
      this.#mayHaveArrived ||= !(error instanceof ResponseError) || error.status >= 500;
      if (!isRefusedUrl(error) || this.#isRenewed) throw error;
      // The URL may have expired: one more is requested.
      [this.#url, this.#isRenewed] = [undefined, true];
      throw retryableRefusal(error);
    }
  }

  /**
   * Whether the archive has exactly this file, from an attempt whose response was lost. False if that cannot be
   * determined.
   */
  async #isInArchive(): Promise<boolean> {
    const { name, path } = this.#checked;
    const comparison = { archivePath: archivePath(name), path };
    try {
      return (await compareObject(this.#call, this.#urls, comparison)).isSame;
    } catch {
      // The rejection is the error to report.
      return false;
    }
  }
}

/** How to upload many files. */
interface UploadManySettings extends UploadSettings {
  /** The maximum number of files at a time. */
  readonly concurrency: number;
  /** Only check the files. */
  readonly dryRun: boolean;
}

/**
 * Uploads several files at a time. All files are checked first, and nothing is sent if one is wrong. After that, a
 * failure becomes the outcome of its file and does not stop the others.
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
  const each = { ...settings, fileOf: ({ file }: CheckedFile) => file, pathOf: ({ path }: CheckedFile) => path };
  return await forEachOf(await checkUploads(files), each, async (checked, running) => {
    const { file, path } = checked;
    running.onProgress({ type: "file", file });
    if (settings.dryRun) return { state: "planned", plan: "send", file, path, bytes: 0, size: checked.size };
    return await new Upload(transport, urls, checked, { ...settings, ...running }).run();
  });
}
