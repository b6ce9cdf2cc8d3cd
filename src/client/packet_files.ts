import { ImapError } from "../errors.ts";
import type { Transport } from "../http/transport.ts";
import type { Instrument } from "../names/instruments.ts";
import { addDays, daysBetween } from "../names/calendar_date.ts";
import { newestRepointTable } from "../sdc/repoint_table.ts";
import { packetTimes } from "../webpoda/packet_times.ts";
import { type Pointing, pointingsIn, readPointings } from "../webpoda/pointings.ts";
import { spanOfDays, spanOfFile } from "../webpoda/time_span.ts";
import type { Webpoda } from "../webpoda/webpoda.ts";
import type { PacketFile } from "./packet_file.ts";
import type { CheckedWebpoda } from "./webpoda_parameters.ts";

/** The instruments with a file for each pointing instead of each day (Python client 1.1.0). */
const BY_POINTING: ReadonlySet<Instrument> = new Set<Instrument>(["glows", "hi", "lo", "ultra"]);

/** What it takes to find out which files are to be made. */
export interface PacketFilesContext {
  readonly transport: Transport;
  readonly webpoda: Webpoda;
  /** Fetches a file of the archive. @returns Its path on this machine. */
  readonly download: (archivePath: string) => Promise<string>;
  readonly now: Date;
  readonly signal: AbortSignal | undefined;
}

/** All pointings that the archive's newest table tells of. */
async function allPointings({ transport, download, now, signal }: PacketFilesContext): Promise<Pointing[]> {
  const archivePath = await newestRepointTable(transport, { now, signal });
  if (archivePath === undefined) {
    throw new ImapError(
      "Cannot tell one pointing from the next: the archive has no table of repointings; " +
        "query --table spice --type repoint shows those that it has",
    );
  }
  try {
    return readPointings(await Deno.readTextFile(await download(archivePath)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof ImapError && reason.startsWith("Cannot ")) throw error;
    throw new ImapError(`Cannot read the table of repointings "${archivePath}": ${reason}`, { cause: error });
  }
}

/** The second with which a moment begins: webpoda's packet times have no fraction. */
function secondOf(moment: string): string {
  return moment.slice(0, "2026-01-31T00:00:00".length);
}

/** The pointings in which packets were made that Earth received in a time. */
async function pointingsReceived(
  { webpoda, signal }: PacketFilesContext,
  { apids, days }: CheckedWebpoda,
  pointings: readonly Pointing[],
): Promise<Pointing[]> {
  const withPackets = new Set<Pointing>();
  let last: Pointing | undefined;
  await packetTimes(webpoda, { apids, received: spanOfDays(...days), signal }, (time) => {
    // Most packets are of the same pointing as the one before. A time without its fraction may be of two.
    if (last !== undefined && last.from < time && time < secondOf(last.to)) return;
    for (const pointing of pointings) {
      if (secondOf(pointing.from) > time || pointing.to <= `${time}.000000`) continue;
      withPackets.add(pointing);
      last = pointing;
    }
  });
  return pointings.filter((pointing) => withPackets.has(pointing));
}

/** The days on which packets were made that Earth received in a time, YYYYMMDD. */
async function daysReceived({ webpoda, signal }: PacketFilesContext, asked: CheckedWebpoda): Promise<string[]> {
  const days = new Set<string>();
  const { apids } = asked;
  await packetTimes(webpoda, { apids, received: spanOfDays(...asked.days), signal }, (time) => {
    days.add(time.slice(0, 10));
  });
  return [...days].map((day) => day.replaceAll("-", "")).toSorted();
}

/** Which files are to be made: one for each day, or for each pointing, that has packets or may have them. */
export async function packetFiles(context: PacketFilesContext, asked: CheckedWebpoda): Promise<PacketFile[]> {
  const { instrument, apids, days: [first, last], mode } = asked;
  if (BY_POINTING.has(instrument)) {
    const pointings = await allPointings(context);
    const found = mode === "ert"
      ? await pointingsReceived(context, asked, pointings)
      : pointingsIn(pointings, spanOfDays(first, last));
    return found.map(({ repointing, from, to }) => {
      const date = from.slice(0, 10).replaceAll("-", "");
      return { instrument, date, repointing, apids, span: { from, to } };
    });
  }
  const days = mode === "ert"
    ? await daysReceived(context, asked)
    : Array.from({ length: daysBetween(first, last) + 1 }, (_, index) => addDays(first, index));
  return days.map((date) => ({ instrument, date, repointing: null, apids, span: spanOfFile(instrument, date) }));
}
