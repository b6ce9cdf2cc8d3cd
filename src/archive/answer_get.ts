import type { ByteRange } from "./byte_range.ts";
import type { ObjectStore } from "./object_store.ts";
import { planAnswer } from "./plan_answer.ts";
import { s3Error } from "./s3_error.ts";

/** How much of a file is in memory at a time: a read from the disk costs much the same for 1 KiB and for this much. */
const CHUNK_BYTES = 256 * 1024;

/** A part of an open file, read as it is taken; the file is closed at its end. */
function streamPart(file: Deno.FsFile, length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = length;
  return new ReadableStream({
    async pull(controller) {
      const chunk = new Uint8Array(Math.min(left, CHUNK_BYTES));
      const read = await file.read(chunk).catch((error) => {
        file.close();
        throw error;
      });
      if (read !== null) controller.enqueue(chunk.subarray(0, read));
      left -= read ?? left;
      if (left > 0) return;
      file.close();
      controller.close();
    },
    cancel: () => file.close(),
  });
}

/** The bytes of a part. */
async function openPart(file: Deno.FsFile, { first, last }: ByteRange): Promise<ReadableStream> {
  await file.seek(first, Deno.SeekMode.Start);
  return streamPart(file, last - first + 1);
}

/** Answers a GET of an object (Amazon S3 API, `GetObject`). */
export async function answerGet(store: ObjectStore, path: string, headers: Headers): Promise<Response> {
  const object = await store.open(path);
  if (object === undefined) return s3Error("NoSuchKey", { details: { Key: path } });
  const { file, size, modified, md5 } = object;
  const etag = `"${md5}"`;
  const plan = planAnswer(headers, { etag, modified, size });
  const known = { etag, "last-modified": modified.toUTCString(), "accept-ranges": "bytes" };
  const content = { ...known, "content-type": "binary/octet-stream" };
  if (plan.status === 200) {
    return new Response(streamPart(file, size), { headers: { ...content, "content-length": String(size) } });
  }
  if (plan.status === 206) {
    const { first, last } = plan.range;
    const body = await openPart(file, plan.range);
    const range = { "content-range": `bytes ${first}-${last}/${size}`, "content-length": String(last - first + 1) };
    return new Response(body, { status: 206, headers: { ...content, ...range } });
  }
  file.close();
  if (plan.status === 304) return new Response(null, { status: 304, headers: known });
  if (plan.status === 412) return s3Error("PreconditionFailed");
  return s3Error("InvalidRange", {
    details: { RangeRequested: headers.get("range") ?? "", ActualObjectSize: String(size) },
    headers: { "content-range": `bytes */${size}` },
  });
}
