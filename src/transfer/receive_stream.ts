import { ConnectionError, ProtocolError } from "../errors.ts";
import { getObject } from "../http/call.ts";
import { refusalOf } from "../http/refusal_of.ts";
import type { Transport } from "../http/transport.ts";
import { contentRange, isPage, isPlainBody, lengthOfHeaders, md5OfHeaders, strongEtag } from "./object_headers.ts";
import type { PartRecord } from "./part_record.ts";
import { pipeToPart } from "./pipe_to_part.ts";
import type { Receiving } from "./receiving.ts";

/** A larger object has its record from its first byte on, others when their stream breaks. */
const NOTED_AHEAD = 1024 * 1024;

/** What came in one stream. */
export interface Stream {
  /** What is known of the object; undefined when the server tells too little to resume. */
  readonly record: PartRecord | undefined;
  readonly size: number | undefined;
  readonly md5: string | undefined;
  /** Whether the stream was ended since several would be quicker. */
  readonly split: boolean;
}

/** The error of a server that does not do what the part needs; the next try starts anew. */
async function startAnew(receiving: Receiving, response: Response, why: string): Promise<never> {
  await response.body?.cancel();
  await receiving.part.empty();
  throw new ConnectionError(`Cannot ${receiving.action}: ${receiving.url.host} ${why}; it is fetched from its start`);
}

/** Looks at the head of an answer: whether it is the rest that was asked for, the whole, or neither. */
async function headOf(
  transport: Transport,
  receiving: Receiving,
  response: Response,
  known: PartRecord | undefined,
): Promise<Omit<Stream, "split">> {
  const { action, url, part, archivePath, onResume, signal } = receiving;
  const { status, headers } = response;
  if (response.ok && !isPlainBody(headers)) await startAnew(receiving, response, "sent the file compressed");
  if (response.ok && isPage(headers)) {
    await response.body?.cancel();
    throw new ProtocolError(
      `Cannot ${action}: ${url.host} sent a page instead of the file; is there a login page in between?`,
    );
  }
  if (status === 206 && known !== undefined) {
    const range = contentRange(headers);
    const have = part.size;
    const fits = range?.first === have && range.size === known.size && range.last === known.size - 1;
    if (!fits || strongEtag(headers) !== known.etag) {
      await startAnew(receiving, response, "sent other bytes than asked for");
    }
    onResume(have, known.size);
    return { record: known, size: known.size, md5: known.md5 ?? undefined };
  }
  if (status === 200) {
    await part.empty();
    const [size, etag, md5] = [lengthOfHeaders(headers), strongEtag(headers), md5OfHeaders(headers)];
    onResume(0, size);
    if (size === undefined || etag === undefined) return { record: undefined, size, md5 };
    const record = { archivePath, size, etag, md5: md5 ?? null, missing: null };
    // A killed process loses no more of a small one than it takes to fetch it again.
    if (size > NOTED_AHEAD) await part.note(record);
    return { record, size, md5 };
  }
  if (status === 416) await startAnew(receiving, response, "has no such bytes any more");
  throw await refusalOf(transport, { action, url, signal }, response);
}

/**
 * Gets an object, or the rest behind the part of it that is there, in one stream.
 *
 * @param known What the part is of; undefined when it is empty or of no use.
 * @param shouldSplit Asked now and then with the bytes that are there; true ends the stream.
 */
export async function receiveStream(
  transport: Transport,
  receiving: Receiving,
  known: PartRecord | undefined,
  shouldSplit: (bytes: number, record: PartRecord) => boolean,
): Promise<Stream> {
  const { action, url, part, onBytes, signal } = receiving;
  const headers = known === undefined ? {} : { range: `bytes=${part.size}-`, "if-range": known.etag };
  const response = await getObject(transport, { action, url, headers, signal });
  const head = await headOf(transport, receiving, response, known).catch(async (error) => {
    // A body that nobody reads would keep its connection.
    await response.body?.cancel().catch(() => {});
    throw error;
  });
  if (response.body === null) return { ...head, split: false };
  part.file.seekSync(0, Deno.SeekMode.End);
  const onPosition = (size: number) => {
    onBytes(size, head.size);
    return head.record !== undefined && shouldSplit(size, head.record);
  };
  try {
    // The part's handle stays open for its lock, and for the next try.
    const piping = { file: part.file, position: () => part.size, onPosition };
    return { ...head, split: !await pipeToPart(transport, receiving, response.body, piping) };
  } catch (error) {
    // A full disk must not hide why it ended.
    if (head.record !== undefined && part.size > 0) await part.note(head.record).catch(() => {});
    throw error;
  }
}
