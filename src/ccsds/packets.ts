/** Bytes that are read range by range: a file, or an object behind HTTP. */
export interface PacketSource {
  /** The number of bytes. */
  readonly size: number;
  /** Reads exactly `length` bytes from `offset` on. */
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
}

/** Which part of a longer unit a packet is (CCSDS 133.0-B, section 4.1.3.4.2.2), by the value of its sequence flags. */
const SEQUENCE_FLAGS = ["continuation", "first", "last", "unsegmented"] as const;

/** The header of a space packet (CCSDS 133.0-B, section 4.1.3), and the time with which IMAP's secondary header begins. */
export interface PacketHeader {
  /** The offset of the packet in the file, in bytes. */
  readonly offset: number;
  /** The length of the packet with its header, in bytes: 7 to 65,542. */
  readonly bytes: number;
  /** Whether the packet goes to the spacecraft (a command) or comes from it (telemetry). */
  readonly type: "telemetry" | "command";
  /** Whether the data field begins with a secondary header. */
  readonly hasSecondaryHeader: boolean;
  /** The application process identifier, which identifies the source on board: 0 to 2047. */
  readonly apid: number;
  /** Which part of a longer unit the packet is. */
  readonly sequenceFlags: typeof SEQUENCE_FLAGS[number];
  /** The number of the packet among those of its APID: 0 to 16,383, then 0 again. */
  readonly sequenceCount: number;
  /**
   * The first four bytes of the secondary header as a number: in IMAP's packets the spacecraft clock (SHCOARSE), in
   * seconds since 2010-01-01. Undefined without a secondary header or if the packet is too short.
   */
  readonly coarseTime: number | undefined;
}

/**
 * Packets that are missing in a file, or not in order, by the sequence counts of one APID.
 *
 * @category Open files
 */
export interface SequenceGap {
  /** The offset of the packet after the gap, in bytes. */
  readonly offset: number;
  /** The sequence count that should have followed. */
  readonly expected: number;
  /** The sequence count that the packet has. */
  readonly found: number;
  /** The number of packets that are missing in between; 0 if the packet is repeated or follows a later one. */
  readonly missing: number;
}

/**
 * The packets of one source on board.
 *
 * @category Open files
 */
export interface ApidSummary {
  /** The application process identifier. */
  readonly apid: number;
  /** The number of packets. */
  readonly packets: number;
  /** The length of all of them, in bytes. */
  readonly bytes: number;
  /** The clock of the first packet, in seconds since 2010-01-01. */
  readonly firstTime: number | undefined;
  /** The clock of the last packet. */
  readonly lastTime: number | undefined;
  /** The earliest clock. */
  readonly minTime: number | undefined;
  /** The latest clock. */
  readonly maxTime: number | undefined;
  /** The number of packets that are missing by the sequence counts; a multiple of 16,384 cannot be noticed. */
  readonly missing: number;
  /** The number of places where sequence counts do not follow each other. */
  readonly gapCount: number;
  /** The first {@linkcode MAX_GAPS} of them. */
  readonly gaps: readonly SequenceGap[];
}

/**
 * Why the chain of packets ends before the file does:
 *
 * - `version`: what follows has another version than 0, so it is not a space packet: another header, or other data.
 * - `truncated`: the last packet is longer than the rest of the file, or its header is cut.
 *
 * @category Open files
 */
export type ChainBreakReason = "version" | "truncated";

/**
 * The place where the chain of packets breaks.
 *
 * @category Open files
 */
export interface ChainBreak {
  /** The offset of the first byte that does not belong to a whole packet. */
  readonly offset: number;
  /** Why it does not. */
  readonly reason: ChainBreakReason;
  /** The number of bytes from there to the end of the file. */
  readonly remaining: number;
  /** The first bytes from there on, at most 16. */
  readonly found: Uint8Array;
  /** The length that the header announces, in bytes, if the packet is cut. */
  readonly announced: number | undefined;
}

/**
 * What a file of packets contains.
 *
 * @category Open files
 */
export interface PacketSummary {
  /** The number of whole packets. */
  readonly packets: number;
  /** The length of all of them, in bytes. */
  readonly bytes: number;
  /** The sources on board, by APID. */
  readonly apids: readonly ApidSummary[];
  /** Where the chain of packets breaks; undefined if it reaches the end of the file. */
  readonly chainBreak: ChainBreak | undefined;
}

/** The maximum number of gaps that a summary lists for one APID. */
export const MAX_GAPS = 100;

/** The length of the primary header. */
const HEADER_BYTES = 6;
/** Sequence counts have 14 bits. */
const SEQUENCE_COUNTS = 0x4000;
/** A packet whose count is behind by less than half of all counts is late; otherwise packets before it are missing. */
const MOST_MISSING = SEQUENCE_COUNTS / 2;
const CHUNK_BYTES = 1 << 20;
const FOUND_BYTES = 16;

/** Collects what the packets of one APID say. */
class Collector {
  packets = 0;
  bytes = 0;
  missing = 0;
  gapCount = 0;
  readonly gaps: SequenceGap[] = [];
  firstTime: number | undefined;
  lastTime: number | undefined;
  minTime: number | undefined;
  maxTime: number | undefined;
  #expected: number | undefined;

  add({ offset, bytes, sequenceCount, coarseTime }: PacketHeader): void {
    this.packets++;
    this.bytes += bytes;
    if (this.#expected !== undefined && sequenceCount !== this.#expected) {
      this.#addGap(offset, this.#expected, sequenceCount);
    }
    this.#expected = (sequenceCount + 1) % SEQUENCE_COUNTS;
    if (coarseTime === undefined) return;
    this.firstTime ??= coarseTime;
    this.lastTime = coarseTime;
    this.minTime = Math.min(this.minTime ?? coarseTime, coarseTime);
    this.maxTime = Math.max(this.maxTime ?? coarseTime, coarseTime);
  }

  #addGap(offset: number, expected: number, found: number): void {
    const ahead = (found - expected + SEQUENCE_COUNTS) % SEQUENCE_COUNTS;
    const missing = ahead < MOST_MISSING ? ahead : 0;
    this.missing += missing;
    this.gapCount++;
    if (this.gaps.length < MAX_GAPS) this.gaps.push({ offset, expected, found, missing });
  }

  summary(apid: number): ApidSummary {
    const { packets, bytes, firstTime, lastTime, minTime, maxTime, missing, gapCount, gaps } = this;
    return { apid, packets, bytes, firstTime, lastTime, minTime, maxTime, missing, gapCount, gaps };
  }
}

/** The packets of one range of a file. */
interface Range {
  readonly headers: PacketHeader[];
  /** The offset of the first byte after them. */
  readonly end: number;
  readonly chainBreak: ChainBreak | undefined;
}

/** Reads the header of the packet that begins at `at`; all of the header must be in the view. */
function headerAt(view: DataView, at: number, offset: number): PacketHeader {
  const identification = view.getUint16(at);
  const sequence = view.getUint16(at + 2);
  const bytes = HEADER_BYTES + view.getUint16(at + 4) + 1;
  const hasSecondaryHeader = (identification & 0x0800) !== 0;
  const hasTime = hasSecondaryHeader && bytes >= HEADER_BYTES + 4 && at + HEADER_BYTES + 4 <= view.byteLength;
  return {
    offset,
    bytes,
    type: (identification & 0x1000) === 0 ? "telemetry" : "command",
    hasSecondaryHeader,
    apid: identification & 0x07ff,
    sequenceFlags: SEQUENCE_FLAGS[sequence >> 14] ?? "unsegmented",
    sequenceCount: sequence & 0x3fff,
    coarseTime: hasTime ? view.getUint32(at + HEADER_BYTES) : undefined,
  };
}

/** Reads the whole packets of a part of a file that begins with a packet. */
function readRange(part: Uint8Array, { start, size }: { start: number; size: number }): Range {
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
  const headers: PacketHeader[] = [];
  const isLast = start + part.length === size;
  let at = 0;
  const broken = (reason: ChainBreakReason, announced?: number): Range => ({
    headers,
    end: start + at,
    chainBreak: {
      offset: start + at,
      reason,
      remaining: size - start - at,
      found: part.slice(at, at + FOUND_BYTES),
      announced,
    },
  });
  while (at < part.length) {
    // The version is in the first three bits, so that one byte suffices to see what is not a packet.
    if (view.getUint8(at) >> 5 !== 0) return broken("version");
    if (at + HEADER_BYTES > part.length) {
      if (isLast) return broken("truncated");
      break;
    }
    const header = headerAt(view, at, start + at);
    if (at + header.bytes > part.length) {
      if (start + at + header.bytes > size) return broken("truncated", header.bytes);
      break;
    }
    headers.push(header);
    at += header.bytes;
  }
  return { headers, end: start + at, chainBreak: undefined };
}

/**
 * Reads the headers of the space packets of a file (CCSDS 133.0-B), in constant memory: some thousands at a time. It ends
 * where the chain of packets ends, and returns where it breaks.
 */
export async function* packetHeaders(
  source: PacketSource,
): AsyncGenerator<readonly PacketHeader[], ChainBreak | undefined> {
  const { size } = source;
  for (let start = 0; start < size;) {
    const part = await source.read(start, Math.min(CHUNK_BYTES, size - start));
    const { headers, end, chainBreak } = readRange(part, { start, size });
    if (headers.length > 0) yield headers;
    if (chainBreak !== undefined) return chainBreak;
    start = end;
  }
  return undefined;
}

/**
 * Reads what a file of space packets contains: APIDs, numbers of packets, times, gaps, and where the chain of packets
 * breaks. A file without a single packet has its chain break at offset 0.
 */
export async function summarizePackets(source: PacketSource): Promise<PacketSummary> {
  const collectors = new Map<number, Collector>();
  const chain = packetHeaders(source);
  let next = await chain.next();
  for (; next.done !== true; next = await chain.next()) {
    for (const header of next.value) {
      let collector = collectors.get(header.apid);
      if (collector === undefined) collectors.set(header.apid, collector = new Collector());
      collector.add(header);
    }
  }
  const apids = [...collectors].sort(([a], [b]) => a - b).map(([apid, collector]) => collector.summary(apid));
  const sum = (key: "packets" | "bytes") => apids.reduce((total, summary) => total + summary[key], 0);
  return { packets: sum("packets"), bytes: sum("bytes"), apids, chainBreak: next.value };
}
