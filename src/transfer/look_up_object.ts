import { getObject, type UrlCall } from "../http/call.ts";
import { refusalOf } from "../http/refusal_of.ts";
import type { Transport } from "../http/transport.ts";
import { contentRange, lengthOfHeaders, md5OfHeaders, strongEtag } from "./object_headers.ts";

/** What a store tells of an object; undefined is what it does not tell. */
export interface ObjectLook {
  readonly size: number | undefined;
  readonly md5: string | undefined;
  readonly etag: string | undefined;
}

/** Asks once what an object is. One byte is asked for, since a presigned URL for GET refuses HEAD (S3). */
export async function lookUpObject(transport: Transport, call: UrlCall): Promise<ObjectLook> {
  const { action, url, signal } = call;
  const response = await getObject(transport, { action, url, headers: { range: "bytes=0-0" }, signal });
  const { status, headers } = response;
  if (status !== 200 && status !== 206 && status !== 416) throw await refusalOf(transport, call, response);
  await response.body?.cancel();
  // An empty object has no first byte.
  if (status === 416) return { size: 0, md5: undefined, etag: undefined };
  const size = status === 206 ? contentRange(headers)?.size : lengthOfHeaders(headers);
  return { size, md5: md5OfHeaders(headers), etag: strongEtag(headers) };
}
