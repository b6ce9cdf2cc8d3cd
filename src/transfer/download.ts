import { fileError } from "../disk.ts";
import { ConnectionError } from "../errors.ts";
import { type Decision, retry, type Transport } from "../http/transport.ts";
import { checkedConcurrency, type DownloadPlan, forEachOf, type OnProgress, type Outcome } from "./batch.ts";
import { DataFolders, localPath } from "./local_files.ts";
import { compareObject, isRefusedUrl, lookUpObject, md5OfFile, type UrlSource, worthANewUrl } from "./objects.ts";
import { openPart, type PartFile, partPathOf, sizeOf } from "./part_file.ts";
import { ConnectionSlots, type ObjectFacts, receiveObject, type Receiving } from "./receive.ts";
import { abortable } from "@std/async";
import { basename, dirname } from "@std/path";

/**
 * Checks the bytes of a part against what is known of the object, and brings them to the disk. A part that is wrong is
 * emptied, so that the next try starts anew.
 *
 * @returns How many bytes the object has.
 * @throws {ConnectionError} When the length or the MD5 differs.
 */
async function checkPart(transport: Transport, receiving: Receiving, facts: ObjectFacts): Promise<number> {
  const { action, part, url, signal } = receiving;
  const have = part.size;
  const isUnknown = facts.size === undefined && facts.md5 === undefined;
  const { size, md5 } = isUnknown ? await lookUpObject(transport, { action, url, signal }) : facts;
  if (size === undefined && md5 === undefined) {
    throw new ConnectionError(`Cannot ${action}: ${url.host} tells neither length nor MD5: it may not be whole`);
  }
  if (size !== undefined && have !== size) {
    if (have > size) await part.empty();
    throw new ConnectionError(`Cannot ${action}: ${url.host} sent ${have} of ${size} bytes`);
  }
  // The disk and the checksum need not wait for one another.
  const settled = Promise.all([part.file.sync(), md5 === undefined ? undefined : md5OfFile(part.path, signal)]);
  const [, found] = await (signal === undefined ? settled : abortable(settled, signal));
  if (found !== md5) {
    await part.empty();
    throw new ConnectionError(`Cannot ${action}: the bytes that came are not those of the archive (their MD5 differs)`);
  }
  return have;
}

/** What of a file is on the disk. */
interface DiskState {
  /** The size of the file at its final path; undefined when there is none. */
  readonly size: number | undefined;
  /** The size of the part that an earlier try left; undefined when there is none. */
  readonly partSize: number | undefined;
}

/** How to treat a file that is there: take it for good, check it against the server, or fetch it anew. */
export type IfPresent = "skip" | "verify" | "fetch";

/**
 * Decides what to do for a file. Pure.
 *
 * A file that is there is whole, since nothing else gets a final name here; an empty one is what other clients leave.
 */
export function planDownload({ size, partSize }: DiskState, ifPresent: IfPresent): DownloadPlan {
  const isThere = size !== undefined && size > 0;
  if (isThere && ifPresent !== "fetch") return ifPresent;
  return partSize !== undefined && partSize > 0 ? "resume" : "fetch";
}

/** How many more bytes count: with a few a minute, a download would never come to its end. */
const LEAST_PROGRESS = 500;

/** How a download goes, from one try to the next. */
export class Progress {
  /** How many bytes had stayed when it last came further. */
  #most: number;
  #hasProgressed = false;
  #isRefused = false;
  #resumedFrom: number | undefined;

  /** @param kept How many bytes earlier runs have left. */
  constructor(kept: number) {
    this.#most = kept;
  }

  /** How many bytes did not have to come in this call: 0 as soon as one try had to start anew. */
  get resumedFrom(): number {
    return this.#resumedFrom ?? 0;
  }

  /**
   * Whether the last try brought the download further than any before it. Bytes that had to be thrown away do not count:
   * a server that always sends the wrong ones would be asked for ever.
   */
  get hasProgressed(): boolean {
    return this.#hasProgressed;
  }

  /** A try begins. */
  begin(): void {
    this.#hasProgressed = false;
  }

  /** The store sends what is behind so many bytes. */
  resume(bytes: number): void {
    this.#resumedFrom = Math.min(bytes, this.#resumedFrom ?? bytes);
  }

  /** A try has failed; so many bytes stay. */
  end(kept: number): void {
    this.#hasProgressed = kept >= this.#most + LEAST_PROGRESS;
    if (!this.#hasProgressed) return;
    this.#most = kept;
    this.#isRefused = false;
  }

  /**
   * Judges the store's refusal of a signed URL: it may have expired, so one more is asked for. When that is refused too,
   * it is not the time that is wrong.
   *
   * @returns The error, with its new judgement.
   */
  judge(error: unknown): unknown {
    if (!isRefusedUrl(error) || this.#isRefused) return error;
    this.#isRefused = true;
    return worthANewUrl(error);
  }
}

/** How to download. */
export interface DownloadSettings {
  /** The folder below which the files go. */
  readonly dataDir: string;
  /** What to do with files that are there. */
  readonly ifPresent: IfPresent;
  /** Only say what would be done. */
  readonly dryRun: boolean;
  readonly slots: ConnectionSlots;
  /** The folders that files go to; whoever made this brings them to the disk. */
  readonly folders: DataFolders;
  readonly present: PresentFiles;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

/** What every step of one download needs. */
interface Work extends DownloadSettings {
  readonly transport: Transport;
  readonly urls: UrlSource;
  readonly archivePath: string;
  readonly action: string;
  readonly path: string;
}

/**
 * Downloads one file, unless it is there already. Whatever stands at its final path is whole: the bytes go to a part beside
 * it, are checked, reach the disk, and only then take the name. What came stays for the next try, and for the next run.
 *
 * @param archivePath The file's full path in the archive.
 */
export async function downloadFile(
  transport: Transport,
  urls: UrlSource,
  archivePath: string,
  settings: DownloadSettings,
): Promise<Outcome> {
  const path = localPath(settings.dataDir, archivePath);
  const action = `download "${basename(path)}"`;
  const work = { ...settings, transport, urls, archivePath, action, path };
  try {
    return await settle(work);
  } catch (error) {
    settings.signal?.throwIfAborted();
    throw fileError(action, path, error);
  }
}

async function settle(work: Work): Promise<Outcome> {
  const { archivePath, path, transport, urls } = work;
  const partSize = work.dryRun ? sizeOf(partPathOf(path)) : undefined;
  const plan = planDownload({ size: work.present.sizeOf(path), partSize }, work.ifPresent);
  if (work.dryRun) return { state: "planned", plan, file: archivePath, path, bytes: 0 };
  const skipped = { state: "skipped", file: archivePath, path, bytes: 0 } as const;
  const decide = (decision: Decision, reason: string) =>
    transport.log({ type: "decision", action: work.action, decision, reason });
  if (plan === "skip") {
    decide("skip", `"${path}" is there`);
    return skipped;
  }
  if (plan === "verify" && (await compareObject(transport, urls, work)).isSame) {
    decide("skip", `"${path}" is what the archive has`);
    return skipped;
  }
  if (plan === "verify") decide("restart", `"${path}" is not what the archive has`);
  const onWait = () => decide("wait", "another process fetches it");
  work.folders.prepare(dirname(path));
  using part = await openPart(path, { signal: work.signal, onWait }).catch((error) => {
    work.signal?.throwIfAborted();
    throw fileError(work.action, partPathOf(path), error);
  });
  // Another process may have brought it while this one waited for the lock.
  const mayBeThere = !part.isNew && plan !== "verify" && work.ifPresent !== "fetch";
  if (mayBeThere && (sizeOf(path) ?? 0) > 0) {
    await part.remove();
    decide("skip", `another process has brought "${path}"`);
    return skipped;
  }
  try {
    return await fetchInto(work, part);
  } catch (error) {
    if (await part.kept() === 0) await part.remove();
    throw error;
  }
}

async function fetchInto(work: Work, part: PartFile): Promise<Outcome> {
  const { archivePath, path, action, transport, urls, signal } = work;
  const { retries, log } = transport;
  const progress = new Progress(await part.kept());
  let { slots } = work;
  const onBytes = (bytes: number, size: number | undefined) =>
    work.onProgress({ type: "bytes", file: archivePath, bytes, size });
  const onResume = (bytes: number, size: number | undefined) => {
    progress.resume(bytes);
    if (bytes > 0) {
      const reason = `${bytes} of ${size ?? "an unknown number of"} bytes are there`;
      transport.log({ type: "decision", action, decision: "resume", reason });
    }
    onBytes(bytes, size);
  };
  const onUnsplittable = () => slots = new ConnectionSlots(0);
  const size = await retry(async () => {
    progress.begin();
    const url = await urls.downloadUrl(archivePath, signal);
    const receiving = { action, archivePath, url, part, slots, onBytes, onResume, onUnsplittable, signal };
    try {
      return await checkPart(transport, receiving, await receiveObject(transport, receiving));
    } catch (error) {
      progress.end(await part.kept());
      throw progress.judge(error);
    }
  }, { action, retries, log, signal, hasProgressed: () => progress.hasProgressed });
  onBytes(size, size);
  await part.rename(path);
  work.folders.noteFile(dirname(path));
  const from = progress.resumedFrom;
  return { state: from > 0 ? "resumed" : "fetched", file: archivePath, path, bytes: size - from };
}

/** Of a folder of which so many files are asked for, all names are read. */
const OFTEN = 16;
/** How long names that were read count: others may bring files meanwhile. */
const FRESH_MS = 1_000;

/** What is known of one folder. */
interface Folder {
  asked: number;
  names: ReadonlySet<string>;
  readAt: number;
}

/**
 * Which files are there. To look for one that is not costs an error, which takes longer than all names of its folder do
 * when many are looked for.
 */
export class PresentFiles {
  readonly #folders = new Map<string, Folder>();

  /** The size of a file; undefined when there is none. @throws {ImapError} When something else is in its place. */
  sizeOf(path: string): number | undefined {
    const place = dirname(path);
    const folder = this.#folders.get(place) ?? { asked: 0, names: new Set(), readAt: -Infinity };
    this.#folders.set(place, folder);
    folder.asked += 1;
    if (folder.asked <= OFTEN) return sizeOf(path);
    if (performance.now() - folder.readAt > FRESH_MS) {
      folder.names = namesIn(place);
      folder.readAt = performance.now();
    }
    return folder.names.has(basename(path)) ? sizeOf(path) : undefined;
  }
}

function namesIn(folder: string): ReadonlySet<string> {
  try {
    return new Set(Array.from(Deno.readDirSync(folder), ({ name }) => name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Set();
    throw error;
  }
}

/** How to download many files. */
interface DownloadManySettings extends Omit<DownloadSettings, "slots" | "folders" | "present"> {
  /** How many connections there may be at once. */
  readonly concurrency: number;
}

/**
 * Downloads files, several at once. One that fails is an outcome, not the end of the others.
 *
 * @param archivePaths The files' full paths in the archive; one that stands there twice is fetched once.
 * @returns An outcome for each file, in order.
 */
export async function downloadFiles(
  transport: Transport,
  urls: UrlSource,
  archivePaths: readonly string[],
  settings: DownloadManySettings,
): Promise<Outcome[]> {
  const { concurrency, signal, onProgress } = settings;
  const paths = [...new Set(archivePaths)];
  const atOnce = Math.min(checkedConcurrency(concurrency), paths.length);
  const slots = new ConnectionSlots(concurrency - atOnce);
  let waiting = paths.length - atOnce;
  const pathOf = (archivePath: string) => {
    try {
      return localPath(settings.dataDir, archivePath);
    } catch {
      return "";
    }
  };
  const folders = new DataFolders(settings.dataDir);
  const present = new PresentFiles();
  const outcomes = await forEachOf(
    paths,
    { concurrency, signal, onProgress, pathOf },
    async (archivePath, running) => {
      try {
        return await downloadFile(transport, urls, archivePath, { ...settings, ...running, slots, folders, present });
      } finally {
        // The file's own connection goes to the next file, as long as there is one.
        if (waiting > 0) waiting -= 1;
        else slots.give();
      }
    },
  );
  await folders.sync();
  return outcomes;
}
