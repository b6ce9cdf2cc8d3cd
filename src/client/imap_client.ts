import type { CatalogEntry, CountProducts } from "./catalog.ts";
import type { CallName, CellCalls } from "./cell_call.ts";
import type { Dataset, OpenOptions } from "./dataset.ts";
import type {
  IalirtFile,
  IalirtParameters,
  SpaceWeatherOptions,
  SpaceWeatherParameters,
  SpaceWeatherRecord,
} from "./ialirt.ts";
import type { Lineage, LineageOptions } from "./lineage.ts";
import type { LocalDirectory, LocalParameters } from "./local.ts";
import type { LockFile, LockOptions } from "./lock.ts";
import type { MetakernelOptions, MetakernelParameters, MetakernelReport } from "./metakernel.ts";
import {
  CALL_KINDS,
  type CallOptions,
  checkOptions,
  DOWNLOAD_KINDS,
  type DownloadOptions,
  isList,
  KINDS,
  type KindsOf,
  QUERY_KINDS,
  type QueryOptions,
  SETTING_KINDS,
  UPLOAD_KINDS,
  type UploadOptions,
} from "./options.ts";
import type {
  JobsOptions,
  ManifestOptions,
  ManifestParameters,
  ReleaseOptions,
  ReleaseParameters,
  ReleaseReport,
  ReprocessOptions,
  ReprocessReport,
} from "./orders.ts";
import type { QueryResult } from "./query_result.ts";
import type { RecordList } from "./record_list.ts";
import type { NewFile, SyncOptions, WatchOptions } from "./sync.ts";
import type { SyncReport } from "./sync_report.ts";
import type { TransferReport } from "../views/transfers.ts";
import type { PacketOutcome, WebpodaOptions, WebpodaParameters } from "./webpoda.ts";
import { checkGivenSettings, type ClientOptions, resolveSettings, type Settings, settingSources } from "../config.ts";
import type { MimeBundle } from "../display/notebook.ts";
import { createTransport, type HttpLog, type Transport } from "../http/transport.ts";
import { JUPYTER_DISPLAY, notebookKernel } from "../errors.ts";
import type { AncillaryRecord, FileRecord, QueryParameters, ScienceRecord, SpiceRecord } from "../protocol/tables.ts";
import type { JobParameters, JobRecord, ReprocessParameters } from "../sdc/orders.ts";

/**
 * Settings of an {@linkcode ImapClient}.
 *
 * @category Settings
 */
export interface ImapClientOptions extends ClientOptions {
  /** Called for each request, retry, and notice. URLs do not contain their query if that contains a signature. */
  log?: HttpLog | undefined;
  /**
   * Returns a number from 0 (inclusive) to 1 (exclusive), for the random part of the wait before a retry. Default:
   * `Math.random`.
   *
   * @ignore
   */
  random?: (() => number) | undefined;
}

const CLIENT_KINDS: KindsOf<ImapClientOptions> = { ...SETTING_KINDS, log: KINDS.function, random: KINDS.function };

/** Checks settings, since no compiler does so in a notebook. @throws {InputError} */
function checkSettings(settings: ImapClientOptions): void {
  checkOptions("configure a client", CLIENT_KINDS, settings);
}

/** Checks settings and their values: a wrong one fails where it is set, and not in every later call. @throws {InputError} */
export function checkChanges(settings: ImapClientOptions): void {
  checkSettings(settings);
  checkGivenSettings(settings);
}

/** The settings whose values are never shown. */
const SECRETS: ReadonlySet<string> = new Set(["apiKey", "accessToken", "webpodaToken"]);

/**
 * The settings that the next call of a client uses, and where each comes from. They display themselves as a table, in
 * notebooks and in the REPL. Secrets are shown as `set`.
 *
 * @example
 * ```ts
 * import { settings } from "@imap-sdc/data-access";
 *
 * const { url, dataDir, sources } = settings();
 * console.log(`${url} (${sources.url}), files in ${dataDir}`);
 * await settings().show();
 * ```
 *
 * @category Settings
 */
export class ClientSettings {
  /** The URL of the API. */
  readonly url: string;
  /** The absolute path of the directory for the files. */
  readonly dataDir: string;
  /** Whether there is an API key. */
  readonly apiKey: "set" | undefined;
  /** Whether there is an access token. */
  readonly accessToken: "set" | undefined;
  /** Whether there is a token for webpoda. */
  readonly webpodaToken: "set" | undefined;
  /** The URL of webpoda. */
  readonly webpodaUrl: string;
  /** The URL of I-ALiRT. */
  readonly ialirtUrl: string;
  /** How long to wait for a response, in milliseconds. */
  readonly timeoutMs: number;
  /** How often a call is retried after a temporary failure. */
  readonly retries: number;
  /** Where each setting comes from: `code`, `environment: VARIABLE`, or `default`. */
  readonly sources: Readonly<Record<keyof ClientOptions, string>>;

  /** Reads the settings. @throws {InputError} When one of them is wrong. */
  constructor(options: ClientOptions = {}) {
    const settings = resolveSettings(options);
    const { dataDir } = settings;
    this.url = settings.url;
    this.dataDir = /^([/\\]|[a-z]:)/i.test(dataDir) ? dataDir : `${Deno.cwd()}/${dataDir}`;
    this.apiKey = settings.apiKey === undefined ? undefined : "set";
    this.accessToken = settings.accessToken === undefined ? undefined : "set";
    this.webpodaToken = settings.webpodaToken === undefined ? undefined : "set";
    this.webpodaUrl = settings.webpodaUrl;
    this.ialirtUrl = settings.ialirtUrl;
    this.timeoutMs = settings.timeoutMs;
    this.retries = settings.retries;
    this.sources = settingSources(options);
  }

  /** The settings as text, one a line. */
  toText(): string {
    return this.#rows().map(([name, value, source]) => `${name.padEnd(12)}  ${value}  (${source})\n`).join("");
  }

  /** Shows the table: in a notebook as an output of the running cell, otherwise as text on standard output. */
  async show(): Promise<void> {
    const { showBundle } = await import("../display/notebook.ts");
    await showBundle(await this[JUPYTER_DISPLAY]());
  }

  /** Returns what a notebook shows for the settings. */
  async [JUPYTER_DISPLAY](): Promise<MimeBundle> {
    const { htmlTable } = await import("../display/table.ts");
    const column = (header: string, at: 0 | 1 | 2) => ({
      header,
      align: "left" as const,
      text: (row: SettingRow) => row[at],
    });
    const columns = [column("Setting", 0), column("Value", 1), column("From", 2)];
    return { "text/plain": this.toText(), "text/html": htmlTable({ title: "Settings", columns, rows: this.#rows() }) };
  }

  /** Returns what `console.log` and the REPL show for the settings. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toText().trimEnd();
  }

  #rows(): SettingRow[] {
    return Object.entries(this.sources).map(([name, source]) => {
      const value: unknown = Reflect.get(this, name);
      return [name, SECRETS.has(name) ? String(value ?? "not set") : String(value), source];
    });
  }
}

/** A setting, its value, and where it comes from. */
type SettingRow = readonly [name: string, value: string, source: string];

/**
 * What can be downloaded: a file name, a path in the archive, a row of a query, or several of them.
 *
 * @category Download and upload
 */
export type Downloadable = string | FileRecord | Iterable<string | FileRecord>;

/**
 * A client of one archive, with its own settings. The functions of this module are methods of a default client.
 *
 * @example
 * ```ts
 * import { ImapClient } from "@imap-sdc/data-access";
 *
 * const client = new ImapClient({ timeoutMs: 10_000, retries: 2 });
 * const files = await client.query({ instrument: "glows", descriptor: "hist" });
 * await files.show();
 * ```
 *
 * @category Settings
 */
export class ImapClient {
  readonly #options: Readonly<ImapClientOptions>;
  #hasLookedForPythonData = false;

  /**
   * Creates a client. Omitted settings are read from the environment when a call is made.
   *
   * @throws {InputError} When there is no such setting, or its value has the wrong type.
   */
  constructor(options: ImapClientOptions = {}) {
    checkSettings(options);
    this.#options = { ...options };
  }

  /** Finds SPICE files that meet all conditions, as the function `query` does. */
  query(parameters: QueryParameters & { table: "spice" }, options?: QueryOptions): Promise<QueryResult<SpiceRecord>>;
  /** Finds ancillary files that meet all conditions, as the function `query` does. */
  query(
    parameters: QueryParameters & { table: "ancillary" },
    options?: QueryOptions,
  ): Promise<QueryResult<AncillaryRecord>>;
  /** Finds science or quicklook files that meet all conditions, as the function `query` does. */
  query(
    parameters: QueryParameters & { table?: "science" | "quicklook" | undefined; filename?: undefined },
    options?: QueryOptions,
  ): Promise<QueryResult<ScienceRecord>>;
  /** Finds the files that meet all conditions, as the function `query` does. */
  query(parameters: QueryParameters, options?: QueryOptions): Promise<QueryResult>;
  async query(parameters: QueryParameters, options: QueryOptions = {}): Promise<QueryResult> {
    checkOptions("query", QUERY_KINDS, options);
    // Loaded lazily, so that transfers start sooner.
    const { readyQuery } = await import("./query.ts");
    await using call = await this.#begin("query", options);
    const query = readyQuery(parameters, call.options);
    const { settings, transport } = call.context();
    // The code for the result is loaded during the request.
    const [rows, { QueryResult }] = await Promise.all([query.all(transport), import("./query_result.ts")]);
    return QueryResult.fromRows(rows, {
      download: (rows, options) => this.download(rows, options),
      open: (rows, options) => this.openAll(rows, options),
      filesHere: async (paths) => (await import("../transfer/local_files.ts")).filesHere(settings.dataDir, paths),
      table: query.table,
      asked: parameters,
      url: settings.url,
      localFile: async ({ file_path }) => {
        const { localPath, sizeOf } = await import("../transfer/local_files.ts");
        const path = localPath(settings.dataDir, file_path);
        // A display must not ask for permission.
        const { state } = await Deno.permissions.query({ name: "read", path });
        return { path, size: state === "granted" ? sizeOf(path) : undefined };
      },
      products: (parameters) => this.#countProducts(parameters),
    });
  }

  /** Counts products for a display. */
  async #countProducts(parameters: QueryParameters): ReturnType<CountProducts> {
    const { countProducts, MAX_HINT_MS } = await import("./catalog.ts");
    await using call = await this.#begin("catalog", { signal: AbortSignal.timeout(MAX_HINT_MS) });
    return await countProducts(call.context().transport, parameters, call.options);
  }

  /** Finds files and yields their rows as they are received, as the function `queryRows` does. */
  async *queryRows(parameters: QueryParameters, options: QueryOptions = {}): AsyncGenerator<FileRecord> {
    checkOptions("query", QUERY_KINDS, options);
    const { readyQuery } = await import("./query.ts");
    await using call = await this.#begin("query", options);
    for await (const rows of readyQuery(parameters, call.options).chunks(call.context().transport)) yield* rows;
  }

  /** Lists products with the number of their files, as the function `catalog` does. */
  async catalog(parameters: QueryParameters = {}, options: QueryOptions = {}): Promise<RecordList<CatalogEntry>> {
    checkOptions("list the catalog", QUERY_KINDS, options);
    const [{ readyQuery }, { CatalogCount, catalogQuery }] = await Promise.all([
      import("./query.ts"),
      import("./catalog.ts"),
    ]);
    const count = new CatalogCount();
    await using call = await this.#begin("catalog", options);
    const query = readyQuery(catalogQuery(parameters), call.options);
    const { settings, transport } = call.context();
    for await (const rows of query.chunks(transport)) count.add(rows);
    return count.entries({ url: settings.url, table: query.table });
  }

  /** Downloads one file unless it is already there, as the function `download` does. */
  download(file: string | FileRecord, options?: DownloadOptions): Promise<string>;
  /** Downloads many files, several at a time, as the function `download` does. */
  download(files: Iterable<string | FileRecord> & object, options?: DownloadOptions): Promise<TransferReport>;
  /** Downloads one file or several, for callers that do not know which. */
  download(files: Downloadable, options?: DownloadOptions): Promise<string | TransferReport>;
  async download(files: Downloadable, options: DownloadOptions = {}): Promise<string | TransferReport> {
    checkOptions("download", DOWNLOAD_KINDS, options);
    const { downloadAll, downloadOne } = await import("./transfers.ts");
    const context = this.#context(await newCell());
    await this.#tellOfPythonData(context);
    if (isList(files)) return await downloadAll(context, files, options);
    return await downloadOne(context, files, options);
  }

  /** Brings the data directory up to date with a query, as the function `sync` does. */
  async sync(parameters: QueryParameters, options: SyncOptions = {}): Promise<SyncReport> {
    const { syncReport } = await import("./sync.ts");
    await using call = await this.#begin("sync", options);
    const context = call.context();
    await this.#tellOfPythonData(context);
    return await syncReport(context, parameters, call.options);
  }

  /** Keeps the data directory up to date with a query, and yields each new file, as the function `watch` does. */
  async *watch(parameters: QueryParameters, options: WatchOptions = {}): AsyncGenerator<NewFile> {
    const { watchFiles } = await import("./sync.ts");
    await using call = await this.#begin("watch", options);
    const context = call.context();
    await this.#tellOfPythonData(context);
    yield* watchFiles(context, parameters, call.options);
  }

  /** Writes a lock file: the exact files of a data set, as the function `lock` does. */
  async lock(
    file: string,
    what?: QueryParameters | string | Iterable<string | FileRecord>,
    options: LockOptions = {},
  ): Promise<LockFile> {
    const { makeLock } = await import("./lock.ts");
    return await makeLock((name, options) => this.#begin(name, options), file, what, options);
  }

  /** Reads a lock file, as the function `readLock` does. */
  async readLock(file: string): Promise<LockFile> {
    const { readLock } = await import("./lock.ts");
    return await readLock((name, options) => this.#begin(name, options), resolveSettings(this.#options).dataDir, file);
  }

  /** Downloads the SPICE kernels of some days and writes a metakernel, as the function `metakernel` does. */
  async metakernel(parameters: MetakernelParameters, options: MetakernelOptions = {}): Promise<MetakernelReport> {
    const { makeMetakernel } = await import("./metakernel.ts");
    await using call = await this.#begin("metakernel", options);
    const context = call.context();
    await this.#tellOfPythonData(context);
    return await makeMetakernel(context, parameters, call.options);
  }

  /** Returns the settings that the next call uses, and where each comes from, as the function `settings` does. */
  settings(): ClientSettings {
    return new ClientSettings(this.#options);
  }

  /** Returns what `console.log` and the REPL show for the client: its settings. */
  [Symbol.for("Deno.customInspect")](): string {
    try {
      return `ImapClient\n${this.settings().toText()}`.trimEnd();
    } catch (error) {
      return `ImapClient: ${error instanceof Error ? error.message : error}`;
    }
  }

  /** Returns what a notebook shows for the client: its settings. */
  async [JUPYTER_DISPLAY](): Promise<MimeBundle> {
    return await this.settings()[JUPYTER_DISPLAY]();
  }

  /** Returns the path of a file in the data directory, as the function `localPath` does. */
  async localPath(file: string | FileRecord): Promise<string> {
    const [{ pathOf }, { localPath }] = await Promise.all([
      import("./transfers.ts"),
      import("../transfer/local_files.ts"),
    ]);
    return localPath(resolveSettings(this.#options).dataDir, pathOf(file, "find"));
  }

  /** Lists what is in the data directory, without asking the archive, as the function `local` does. */
  async local(parameters: LocalParameters = {}, options: CallOptions = {}): Promise<LocalDirectory> {
    checkOptions("list local files", CALL_KINDS, options);
    const { listLocal } = await import("./local.ts");
    await using call = await this.#begin("list of local files", options);
    return await listLocal(call.context().settings.dataDir, parameters, {
      signal: call.options.signal,
      download: (rows, options) => this.download(rows, options),
    });
  }

  /** Finds out which files a file was made from, and what those were made from, as the function `lineage` does. */
  async lineage(file: string | URL | FileRecord, options: LineageOptions = {}): Promise<Lineage> {
    const { findLineage } = await import("./lineage.ts");
    await using call = await this.#begin("lineage", options);
    const get = (files: readonly string[], options: DownloadOptions) => this.download(files, options);
    return await findLineage(call.context(), file, { ...call.options, get });
  }

  /** Opens a file to look into it, as the function `open` does. */
  async open(file: string | URL | FileRecord, options: OpenOptions = {}): Promise<Dataset> {
    const { fileHere, openHere, openRemote, OPEN_KINDS } = await import("./dataset.ts");
    checkOptions("open", OPEN_KINDS, options);
    const { remote = false, signal } = options;
    if (!remote) {
      const here = fileHere(resolveSettings(this.#options).dataDir, file);
      return await openHere(here.path ?? await this.download(here.archivePath, { signal }));
    }
    await using call = await this.#begin("open", options);
    return await openRemote(call.context(), file, call.options.signal);
  }

  /** Opens the files of one product as one data set, as the function `openAll` does. */
  async openAll(files: Iterable<string | URL | FileRecord>, options: OpenOptions = {}): Promise<Dataset> {
    const [{ OPEN_KINDS }, { openAllFiles }] = await Promise.all([import("./dataset.ts"), import("./dataset.ts")]);
    checkOptions("open", OPEN_KINDS, options);
    const { dataDir } = resolveSettings(this.#options);
    const { signal } = options;
    return await openAllFiles(files, options, {
      dataDir,
      download: (paths) => this.download(paths, { signal }),
      openRemote: (file) => this.open(file, { remote: true, signal }),
    });
  }

  /** Uploads one file, as the function `upload` does. */
  upload(path: string, options?: UploadOptions): Promise<string>;
  /** Uploads many files, several at a time, as the function `upload` does. */
  upload(paths: Iterable<string> & object, options?: UploadOptions): Promise<TransferReport>;
  /** Uploads one file or several, for callers that do not know which. */
  upload(paths: string | Iterable<string>, options?: UploadOptions): Promise<string | TransferReport>;
  async upload(paths: string | Iterable<string>, options: UploadOptions = {}): Promise<string | TransferReport> {
    checkOptions("upload", UPLOAD_KINDS, options);
    const { uploadAll, uploadOne } = await import("./transfers.ts");
    const context = this.#context(await newCell());
    if (isList(paths)) return await uploadAll(context, [...paths], options);
    return await uploadOne(context, paths, options);
  }

  /** Asks the SDC to reprocess products, as the function `reprocess` does. */
  async reprocess(parameters: ReprocessParameters, options: ReprocessOptions = {}): Promise<ReprocessReport> {
    const { triggerReprocessing } = await import("./orders.ts");
    await using call = await this.#begin("request to reprocess", options);
    return await triggerReprocessing(() => call.context().transport, parameters, call.options);
  }

  /** Uploads a manifest and requests the release of the data that it lists, as the function `release` does. */
  async release(parameters: ReleaseParameters, options: ReleaseOptions = {}): Promise<ReleaseReport> {
    const { releaseData } = await import("./orders.ts");
    await using call = await this.#begin("release", options);
    return await releaseData(call.context(), parameters, call.options);
  }

  /** Gets the public real-time data of IMAP, as the function `spaceWeather` does. */
  async spaceWeather(
    parameters: SpaceWeatherParameters = {},
    options: SpaceWeatherOptions = {},
  ): Promise<RecordList<SpaceWeatherRecord>> {
    const { getSpaceWeather } = await import("./ialirt.ts");
    await using call = await this.#begin("space weather", options);
    return await getSpaceWeather(call.context(), parameters, call.options);
  }

  /** Lists files of I-ALiRT, as the function `ialirt` does. */
  async ialirt(parameters: IalirtParameters, options: SpaceWeatherOptions = {}): Promise<RecordList<IalirtFile>> {
    const { listIalirt } = await import("./ialirt.ts");
    await using call = await this.#begin("list of I-ALiRT's files", options);
    return await listIalirt(call.context(), parameters, call.options);
  }

  /** Downloads data files of I-ALiRT, as the function `ialirtDownload` does. */
  async ialirtDownload(files: Iterable<string | IalirtFile>, options: DownloadOptions = {}): Promise<TransferReport> {
    const { downloadIalirt } = await import("./ialirt.ts");
    const context = this.#context(await newCell());
    await this.#tellOfPythonData(context);
    return await downloadIalirt(context, files, options);
  }

  /** Writes a release manifest, as the function `releaseManifest` does. */
  async releaseManifest(parameters: ManifestParameters, options: ManifestOptions = {}): Promise<string> {
    const { writeManifest } = await import("./orders.ts");
    return await writeManifest(parameters, options);
  }

  /** Lists jobs of the SDC's processing, as the function `jobs` does. */
  async jobs(parameters: JobParameters = {}, options: JobsOptions = {}): Promise<RecordList<JobRecord>> {
    const { listJobs } = await import("./orders.ts");
    await using call = await this.#begin("list of jobs", options);
    return await listJobs(() => call.context().transport, parameters, call.options);
  }

  /** Gets the log of a job, as the function `jobLog` does. */
  async jobLog(job: JobRecord | string, options: CallOptions = {}): Promise<string> {
    const { readJobLog } = await import("./orders.ts");
    await using call = await this.#begin("log of a job", options);
    return await readJobLog(call.context().transport, job, call.options);
  }

  /** Downloads raw packets to level 0 files, as the function `webpoda` does. */
  async webpoda(parameters: WebpodaParameters, options: WebpodaOptions = {}): Promise<PacketOutcome[]> {
    const { fetchPackets } = await import("./webpoda.ts");
    await using call = await this.#begin("packets", options);
    const context = call.context();
    await this.#tellOfPythonData(context);
    return await fetchPackets(context, parameters, call.options);
  }

  /** Begins a call: in a notebook, the Stop button cancels it, and its cell says what it waits for. */
  async #begin<Options extends CallOptions>(name: CallName, options: Options): Promise<StartedCall<Options>> {
    const cell = await newCell();
    const running = cell?.begin(name, options);
    return {
      options: running?.options ?? options,
      context: () => this.#context(cell),
      [Symbol.asyncDispose]: async () => await running?.[Symbol.asyncDispose](),
    };
  }

  /** Returns the context of a call: the current settings, and the transport. */
  #context(cell: CellCalls | undefined): ClientContext {
    const settings = resolveSettings(this.#options);
    const { log, random } = this.#options;
    const both: HttpLog = (event) => {
      cell?.log(event);
      log?.(event);
    };
    return { settings, transport: createTransport(settings, { log: cell === undefined ? log : both, random }), cell };
  }

  /**
   * Prints a notice once if the Python client's default data directory `data` has files, before files are downloaded
   * twice.
   */
  async #tellOfPythonData({ settings: { dataDir, isDefaultDataDir }, transport }: ClientContext): Promise<void> {
    if (!isDefaultDataDir || this.#hasLookedForPythonData) return;
    this.#hasLookedForPythonData = true;
    const { tellOfPythonData } = await import("../transfer/local_files.ts");
    await tellOfPythonData(dataDir, transport.log);
  }
}

/** The settings, the transport, and the cell of a notebook that the call runs in, if any. */
interface ClientContext {
  readonly settings: Settings;
  readonly transport: Transport;
  readonly cell: CellCalls | undefined;
}

/** A call that was started, until it is disposed of. */
interface StartedCall<Options> extends AsyncDisposable {
  readonly options: Options;
  /** Returns its context. @throws {InputError} When a setting is wrong. */
  readonly context: () => ClientContext;
}

/** Returns what runs a call in a notebook's cell; undefined elsewhere. */
async function newCell(): Promise<CellCalls | undefined> {
  return notebookKernel() === undefined ? undefined : new (await import("./cell_call.ts")).CellCalls();
}
