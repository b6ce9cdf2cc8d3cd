import { type ClientOptions, resolveSettings } from "../config.ts";
import type { HttpLog } from "../http/events.ts";
import { createTransport, type Transport } from "../http/transport.ts";
import type { FileRecord } from "../protocol/file_record.ts";
import type { QueryParameters } from "../protocol/query_parameters.ts";
import { checkQuery } from "../sdc/check_query.ts";
import { queryFiles } from "../sdc/query_files.ts";
import type { CallOptions, DownloadOptions, UploadOptions } from "./call_options.ts";
import { QueryResult } from "./query_result.ts";
import type { TransferReport } from "./transfer_report.ts";

/** Settings of an {@linkcode ImapClient}. */
export interface ImapClientOptions extends ClientOptions {
  /** Is told of each request and each retry. URLs come without their query where it holds a signature. */
  log?: HttpLog | undefined;
}

/** What can be downloaded: a name, a row, or many of them. */
export type Downloadable = string | FileRecord | Iterable<string | FileRecord>;

/**
 * Access to one archive with settings of its own. The functions of this module are those of a default client.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { ImapClient } from "@imap-sdc/data-access";
 *
 * const client = new ImapClient({ timeoutMs: 10_000, retries: 2 });
 * const files = await client.query({ instrument: "glows", descriptor: "hist" });
 * assert(files.every((file) => file.instrument === "glows"));
 * ```
 */
export class ImapClient {
  readonly #options: Readonly<ImapClientOptions>;

  /** Makes a client; what its settings leave out comes from the environment when a call is made. */
  constructor(options: ImapClientOptions = {}) {
    this.#options = { ...options };
  }

  /** Finds the files that meet all conditions, as the function `query` does. */
  async query(parameters: QueryParameters, options: CallOptions = {}): Promise<QueryResult> {
    const wire = checkQuery(parameters);
    const rows = await queryFiles(this.#transport(), wire, options.signal);
    return QueryResult.fromRows(rows, (rows, options) => this.download(rows, options));
  }

  /** Downloads one file unless it is there already, as the function `download` does. */
  download(file: string | FileRecord, options?: DownloadOptions): Promise<string>;
  /** Downloads many files, several at once, as the function `download` does. */
  download(files: Iterable<string | FileRecord>, options?: DownloadOptions): Promise<TransferReport>;
  /** Either, for callers that do not know which. */
  download(files: Downloadable, options?: DownloadOptions): Promise<string | TransferReport>;
  async download(files: Downloadable, options: DownloadOptions = {}): Promise<string | TransferReport> {
    const { downloadAll, downloadOne } = await import("./downloads.ts");
    const settings = resolveSettings(this.#options);
    const context = { settings, transport: createTransport(settings, this.#options.log) };
    if (typeof files === "string" || !isIterable(files)) return await downloadOne(context, files, options);
    return await downloadAll(context, files, options);
  }

  /** Uploads one file, as the function `upload` does. */
  upload(path: string, options?: UploadOptions): Promise<string>;
  /** Uploads many files, several at once, as the function `upload` does. */
  upload(paths: Iterable<string>, options?: UploadOptions): Promise<TransferReport>;
  /** Either, for callers that do not know which. */
  upload(paths: string | Iterable<string>, options?: UploadOptions): Promise<string | TransferReport>;
  async upload(paths: string | Iterable<string>, options: UploadOptions = {}): Promise<string | TransferReport> {
    const { uploadAll, uploadOne } = await import("./uploads.ts");
    const transport = this.#transport();
    return typeof paths === "string"
      ? await uploadOne(transport, paths, options)
      : await uploadAll(transport, [...paths], options);
  }

  #transport(): Transport {
    return createTransport(resolveSettings(this.#options), this.#options.log);
  }
}

function isIterable(value: FileRecord | Iterable<string | FileRecord>): value is Iterable<string | FileRecord> {
  return Symbol.iterator in value;
}
