import { ImapError } from "../errors.ts";
import { archivePath } from "../names/archive_path.ts";
import { formatFileName } from "../names/file_name.ts";
import type { Instrument } from "../names/instruments.ts";
import { formatVersion } from "../names/version.ts";
import { recordVersion } from "../protocol/record_version.ts";
import { compareObject } from "../transfer/compare_object.ts";
import { DataFolders } from "../transfer/data_folders.ts";
import { fileError } from "../transfer/file_error.ts";
import { localPath } from "../transfer/local_path.ts";
import { syncFolder } from "../disk/sync_folder.ts";
import type { TimeSpan } from "../webpoda/time_span.ts";
import type { Webpoda } from "../webpoda/webpoda.ts";
import { writePackets } from "../webpoda/write_packets.ts";
import { basename, dirname, join } from "@std/path";
import { readyQuery } from "./query_files.ts";
import { urlSource } from "./url_source.ts";
import type { Transport } from "../http/transport.ts";

/** One level 0 file to make from packets. */
export interface PacketFile {
  readonly instrument: Instrument;
  /** The day that it is named after, YYYYMMDD. */
  readonly date: string;
  /** The number of the repointing with which its pointing begins; null for a file of a day. */
  readonly repointing: number | null;
  readonly apids: readonly number[];
  readonly span: TimeSpan;
}

/** What files are made with. */
export interface PacketFileContext {
  readonly transport: Transport;
  readonly webpoda: Webpoda;
  readonly dataDir: string;
  readonly signal: AbortSignal | undefined;
}

/** What became of the packets of a day or a pointing. */
export type PacketState =
  /** A new file, or a new version of one. */
  | { readonly state: "written"; readonly file: string; readonly path: string; readonly bytes: number }
  /** The archive's newest version has the same bytes, or more: nothing was written. */
  | { readonly state: "unchanged" | "shorter"; readonly file: string }
  /** There are no packets. */
  | { readonly state: "empty" };

/** The major version of all level 0 files (SDC protocol, "webpoda"). */
const MAJOR = 1;

function nameOf({ instrument, date, repointing }: PacketFile, minor: number): string {
  return formatFileName({
    kind: "science",
    instrument,
    data_level: "l0",
    descriptor: "raw",
    start_date: date,
    repointing,
    version: formatVersion({ major: MAJOR, minor }),
    extension: "pkts",
  });
}

/** The file with the highest minor version of that day or pointing, whatever its major one, of those that the archive gives out. */
async function newestIn({ transport, signal }: PacketFileContext, file: PacketFile) {
  const { instrument, date, repointing } = file;
  const query = readyQuery({
    instrument,
    data_level: "l0",
    descriptor: "raw",
    start_date: date,
    end_date: date,
    repointing: repointing ?? undefined,
  }, { signal });
  const rows = (await query.all(transport)).filter((row) => (row.repointing ?? null) === repointing);
  const versions = rows.map((row) => ({ path: row.file_path, minor: recordVersion(row)?.minor ?? 0 }));
  return versions.toSorted((a, b) => b.minor - a.minor)[0];
}

/** Gives the part its name, unless the archive has the bytes already. */
async function keep(
  context: PacketFileContext,
  file: PacketFile,
  part: string,
  bytes: number,
): Promise<PacketState> {
  const { transport, dataDir, signal } = context;
  const newest = await newestIn(context, file);
  if (newest !== undefined) {
    const action = `compare the packets with "${basename(newest.path)}"`;
    const comparison = { action, archivePath: newest.path, path: part, signal };
    const { isSame, size } = await compareObject(transport, urlSource(transport), comparison);
    if (isSame) return { state: "unchanged", file: basename(newest.path) };
    // Packets do not become fewer: what came is not all there is.
    if (size !== undefined && bytes < size) return { state: "shorter", file: basename(newest.path) };
  }
  const name = nameOf(file, (newest?.minor ?? 0) + 1);
  const path = localPath(dataDir, archivePath(name));
  await Deno.rename(part, path);
  await syncFolder(dirname(path));
  return { state: "written", file: name, path, bytes };
}

/**
 * Makes one level 0 file: its packets come from webpoda, in the order of their APIDs, into a hidden part beside the file's
 * place; the part takes the name of the next free minor version when it is whole, and when the archive's newest version
 * has other bytes.
 */
export async function makePacketFile(context: PacketFileContext, file: PacketFile): Promise<PacketState> {
  const { webpoda, dataDir, signal } = context;
  // All versions lie in the same folder. Another process may make the same file: each has a part of its own.
  const place = localPath(dataDir, archivePath(nameOf(file, 1)));
  const part = join(dirname(place), `.${basename(place)}.${crypto.randomUUID().slice(0, 8)}.part`);
  try {
    const folders = new DataFolders(dataDir);
    const prepare = () => folders.prepare(dirname(place));
    const bytes = await writePackets(webpoda, { apids: file.apids, span: file.span, signal, prepare }, part);
    return bytes === 0 ? { state: "empty" } : await keep(context, file, part, bytes);
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof ImapError ? error : fileError("write packets", dirname(place), error);
  } finally {
    await Deno.remove(part).catch(() => {});
  }
}
