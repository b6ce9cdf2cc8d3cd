import type { Transport } from "../http/transport.ts";
import type { ConnectionSlots } from "./connection_slots.ts";
import { lookUpObject } from "./look_up_object.ts";
import type { PartRecord } from "./part_record.ts";
import { PIECE_LENGTH, receivePieces, type SplitRecord } from "./receive_pieces.ts";
import { receiveStream } from "./receive_stream.ts";
import type { ObjectFacts, Receiving } from "./receiving.ts";

/** Smaller objects come in one stream. */
const SPLIT_SIZE = 64 * 1024 * 1024;
/** How long one stream is looked at before it is judged, and how much longer it must need to be split. */
const SPLIT_AFTER_MS = 1000;
const SPLIT_GAIN_MS = 2000;

/** How long a part is at least that lacks only what its record says. */
function leastLength({ size, missing }: PartRecord): number {
  const end = missing?.at(-1);
  if (missing === null) return 0;
  return end?.last === size - 1 ? end.first : size;
}

/** What the part is of, if it is of any use: a record for this object that fits the bytes which are there. */
async function usableRecord(
  transport: Transport,
  { action, part, archivePath }: Receiving,
): Promise<PartRecord | undefined> {
  const { size } = part;
  const record = size === 0 ? undefined : await part.record();
  const fits = record?.archivePath === archivePath && size <= record.size && size >= leastLength(record);
  if (fits) return record;
  if (size > 0) {
    const reason = "what is there of it came from elsewhere, or nobody knows from where";
    transport.log({ type: "decision", action, decision: "restart", reason });
  }
  await part.empty();
  return undefined;
}

/** A part that lacks nothing brings no answer that would tell of a change, so the store is asked whether it still fits. */
async function wholeOrNothing(
  transport: Transport,
  { action, url, part, signal }: Receiving,
  known: PartRecord | undefined,
): Promise<PartRecord | undefined> {
  const have = part.size;
  const lacksNothing = known?.missing === null ? have === known.size : known?.missing.length === 0;
  if (known === undefined || !lacksNothing) return known;
  const { size, etag } = await lookUpObject(transport, { action, url, signal });
  if (etag === known.etag && size === known.size) return known;
  transport.log({ type: "decision", action, decision: "restart", reason: "the archive has another object by now" });
  await part.empty();
  return undefined;
}

/**
 * Tries once to bring an object into its part: the rest behind what is there, in one stream, or over several connections
 * when that one is slow and some are free.
 *
 * @returns What is known of the object. All of its bytes are there then, but not checked.
 */
export async function receiveObject(transport: Transport, receiving: Receiving): Promise<ObjectFacts> {
  const { part, slots, onResume } = receiving;
  const known = await wholeOrNothing(transport, receiving, await usableRecord(transport, receiving));
  if (known?.missing && known.missing.length > 0) {
    return await finishPieces(transport, receiving, { ...known, missing: known.missing });
  }
  const have = part.size;
  if (known !== undefined && (have === known.size || known.missing !== null)) {
    onResume(have, known.size);
    return factsOf(known);
  }
  const stream = await receiveStream(transport, receiving, known, splitJudge(have, slots));
  if (!stream.split || stream.record === undefined) return stream;
  const from = part.size;
  const { size } = stream.record;
  const record: SplitRecord = { ...stream.record, missing: from < size ? [{ first: from, last: size - 1 }] : [] };
  await part.noteHoles(record);
  return await finishPieces(transport, receiving, record);
}

/** Judges a stream that began at `have` bytes: whether the rest would come sooner over more connections. */
function splitJudge(have: number, slots: ConnectionSlots): (bytes: number, record: PartRecord) => boolean {
  const started = performance.now();
  return (bytes, { size }) => {
    const elapsed = performance.now() - started;
    if (size < SPLIT_SIZE || elapsed < SPLIT_AFTER_MS || size - bytes < 2 * PIECE_LENGTH) return false;
    const restMs = (size - bytes) * elapsed / (bytes - have);
    return restMs > SPLIT_GAIN_MS && slots.free > 0;
  };
}

function factsOf({ size, md5 }: PartRecord): ObjectFacts {
  return { size, md5: md5 ?? undefined };
}

async function finishPieces(
  transport: Transport,
  receiving: Receiving,
  record: SplitRecord,
): Promise<ObjectFacts> {
  const reason = "what is missing comes in pieces, over as many connections as are free";
  transport.log({ type: "decision", action: receiving.action, decision: "split", reason });
  await receivePieces(transport, receiving, record);
  return factsOf(record);
}
