import type { Access } from "./access.ts";
import type { Catalog, Row } from "./catalog.ts";
import { formatTimestamp } from "./catalog_entry.ts";
import type { ObjectStore } from "./object_store.ts";
import { dateOfMissionSeconds } from "../names/fields.ts";
import { instrumentApids, type PacketRoute, PROJECTIONS } from "../protocol/tables.ts";

/** A packet of a level 0 file. */
interface SpacePacket {
  /** The application process identifier, which identifies the source on board. */
  readonly apid: number;
  /** The time on board in seconds (SHCOARSE). */
  readonly seconds: number;
  /** The whole packet. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Identification, sequence control and length: 2 bytes each (CCSDS 133.0-B, section 4.1.3). */
const PRIMARY_HEADER_BYTES = 6;
/** IMAP's secondary header begins with SHCOARSE, the time of the packet in seconds. */
const COARSE_TIME_BYTES = 4;

/** Yields the complete packets in a chunk of bytes. @returns The bytes after the last complete packet. */
function* packetsOf(bytes: Uint8Array<ArrayBuffer>): Generator<SpacePacket, Uint8Array<ArrayBuffer>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0;;) {
    if (at + PRIMARY_HEADER_BYTES > bytes.length) return bytes.subarray(at);
    const end = at + PRIMARY_HEADER_BYTES + view.getUint16(at + 4) + 1; // The length field contains the length minus one.
    if (end > bytes.length) return bytes.subarray(at);
    if (end - at >= PRIMARY_HEADER_BYTES + COARSE_TIME_BYTES) {
      const seconds = view.getUint32(at + PRIMARY_HEADER_BYTES);
      yield { apid: view.getUint16(at) & 0x7ff, seconds, bytes: bytes.subarray(at, end) };
    }
    at = end;
  }
}

/**
 * Splits a level 0 file into packets while it is read, since a file may be larger than the memory. Bytes after the last
 * complete packet, and packets that are too short to contain a time, are omitted.
 */
export async function* splitPackets(chunks: AsyncIterable<Uint8Array<ArrayBuffer>>): AsyncGenerator<SpacePacket> {
  let rest = new Uint8Array();
  for await (const chunk of chunks) {
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    rest = yield* packetsOf(bytes);
  }
}

/** A packet that matches a query. */
interface FoundPacket extends SpacePacket {
  /** The time on board. */
  readonly time: Date;
}

/** The source of packets. */
interface PacketPlace {
  /** The catalog of the archive. */
  readonly catalog: Catalog;
  /** The files. */
  readonly store: ObjectStore;
}

const DAY_MS = 86_400_000;

/** Returns SQL for the newest level 0 file of each day, sorted by day; the column depends on the clock. */
function filesStatement(column: "start_date" | "ingestion_date"): string {
  return `SELECT file_path, ingestion_date FROM (
    SELECT file_path, ingestion_date, start_date,
      row_number() OVER (PARTITION BY descriptor, start_date, repointing
        ORDER BY major_version DESC, minor_version DESC) AS age
    FROM files WHERE table_name = 'science' AND instrument = ? AND data_level = 'l0' AND extension = 'pkts'
      AND ${column} BETWEEN ? AND ?
  ) AS versions WHERE age = 1 ORDER BY start_date, file_path`;
}

function dayOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10).replaceAll("-", "");
}

/** Returns the files that can contain the packets: the file of a day also contains a margin of the neighboring days. */
async function filesFor({ clock, from, to }: PacketQuery, instrument: string, catalog: Catalog): Promise<Row[]> {
  if (clock === "time") {
    return await catalog.rows(filesStatement("start_date"), [instrument, dayOf(from - DAY_MS), dayOf(to + DAY_MS)]);
  }
  const bounds = [from, to].map((moment) => formatTimestamp(new Date(moment)));
  return await catalog.rows(filesStatement("ingestion_date"), [instrument, ...bounds]);
}

/** Yields the chunks of a file; none if it no longer exists. Closes the file in any case. */
async function* read(store: ObjectStore, path: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const object = await store.open(path);
  if (object !== undefined) yield* object.stream();
}

/**
 * Finds the packets of an APID in the archive's level 0 files. They do not contain the time at which a packet was
 * received on Earth; the ingestion date of the file is used instead. The files of neighboring days overlap; each packet
 * is yielded once.
 */
async function* findPackets(
  { catalog, store }: PacketPlace,
  apid: number,
  query: PacketQuery,
): AsyncGenerator<FoundPacket> {
  const instrument = [...instrumentApids()].find(([, apids]) => apids.includes(apid))?.[0];
  if (instrument === undefined) return;
  const seen = new Set<string>();
  for (const { file_path, ingestion_date } of await filesFor(query, instrument, catalog)) {
    const received = Date.parse(`${String(ingestion_date).replace(" ", "T")}Z`);
    for await (const packet of splitPackets(read(store, String(file_path)))) {
      if (packet.apid !== apid) continue;
      const time = dateOfMissionSeconds(packet.seconds);
      const moment = query.clock === "time" ? time.getTime() : received;
      const key = `${packet.seconds} ${packet.bytes[2]} ${packet.bytes[3]}`; // Including the sequence count.
      if (moment < query.from || moment >= query.to || seen.has(key)) continue;
      seen.add(key);
      yield { ...packet, time };
    }
  }
}

/** A query for packets with `from` <= time < `to`, in milliseconds since 1970. */
interface PacketQuery {
  /** The clock: `time` for the time on board, or `ert` for the time of reception on Earth. */
  readonly clock: "time" | "ert";
  /** The first time. */
  readonly from: number;
  /** The end, exclusive. */
  readonly to: number;
}

/** `2024-12-01T00:00:00.000000`, UTC without a time zone; digits after the milliseconds are ignored. */
const MOMENT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/;
/** `time>=...` or `ert<...`. */
const BOUND = /^(time|ert)(>=|<)(.+)$/;

function momentOf(text: string): number {
  const [, seconds, fraction = ""] = MOMENT.exec(text) ?? [];
  return seconds === undefined ? NaN : Date.parse(`${seconds}.${fraction.slice(0, 3).padEnd(3, "0")}Z`);
}

/**
 * Parses the two DAP2 expressions that clients of webpoda use, and no others (SDC protocol, "webpoda").
 *
 * @param search The query of the URL, with or without its question mark.
 * @param form The extension of the path.
 * @returns Undefined if it is neither of them.
 */
function readPacketQuery(search: string, form: "bin" | "txt"): PacketQuery | undefined {
  let parts: string[];
  try {
    parts = decodeURIComponent(search.replace(/^\?/, "")).split("&");
  } catch {
    return undefined; // Invalid percent-encoding.
  }
  const [lower = "", upper = "", ...projection] = parts;
  const [, clock, least, from = ""] = BOUND.exec(lower) ?? [];
  const [, same, below, to = ""] = BOUND.exec(upper) ?? [];
  if (clock === undefined || clock !== same || least !== ">=" || below !== "<") return undefined;
  if (projection.join("&") !== PROJECTIONS[form]) return undefined;
  const bounds = { from: momentOf(from), to: momentOf(to) };
  if (Number.isNaN(bounds.from) || Number.isNaN(bounds.to)) return undefined;
  return { clock: clock === "ert" ? "ert" : "time", ...bounds };
}

function plain(text: string, status: number, headers: Record<string, string> = {}): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain", ...headers } });
}

/** A request, with what is needed to respond to it. */
interface PacketRequest extends PacketPlace {
  /** The path. */
  readonly route: PacketRoute;
  /** The query of the URL: a DAP2 expression. */
  readonly search: string;
  readonly headers: Headers;
  /** The access control for packets. */
  readonly access: Access;
}

/**
 * Responds like webpoda, packets on demand (SDC protocol, "webpoda"): the packets of an APID, or their times, one per
 * line. The body is generated while it is sent.
 */
export function answerPackets(request: PacketRequest): Response {
  const { route: { apid, form }, search, headers, access } = request;
  if (!access.mayGetPackets(headers)) {
    return plain("Unauthorized", 401, { "www-authenticate": 'Basic realm="webpoda"' });
  }
  const query = readPacketQuery(search, form);
  if (query === undefined) return plain("The expression cannot be read", 400);
  const packets = findPackets(request, apid, query);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await packets.next();
      if (done) controller.close();
      else {controller.enqueue(
          form === "bin" ? value.bytes : encoder.encode(`${value.time.toISOString().slice(0, 19)}\r\n`),
        );}
    },
    async cancel() {
      await packets.return(undefined);
    },
  });
  return new Response(body, {
    headers: { "content-type": form === "bin" ? "application/octet-stream" : "text/plain" },
  });
}
