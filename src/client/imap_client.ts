import { type ClientOptions, resolveSettings } from "../config.ts";
import type { HttpLog } from "../http/events.ts";
import { createTransport, type Transport } from "../http/transport.ts";
import { archivePath } from "../names/archive_path.ts";
import type { FileRecord } from "../protocol/file_record.ts";
import type { QueryParameters } from "../protocol/query_parameters.ts";
import { checkQuery } from "../sdc/check_query.ts";
import { downloadUrl, uploadUrl } from "../sdc/presigned_url.ts";
import { queryFiles } from "../sdc/query_files.ts";
import type { UrlSource } from "../transfer/url_source.ts";
import { QueryResult } from "./query_result.ts";

/** Settings of an {@linkcode ImapClient}. */
export interface ImapClientOptions extends ClientOptions {
  /** Is told of each request and each retry. URLs come without their query where it holds a signature. */
  log?: HttpLog | undefined;
}

/** What every call takes besides its subject. */
export interface CallOptions {
  /** Ends the call early: its promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

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
    return QueryResult.fromRows(await queryFiles(this.#transport(), wire, options.signal));
  }

  /** Downloads one file unless it is there already, as the function `download` does. */
  async download(file: string | FileRecord, options: CallOptions = {}): Promise<string> {
    const path = typeof file === "string" ? archivePath(file.slice(file.lastIndexOf("/") + 1)) : file.file_path;
    const settings = resolveSettings(this.#options);
    const transport = createTransport(settings, this.#options.log);
    const { dataDir } = settings;
    const { signal } = options;
    const { downloadFile } = await import("../transfer/download_file.ts");
    const downloaded = await downloadFile(transport, urlSource(transport), { archivePath: path, dataDir, signal });
    return downloaded.path;
  }

  /** Uploads one file, as the function `upload` does. */
  async upload(path: string, options: CallOptions = {}): Promise<string> {
    const transport = this.#transport();
    const { uploadFile } = await import("../transfer/upload_file.ts");
    return archivePath(await uploadFile(transport, urlSource(transport), { path, signal: options.signal }));
  }

  #transport(): Transport {
    return createTransport(resolveSettings(this.#options), this.#options.log);
  }
}

/** Presigned URLs from the API, for transfers that do not know it. */
function urlSource(transport: Transport): UrlSource {
  return {
    downloadUrl: (path, signal) => downloadUrl(transport, path, signal),
    uploadUrl: (name, signal) => uploadUrl(transport, name, signal),
  };
}
