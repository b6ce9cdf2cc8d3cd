import { lookUpObject, type UrlSource } from "./objects.ts";
import { ConnectionError, FileError, ProtocolError, type ResponseError } from "../errors.ts";
import { type Call, contentRange, type Reply, strongEtag } from "../http/call.ts";

/** A remote file, and where its ranges come from. */
interface RemoteFileParts {
  readonly call: Call;
  readonly urls: UrlSource;
  readonly archivePath: string;
  readonly url: URL;
  readonly size: number;
  readonly etag: string | undefined;
}

/** The statuses with which object stores refuse a presigned URL that has expired (S3: 403; others: 400, 401). */
const EXPIRED: ReadonlySet<number> = new Set([400, 401, 403]);

/** A file in the archive whose ranges are read over HTTP (RFC 9110, section 14). A presigned URL that expires is renewed. */
export class RemoteFile {
  /** Its size in bytes. */
  readonly size: number;
  readonly #parts: RemoteFileParts;
  #url: URL;

  private constructor(parts: RemoteFileParts) {
    this.#parts = parts;
    this.#url = parts.url;
    this.size = parts.size;
  }

  /**
   * Looks at a file without downloading it.
   *
   * @throws {ResponseError} 404 when the archive has no such file. {ProtocolError} When its ranges cannot be read.
   */
  static async open(call: Call, urls: UrlSource, archivePath: string): Promise<RemoteFile> {
    return await call.retry(async () => {
      const url = await urls.downloadUrl(archivePath, call);
      const { size, etag, isPacked } = await lookUpObject(call, url);
      if (size === undefined || isPacked) {
        const reason = isPacked ? "it is stored with gzip" : "the store does not state its size";
        throw new ProtocolError(`${reason}; download it to open it`, { action: call.action });
      }
      return new RemoteFile({ call, urls, archivePath, url, size, etag });
    });
  }

  /** Reads exactly these bytes. @throws {FileError} If the file has changed since it was opened. */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const { call } = this.#parts;
    return await call.retry(async () => {
      const reply = await this.#get(offset, length);
      if (reply.status !== 206) throw await this.#refusal(reply);
      const { etag } = this.#parts;
      const range = contentRange(reply.headers);
      if (range?.size !== this.size || (etag !== undefined && strongEtag(reply.headers) !== etag)) {
        await reply.discard();
        throw this.#changed();
      }
      if (range.first !== offset || range.last !== offset + length - 1) {
        await reply.discard();
        throw new ProtocolError(`${reply.url.host} sent other bytes than requested`, { action: call.action });
      }
      return await this.#body(reply, length);
    });
  }

  /** Requests a range; once more with a new URL if this one has expired. */
  async #get(offset: number, length: number): Promise<Reply> {
    const { call, urls, archivePath } = this.#parts;
    const range = { range: `bytes=${offset}-${offset + length - 1}` };
    const reply = await call.getObject(this.#url, range);
    if (!EXPIRED.has(reply.status)) return reply;
    await reply.discard();
    this.#url = await urls.downloadUrl(archivePath, call);
    return await call.getObject(this.#url, range);
  }

  async #body(reply: Reply, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    for await (const chunk of reply.chunks()) {
      if (filled + chunk.length > length) break;
      bytes.set(chunk, filled);
      filled += chunk.length;
    }
    if (filled === length) return bytes;
    const { action } = this.#parts.call;
    throw new ConnectionError(`${reply.url.host} sent ${filled} of ${length} bytes`, { action, retryable: true });
  }

  async #refusal(reply: Reply): Promise<Error> {
    const { call } = this.#parts;
    if (reply.status === 200) {
      await reply.discard();
      return new ProtocolError(`${reply.url.host} does not send parts of files; download it to open it`, {
        action: call.action,
      });
    }
    // The file has become shorter.
    if (reply.status === 416) {
      await reply.discard();
      return this.#changed();
    }
    const refusal: ResponseError = await reply.refusal();
    return refusal;
  }

  #changed(): FileError {
    const { archivePath } = this.#parts;
    return new FileError("it has changed since it was opened; open it again", {
      action: `read "${archivePath}"`,
      path: archivePath,
    });
  }
}
