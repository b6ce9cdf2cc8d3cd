import { INSTRUMENT_APIDS } from "../../protocol/apids.ts";
import type { Catalogue } from "../catalogue.ts";
import { formatTimestamp } from "../catalogue_entry.ts";
import { dateOfMissionSeconds } from "../mission_time.ts";
import type { ObjectStore } from "../object_store.ts";
import type { PacketQuery } from "./packet_query.ts";
import { type SpacePacket, splitPackets } from "./split_packets.ts";

/** A packet that was asked for. */
export interface FoundPacket extends SpacePacket {
  /** When it was made. */
  readonly time: Date;
}

/** Where packets are looked for. */
export interface PacketPlace {
  /** What the archive has. */
  readonly catalogue: Catalogue;
  /** The files. */
  readonly store: ObjectStore;
}

const DAY_MS = 86_400_000;

/** The newest level 0 file of each day, by day. `min` and `max` bound the column of the clock. */
function filesStatement(column: "start_date" | "ingestion_date"): string {
  return `SELECT file_path, ingestion_date FROM (
    SELECT file_path, ingestion_date, start_date,
      row_number() OVER (PARTITION BY descriptor, start_date, repointing
        ORDER BY major_version DESC, minor_version DESC) AS age
    FROM files WHERE table_name = 'science' AND instrument = ? AND data_level = 'l0' AND extension = 'pkts'
      AND ${column} BETWEEN ? AND ?
  ) WHERE age = 1 ORDER BY start_date, file_path`;
}

function dayOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10).replaceAll("-", "");
}

/** The files that may have such packets: a day's file holds a margin of the days beside it. */
function filesFor({ clock, from, to }: PacketQuery, instrument: string, catalogue: Catalogue) {
  if (clock === "time") {
    return catalogue.rows(filesStatement("start_date"), [instrument, dayOf(from - DAY_MS), dayOf(to + DAY_MS)]);
  }
  const bounds = [from, to].map((moment) => formatTimestamp(new Date(moment)));
  return catalogue.rows(filesStatement("ingestion_date"), [instrument, ...bounds]);
}

/** The bytes of a file, piece by piece; none when it is gone. It is closed, whatever ends the reading. */
async function* read(store: ObjectStore, path: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const object = await store.open(path);
  if (object !== undefined) yield* object.file.readable;
}

/**
 * Finds packets in the archive's own level 0 files, of which it knows all that webpoda does but when they reached Earth:
 * for that, it takes the time at which the file came in. No packet comes twice, for days' files overlap.
 *
 * @returns The packets of one APID, file by file.
 */
export async function* findPackets(
  { catalogue, store }: PacketPlace,
  apid: number,
  query: PacketQuery,
): AsyncGenerator<FoundPacket> {
  const instrument = [...INSTRUMENT_APIDS].find(([, apids]) => apids.includes(apid))?.[0];
  if (instrument === undefined) return;
  const seen = new Set<string>();
  for (const { file_path, ingestion_date } of filesFor(query, instrument, catalogue)) {
    const received = Date.parse(`${String(ingestion_date).replace(" ", "T")}Z`);
    for await (const packet of splitPackets(read(store, String(file_path)))) {
      if (packet.apid !== apid) continue;
      const time = dateOfMissionSeconds(packet.seconds);
      const moment = query.clock === "time" ? time.getTime() : received;
      const key = `${packet.seconds} ${packet.bytes[2]} ${packet.bytes[3]}`; // With the sequence count.
      if (moment < query.from || moment >= query.to || seen.has(key)) continue;
      seen.add(key);
      yield { ...packet, time };
    }
  }
}
