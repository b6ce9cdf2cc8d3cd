import type { CellCalls } from "./cell_call.ts";
import {
  endedPanel,
  outcomesBundle,
  type Repeat,
  transferPanel,
  TransferReport,
  TransferTracker,
} from "../views/transfers.ts";
import { DEFAULT_CONCURRENCY, type DownloadOptions, type TransferOptions, type UploadOptions } from "./options.ts";
import type { Settings } from "../config.ts";
import { isNotebook, LiveOutput } from "../display/notebook.ts";
import { InputError, isUnfinished, joinInputErrors, shown, suggestion } from "../errors.ts";
import type { Transport } from "../http/transport.ts";
import { archivePath, isArchivePath, tryParseFileName } from "../names/file_name.ts";
import { isGlob } from "../names/fields.ts";
import { checkedShard, isInShard, type OnProgress, type Outcome, type TransferEvent } from "../transfer/batch.ts";
import type { FileRecord } from "../protocol/tables.ts";
import { downloadUrl, uploadUrl } from "../sdc/replies.ts";
import { downloadFiles, type ExpectedFiles } from "../transfer/download.ts";
import type { UrlSource } from "../transfer/objects.ts";
import { basename } from "@std/path";
// Deno decodes the source map of each module that is the first to import another one (0.15 ms): this one imports all that it
// loads.
import "../disk.ts";
import "../transfer/local_files.ts";
import "../transfer/objects.ts";
import "../transfer/partial_file.ts";
import "../transfer/receive.ts";
import "@std/fs";

/** The options passed to a running transfer. */
interface RunningTransfer {
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

/** Shows the progress of a transfer as one output of a cell, from its first event on. */
class Panel {
  readonly #tracker = new TransferTracker();
  readonly #output = new LiveOutput(() => transferPanel(this.#tracker.state()));
  #hasBegun = false;

  take(event: TransferEvent): void {
    this.#tracker.take(event);
    if (event.type !== "begin") return;
    this.#hasBegun = true;
    this.#output.begin();
  }

  async end(outcomes: readonly Outcome[]): Promise<void> {
    await this.#output.end(outcomesBundle(outcomes));
  }

  /** Ends without outcomes. If nothing has started, the error says what is wrong. */
  async endEarly(advice: string): Promise<void> {
    if (this.#hasBegun) await this.#output.end(endedPanel(this.#tracker.state(), advice));
  }
}

/** Whether a transfer with these options shows a panel. */
function showsPanel({ progress = true }: TransferOptions): boolean {
  return progress && isNotebook();
}

/**
 * Runs a transfer. In a notebook, a panel shows its progress and finally the outcome of each file. Everything has been
 * displayed when the promise settles.
 *
 * @param merge Adds the outcomes of other files, if the transfer repeats a part of another one.
 */
async function showTransfer(
  { cell }: { readonly cell?: CellCalls | undefined },
  action: "download" | "upload",
  options: TransferOptions,
  transfer: (running: RunningTransfer) => Promise<Outcome[]>,
  merge: (outcomes: readonly Outcome[]) => Outcome[] = (outcomes) => [...outcomes],
): Promise<Outcome[]> {
  const { onProgress = () => {}, progress = true } = options;
  if (cell === undefined) return merge(await transfer({ onProgress, signal: options.signal }));
  const hasPanel = showsPanel(options);
  await using call = cell.begin(action, options, { isShown: progress, hasPanel });
  const { signal } = call.options;
  const panel = hasPanel ? new Panel() : undefined;
  const take = (event: TransferEvent) => {
    panel?.take(event);
    onProgress(event);
  };
  let outcomes: Outcome[];
  try {
    outcomes = merge(await transfer({ onProgress: take, signal }));
  } catch (error) {
    await panel?.endEarly(signal?.aborted ? cell.advice() : "");
    throw error;
  }
  await panel?.end(outcomes);
  return outcomes;
}

/** Runs a transfer of one file, as {@linkcode showTransfer} does. @throws The reason why it failed. */
async function showOne(
  ...[context, action, options, transfer]: Parameters<typeof showTransfer>
): Promise<Outcome | undefined> {
  const [outcome] = await showTransfer(context, action, options, async (running) => {
    const outcomes = await transfer(running);
    for (const outcome of outcomes) if (outcome.state === "failed") throw outcome.error;
    return outcomes;
  });
  return outcome;
}

/** Returns the source of presigned URLs: the API. */
export function urlSource(transport: Transport): UrlSource {
  return {
    downloadUrl: (path, by) => downloadUrl(transport, path, by),
    uploadUrl: (name, signal) => uploadUrl(transport, name, signal),
  };
}

/** State that the downloads of a client share. */
export interface DownloadContext {
  readonly settings: Settings;
  readonly transport: Transport;
  /** The source of presigned URLs. Default: the API. */
  readonly urls?: UrlSource;
  /** The bytes that the files must have. Default: those that the archive has. */
  readonly expected?: ExpectedFiles;
  /** Runs the transfer in a notebook's cell; undefined elsewhere, and when a call of a cell runs it. */
  readonly cell?: CellCalls | undefined;
}

/** State that the uploads of a client share. */
type UploadContext = Pick<DownloadContext, "transport" | "cell">;

/** Returns the path of a row, or a given path unchanged; for a bare name, its path by the SDC's convention. */
export function pathOf(file: string | FileRecord, verb = "download"): string {
  if (typeof file !== "string") {
    if (typeof file?.file_path === "string") return file.file_path;
    // Untyped code may take a row that is not there: files[99].
    const isRow = file !== undefined && !isUnfinished(file);
    const what = isRow ? "a row without a file_path" : `"${shown(file)}"`;
    const expected = "a row of query, or a file name";
    throw new InputError(`Cannot ${verb} ${what}: expected ${expected}`, {
      problems: [{ value: shown(file), expected }],
    });
  }
  if (isGlob(file)) {
    const expected = "a whole name; filters take patterns";
    const example = basename(file);
    throw new InputError(
      (nameOf) =>
        `Cannot ${verb} "${shown(file)}": expected ${expected}, for example ${nameOf("filename")} "${shown(example)}"`,
      { problems: [{ value: file, expected }] },
    );
  }
  if (!/[/\\]/.test(file)) return archivePath(file);
  if (isArchivePath(file)) return file;
  const expected = "a file name, or its full path in the archive, imap/...";
  const name = file.replace(/^.*[/\\]/, "");
  const closest = tryParseFileName(name) === undefined ? undefined : name;
  throw new InputError(`Cannot ${verb} "${shown(file)}": expected ${expected}${suggestion(closest)}`, {
    problems: [{ value: file, expected, ...(closest === undefined ? {} : { closest }) }],
  });
}

/** The archive paths of all files. @throws {InputError} With all wrong names. */
function pathsOf(files: Iterable<string | FileRecord>): string[] {
  const wrong: InputError[] = [];
  const paths: string[] = [];
  for (const file of files) {
    try {
      paths.push(pathOf(file));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      wrong.push(error);
    }
  }
  if (wrong.length > 0) throw joinInputErrors(wrong, "Nothing was downloaded");
  return paths;
}

/** A download of files, ready to run. */
function downloading(context: DownloadContext, paths: readonly string[], options: DownloadOptions) {
  const { concurrency = DEFAULT_CONCURRENCY, ifPresent = "skip", dryRun = false } = options;
  const { settings, transport, urls = urlSource(transport), expected } = context;
  const how = { dataDir: settings.dataDir, concurrency, ifPresent, dryRun, expected };
  return (running: RunningTransfer) => downloadFiles(transport, urls, paths, { ...how, ...running });
}

/** Downloads one file. @returns Its local path. @throws The reason why it failed. */
export async function downloadOne(
  context: DownloadContext,
  file: string | FileRecord,
  options: DownloadOptions,
): Promise<string> {
  if (options.shard !== undefined) throw new InputError("Cannot take a shard of one file: give a list of files");
  const outcome = await showOne(context, "download", options, downloading(context, [pathOf(file)], options));
  return outcome?.path ?? "";
}

/** Downloads many files. */
export async function downloadAll(
  context: DownloadContext,
  files: Iterable<string | FileRecord>,
  options: DownloadOptions,
): Promise<TransferReport> {
  const { shard } = options;
  const wanted = shard === undefined ? undefined : checkedShard(shard);
  const paths = pathsOf(files).filter((path) => wanted === undefined || isInShard(path, wanted));
  const report = async (paths: readonly string[], merge?: Parameters<Repeat>[1]): Promise<TransferReport> => {
    const outcomes = await showTransfer(context, "download", options, downloading(context, paths, options), merge);
    return new TransferReport(outcomes, report, { isShown: showsPanel(options) });
  };
  return await report(paths);
}

/** Checks that paths are text: untyped code may pass anything. @throws {InputError} */
function checkPaths(paths: readonly string[]): void {
  const expected = "the path of a file on this machine, or a list of paths";
  const wrong = paths.filter((path) => typeof path !== "string").map((path) =>
    new InputError(`Cannot upload "${shown(path)}": expected ${expected}`, {
      problems: [{ value: shown(path), expected }],
    })
  );
  if (wrong.length > 0) throw joinInputErrors(wrong, "Nothing was sent");
}

/** An upload of files, ready to run. */
function uploading(transport: Transport, paths: readonly string[], options: UploadOptions) {
  checkPaths(paths);
  const { concurrency = DEFAULT_CONCURRENCY, skipExisting = false, dryRun = false } = options;
  const how = { concurrency, skipExisting, dryRun };
  return async (running: RunningTransfer) => {
    // Downloads do not load what only uploads need.
    const { uploadFiles } = await import("../transfer/upload.ts");
    return await uploadFiles(transport, urlSource(transport), paths, { ...how, ...running });
  };
}

/** Uploads one file. @returns Its path in the archive. @throws The reason why it failed. */
export async function uploadOne(context: UploadContext, path: string, options: UploadOptions): Promise<string> {
  await showOne(context, "upload", options, uploading(context.transport, [path], options));
  return archivePath(basename(path));
}

/** Uploads many files. */
export async function uploadAll(
  context: UploadContext,
  paths: readonly string[],
  options: UploadOptions,
): Promise<TransferReport> {
  const report = async (paths: readonly string[], merge?: Parameters<Repeat>[1]): Promise<TransferReport> => {
    const outcomes = await showTransfer(
      context,
      "upload",
      options,
      uploading(context.transport, paths, options),
      merge,
    );
    return new TransferReport(outcomes, report, { isShown: showsPanel(options) });
  };
  return await report(paths);
}
